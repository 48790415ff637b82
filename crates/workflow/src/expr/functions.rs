//! The functions of expressions.

use super::Value;
use super::eval::{Budget, Context, EvalError, Found, Status, eval, find};
use super::parser::Expr;
use super::value::{fold, same_text};

/// Calls a function. Arguments are evaluated when GitHub's evaluator does, so that an error in one
/// that is not needed stays unseen.
pub(super) fn call(
    name: &str,
    args: &[Expr],
    ctx: &dyn Context,
    budget: &mut Budget,
) -> Result<Found, EvalError> {
    let lower = name.to_ascii_lowercase();
    if lower == "case" {
        return case(args, ctx, budget);
    }
    let mut arg = |i: usize| -> Result<Value, EvalError> {
        match args.get(i) {
            Some(e) => eval(e, ctx, budget),
            None => Ok(Value::Null),
        }
    };
    Ok(Found::One(match lower.as_str() {
        "contains" => Value::Bool(match arg(0)? {
            Value::Array(items) if !items.is_empty() => {
                let item = arg(1)?;
                items.iter().any(|i| i.equals(&item))
            }
            text if text.is_primitive() => {
                let part = arg(1)?;
                part.is_primitive() && text_contains(&text.to_text(), &part.to_text())
            }
            _ => false,
        }),
        "startswith" | "endswith" => {
            let text = arg(0)?;
            let part = if text.is_primitive() {
                Some(arg(1)?).filter(Value::is_primitive)
            } else {
                None
            };
            Value::Bool(part.is_some_and(|part| {
                let (text, part) = (fold(&text.to_text()), fold(&part.to_text()));
                match lower.as_str() {
                    "startswith" => text.starts_with(&part),
                    _ => text.ends_with(&part),
                }
            }))
        }
        "format" => {
            let pattern = arg(0)?.to_text();
            format(&pattern, args, ctx, budget)?
        }
        "join" => {
            let items = arg(0)?;
            let separator = match &items {
                Value::Array(all) if all.len() > 1 && args.len() > 1 => arg(1)?,
                _ => Value::Null,
            };
            let given = args.len() > 1 && separator.is_primitive();
            let separator = if given {
                separator.to_text()
            } else {
                ",".to_owned()
            };
            join(&items, &separator, budget)?
        }
        "tojson" => {
            let text = arg(0)?.to_json();
            budget.spend(text.len())?;
            Value::String(text)
        }
        "fromjson" => {
            let text = arg(0)?.to_text();
            budget.spend(text.len())?;
            Value::from_json(&text).map_err(EvalError::Json)?
        }
        "hashfiles" => {
            let mut patterns = Vec::with_capacity(args.len());
            for i in 0..args.len() {
                patterns.push(arg(i)?.to_text());
            }
            Value::String(ctx.hash_files(&patterns).map_err(EvalError::HashFiles)?)
        }
        "always" => Value::Bool(true),
        "success" | "failure" if !args.is_empty() => {
            let mut results = Vec::with_capacity(args.len());
            for i in 0..args.len() {
                let job = arg(i)?.to_text();
                let needs = ctx.context("needs").unwrap_or_default();
                let result = needs.get(&job).and_then(|j| j.get("result"));
                results.push(result.map(Value::to_text).unwrap_or_default());
            }
            Value::Bool(if lower == "success" {
                results.iter().all(|r| r == "success")
            } else {
                results.iter().any(|r| r == "failure")
            })
        }
        _ => {
            let answer: fn(Status) -> bool = match lower.as_str() {
                "success" => |s| s.success,
                "failure" => |s| s.failure,
                "cancelled" => |s| s.cancelled,
                // The parser lets no other name through.
                _ => return Err(EvalError::NoStatus(name.to_owned())),
            };
            let status = ctx
                .status()
                .ok_or_else(|| EvalError::NoStatus(name.to_owned()))?;
            Value::Bool(answer(status))
        }
    }))
}

/// The value behind the first predicate that is true, or the last argument.
fn case(args: &[Expr], ctx: &dyn Context, budget: &mut Budget) -> Result<Found, EvalError> {
    for pair in args.chunks(2) {
        match pair {
            [predicate, value] => match eval(predicate, ctx, budget)? {
                Value::Bool(true) => return find(value, ctx, budget),
                Value::Bool(false) => {}
                _ => return Err(EvalError::CasePredicate),
            },
            [default] => return find(default, ctx, budget),
            _ => {}
        }
    }
    // The parser asks for an odd number of arguments.
    Ok(Found::One(Value::Null))
}

fn text_contains(text: &str, part: &str) -> bool {
    same_text(text, part) || fold(text).contains(&fold(part))
}

fn join(items: &Value, separator: &str, budget: &mut Budget) -> Result<Value, EvalError> {
    Ok(Value::String(match items {
        Value::Array(items) => {
            let mut out = String::new();
            for (i, item) in items.iter().enumerate() {
                let text = item.to_text();
                budget.spend(text.len() + separator.len())?;
                if i > 0 {
                    out.push_str(separator);
                }
                out.push_str(&text);
            }
            out
        }
        Value::Object(_) => String::new(),
        one => one.to_text(),
    }))
}

/// `{0}` is an argument, `{{` and `}}` are braces. Arguments are evaluated once, when first named.
fn format(
    pattern: &str,
    args: &[Expr],
    ctx: &dyn Context,
    budget: &mut Budget,
) -> Result<Value, EvalError> {
    let invalid = || EvalError::FormatInvalid(pattern.to_owned());
    let mut values: Vec<Option<String>> = vec![None; args.len().saturating_sub(1)];
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        budget.spend(at)?;
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            out.push_str(&tail[..1]);
            budget.spend(1)?;
            rest = &tail[2..];
            continue;
        }
        let inner = tail.strip_prefix('{').ok_or_else(invalid)?;
        let (number, after) = inner.split_once('}').ok_or_else(invalid)?;
        // A colon may announce a format, of which there is none.
        let number = match number.strip_suffix(':') {
            Some(_) if after.starts_with('}') => return Err(invalid()),
            Some(bare) => bare,
            None => number,
        };
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid());
        }
        let number: u8 = number.parse().map_err(|_| invalid())?;
        let slot = values
            .get_mut(usize::from(number))
            .ok_or_else(|| EvalError::FormatArguments(pattern.to_owned()))?;
        if slot.is_none() {
            *slot = Some(eval(&args[usize::from(number) + 1], ctx, budget)?.to_text());
        }
        if let Some(text) = slot {
            budget.spend(text.len())?;
            out.push_str(text);
        }
        rest = after;
    }
    budget.spend(rest.len())?;
    out.push_str(rest);
    Ok(Value::String(out))
}
