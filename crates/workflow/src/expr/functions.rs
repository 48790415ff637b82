//! The functions of expressions.

use super::Value;
use super::eval::{Budget, Context, EvalError, Status, eval};
use super::parser::Expr;
use super::value::{fold, same_text};

pub(super) fn call(
    name: &str,
    args: &[Expr],
    ctx: &dyn Context,
    budget: &mut Budget,
) -> Result<Value, EvalError> {
    let lower = name.to_ascii_lowercase();
    let mut arg = |i: usize| -> Result<Value, EvalError> {
        match args.get(i) {
            Some(e) => eval(e, ctx, budget),
            None => Ok(Value::Null),
        }
    };
    Ok(match lower.as_str() {
        "contains" => {
            let (all, item) = (arg(0)?, arg(1)?);
            Value::Bool(contains(&all, &item))
        }
        "startswith" | "endswith" => {
            let (text, part) = (arg(0)?, arg(1)?);
            let both = text.is_primitive() && part.is_primitive();
            let (text, part) = (fold(&text.to_text()), fold(&part.to_text()));
            Value::Bool(
                both && if lower == "startswith" {
                    text.starts_with(&part)
                } else {
                    text.ends_with(&part)
                },
            )
        }
        "format" => {
            let pattern = arg(0)?.to_text();
            format(&pattern, args, ctx, budget)?
        }
        "join" => {
            let items = arg(0)?;
            let separator = match args.get(1) {
                Some(e) => match eval(e, ctx, budget)? {
                    v if v.is_primitive() => v.to_text(),
                    _ => ",".to_owned(),
                },
                None => ",".to_owned(),
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
        "case" => {
            let mut i = 0;
            while i + 1 < args.len() {
                match arg(i)? {
                    Value::Bool(true) => return arg(i + 1),
                    Value::Bool(false) => i += 2,
                    _ => return Err(EvalError::CasePredicate),
                }
            }
            arg(i)?
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
    })
}

fn contains(all: &Value, item: &Value) -> bool {
    match all {
        Value::Array(items) => items.iter().any(|i| i.equals(item)),
        Value::Object(_) => false,
        text if item.is_primitive() => {
            let (text, part) = (text.to_text(), item.to_text());
            same_text(&text, &part) || fold(&text).contains(&fold(&part))
        }
        _ => false,
    }
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
