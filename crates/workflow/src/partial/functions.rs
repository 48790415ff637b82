//! Functions whose arguments are not all known.

use std::borrow::Cow;

use super::eval::{Found, Scope, literal};
use super::known::{Known, Unknown};
use crate::expr::{EvalError, Expr, ExprKind, Value};

pub(super) fn call<'s>(
    scope: &'s Scope<'_>,
    name: &str,
    args: &[Expr],
    text: &str,
) -> Result<Found<'s>, EvalError> {
    if name.eq_ignore_ascii_case("case") {
        return case(scope, args, text);
    }
    Ok(Found::One(Cow::Owned(answer(scope, name, args, text)?)))
}

fn answer(scope: &Scope<'_>, name: &str, args: &[Expr], text: &str) -> Result<Known, EvalError> {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "always" => return Ok(Known::from(true)),
        "success" | "failure" if !args.is_empty() => return of_jobs(scope, &lower, args, text),
        "success" | "failure" | "cancelled" => {
            let status = scope
                .status()
                .ok_or_else(|| EvalError::NoStatus(name.to_owned()))?;
            let answer = match lower.as_str() {
                "success" => status.success,
                "failure" => status.failure,
                _ => status.cancelled,
            };
            let here = || format!("{lower}()");
            return Ok(
                answer.map_or_else(|| Known::Unknown(Unknown::of(vec![here()])), Known::from)
            );
        }
        // It reads the files of a runner.
        "hashfiles" => return Ok(Known::unknown().read_as("hashFiles()")),
        _ => {}
    }
    let mut known = Vec::with_capacity(args.len());
    let mut error = None;
    for arg in args {
        match scope.reduce(arg, text) {
            Ok(arg) => known.push(Ok(arg)),
            Err(found) => {
                known.push(Err(()));
                error.get_or_insert(found);
            }
        }
    }
    let unknown = known.iter().flatten().any(|arg| arg.value().is_none());
    if !unknown {
        let args = known.iter().map(|arg| match arg {
            Ok(arg) => literal(arg.value().unwrap_or_default()),
            // Functions evaluate only what they need: the failure counts if it is needed.
            Err(()) => failing(),
        });
        let kind = ExprKind::Call {
            name: name.to_owned(),
            args: args.map(|arg| *arg).collect(),
        };
        return match (scope.plain(kind), error) {
            (Err(EvalError::NoSuchContext(_)), Some(error)) => Err(error),
            (answer, _) => answer,
        };
    }
    if error.is_some() {
        // Whether that argument is evaluated depends on the unknown ones.
        let mut unknown = Unknown::default();
        for known in known.into_iter().flatten() {
            unknown.also(known.into_unknown());
        }
        return Ok(Known::Unknown(unknown.failing(true)));
    }
    let known: Vec<Known> = known.into_iter().flatten().collect();
    let certain = match (lower.as_str(), known.as_slice()) {
        ("contains", [Known::Array(items), Known::Value(item)]) => among(items, item),
        ("contains", [Known::Object(_), _]) => Some(false),
        ("contains", [Known::Unknown(unknown), Known::Value(Value::String(part))]) => {
            unknown.contains(part)
        }
        ("startswith", [Known::Unknown(unknown), Known::Value(Value::String(part))]) => {
            unknown.starts_with(part)
        }
        ("endswith", [Known::Unknown(unknown), Known::Value(Value::String(part))]) => {
            unknown.ends_with(part)
        }
        _ => None,
    };
    if let Some(certain) = certain.filter(|_| !known.iter().any(Known::may_fail)) {
        return Ok(Known::from(certain));
    }
    let mut unknown = Unknown::default();
    for known in known {
        unknown.also(known.into_unknown());
    }
    Ok(Known::Unknown(unknown.failing(lower == "fromjson")))
}

/// Whether an item is among items of which some are not known.
fn among(items: &[Known], item: &Value) -> Option<bool> {
    let mut found = Some(false);
    for one in items {
        let same = match (one, item) {
            (Known::Value(one), item) => Some(one.equals(item)),
            (Known::Unknown(one), Value::String(text)) => one.equals(text),
            (Known::Object(_) | Known::Array(_), item) if item.is_primitive() => Some(false),
            _ => None,
        };
        match same {
            Some(true) => return Some(true),
            Some(false) => {}
            None => found = None,
        }
    }
    found
}

/// `success('build')` and `failure('build')`.
fn of_jobs(scope: &Scope<'_>, lower: &str, args: &[Expr], text: &str) -> Result<Known, EvalError> {
    let (wanted, decides) = match lower {
        "success" => ("success", false),
        _ => ("failure", true),
    };
    let mut unknown: Option<Unknown> = None;
    for arg in args {
        let job = scope.reduce(arg, text)?;
        let Some(job) = job.value() else {
            unknown.get_or_insert_default().also(job.into_unknown());
            continue;
        };
        let job = job.to_text();
        let result = match scope.context("needs") {
            Some(Known::Object(needs)) => match needs.get(&job) {
                Some(Known::Object(need)) => need.get("result").cloned(),
                Some(known) => Some(known.clone()),
                None => None,
            },
            Some(known @ Known::Unknown(_)) => Some(known.clone()),
            _ => None,
        };
        let same = match &result {
            Some(Known::Value(value)) => Some(value.to_text() == wanted),
            Some(Known::Unknown(unknown)) => unknown.equals(wanted),
            _ => Some(false),
        };
        match same {
            Some(same) if same == decides => return Ok(Known::from(decides)),
            Some(_) => {}
            None => {
                let read = format!("needs.{job}.result");
                unknown
                    .get_or_insert_default()
                    .also(Unknown::of(vec![read]));
            }
        }
    }
    Ok(match unknown {
        Some(unknown) => Known::Unknown(unknown),
        None => Known::from(!decides),
    })
}

fn case<'s>(scope: &'s Scope<'_>, args: &[Expr], text: &str) -> Result<Found<'s>, EvalError> {
    let mut rest = args;
    while let [predicate, value, after @ ..] = rest {
        match scope.reduce(predicate, text)? {
            Known::Value(Value::Bool(true)) => return scope.find(value, text),
            Known::Value(Value::Bool(false)) => rest = after,
            Known::Unknown(unknown) => {
                let unknown = Unknown::of(unknown.reads).failing(true);
                return Ok(Found::One(Cow::Owned(Known::Unknown(unknown))));
            }
            _ => return Err(EvalError::CasePredicate),
        }
    }
    match rest {
        [otherwise] => scope.find(otherwise, text),
        _ => Ok(Found::One(Cow::Owned(Known::Value(Value::Null)))),
    }
}

/// An expression without a value.
fn failing() -> Box<Expr> {
    Box::new(Expr {
        kind: ExprKind::Context("nothing".to_owned()),
        span: 0..0,
    })
}
