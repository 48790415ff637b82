//! What functions take and give
//! (<https://docs.github.com/actions/reference/workflows-and-actions/expressions#functions>).
//!
//! The parser has already refused unknown functions and wrong numbers of arguments.

use super::infer::{ARGUMENT, Inference};
use super::lattice::Type;
use crate::expr::{Expr, ExprKind, Value};

/// GitHub reads the number of a placeholder as a byte.
const MAX_PLACEHOLDER: usize = 255;

pub(super) fn call(on: &mut Inference<'_>, expr: &Expr, name: &str, args: &[Expr]) -> Type {
    let types: Vec<Type> = args.iter().map(|arg| on.of(arg)).collect();
    match name.to_ascii_lowercase().as_str() {
        "contains" => {
            contains(on, args, &types);
            Type::Bool
        }
        "startswith" | "endswith" => {
            for (arg, of) in args.iter().zip(&types) {
                wants_text(on, name, arg, of);
            }
            Type::Bool
        }
        "format" => {
            if let Some((pattern, of)) = args.first().zip(types.first()) {
                wants_text(on, name, pattern, of);
            }
            for (arg, of) in args.iter().zip(&types).skip(1) {
                if matches!(of, Type::Array(_) | Type::Object(_)) {
                    wants_text(on, name, arg, of);
                }
            }
            if let Some(pattern) = args.first().and_then(literal_text) {
                format(on, expr, pattern, args.len() - 1);
            }
            Type::String
        }
        "join" => {
            if let Some((items, of)) = args.first().zip(types.first())
                && !matches!(of, Type::Array(_))
            {
                wants_text(on, name, items, of);
            }
            if let Some((separator, of)) = args.get(1).zip(types.get(1)) {
                wants_text(on, name, separator, of);
            }
            Type::String
        }
        "tojson" => Type::String,
        "fromjson" => match args.first().zip(types.first()) {
            Some((text, of)) => from_json(on, text, of),
            None => Type::Any,
        },
        "hashfiles" => {
            for (arg, of) in args.iter().zip(&types) {
                wants_text(on, name, arg, of);
            }
            Type::String
        }
        "case" => case(on, args, &types),
        "success" | "failure" | "always" | "cancelled" => Type::Bool,
        _ => Type::Any,
    }
}

fn literal_text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Text, or a number, which reads the same as text.
fn is_text(of: &Type) -> bool {
    matches!(of, Type::Any | Type::String | Type::Number)
}

fn wants_text(on: &mut Inference<'_>, function: &str, arg: &Expr, of: &Type) {
    if !is_text(of) {
        let message = format!(
            "`{function}` wants a string here, and `{}` is {of}",
            on.text(arg)
        );
        on.report(ARGUMENT, arg, message, None);
    }
}

/// An array and any item, or a text and a part of it.
fn contains(on: &mut Inference<'_>, args: &[Expr], types: &[Type]) {
    let ([all, item], [all_type, item_type]) = (args, types) else {
        return;
    };
    match all_type {
        Type::Any | Type::Array(_) => {}
        of if is_text(of) => wants_text(on, "contains", item, item_type),
        of => {
            let message = format!(
                "`contains` looks into an array or a string, and `{}` is {of}",
                on.text(all)
            );
            on.report(ARGUMENT, all, message, None);
        }
    }
}

/// Every placeholder has an argument and every argument a placeholder.
fn format(on: &mut Inference<'_>, expr: &Expr, pattern: &str, given: usize) {
    let Some(named) = placeholders(pattern) else {
        let message = format!("'{pattern}' is no format: a brace that is meant is written twice");
        on.fail(expr, message);
        return;
    };
    if let Some(missing) = named.iter().find(|n| **n >= given) {
        let message =
            format!("'{pattern}' has {{{missing}}}, and only {given} arguments follow it");
        on.fail(expr, message);
    }
    if let Some(unused) = (0..given).find(|n| !named.contains(n)) {
        let message = format!("'{pattern}' has no {{{unused}}}, so that argument is never shown");
        on.report(ARGUMENT, expr, message, None);
    }
}

/// The numbers in braces; `None` if the text is no format.
fn placeholders(pattern: &str) -> Option<Vec<usize>> {
    let mut named = Vec::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            rest = &tail[2..];
            continue;
        }
        let (number, after) = tail.strip_prefix('{')?.split_once('}')?;
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number = number.parse().ok().filter(|n| *n <= MAX_PLACEHOLDER)?;
        named.push(number);
        rest = after;
    }
    Some(named)
}

fn from_json(on: &mut Inference<'_>, arg: &Expr, of: &Type) -> Type {
    // What `toJSON` printed is read back as it was.
    if let ExprKind::Call { name, args } = &arg.kind
        && name.eq_ignore_ascii_case("toJSON")
        && let Some(inner) = args.first()
    {
        return on.quietly(inner).plain();
    }
    if let Some(text) = literal_text(arg) {
        return match Value::from_json(text) {
            Ok(value) => Type::of_value(&value),
            Err(error) => {
                on.fail(arg, format!("'{text}' is not JSON: {error}"));
                Type::Any
            }
        };
    }
    match of {
        // A boolean or number reads as its own JSON.
        Type::Bool => Type::Bool,
        Type::Number => Type::Number,
        Type::Any | Type::String => Type::Any,
        of => {
            let message = format!("`fromJSON` reads text, and `{}` is {of}", on.text(arg));
            on.fail(arg, message);
            Type::Any
        }
    }
}

/// Pairs of condition and value, and a default.
fn case(on: &mut Inference<'_>, args: &[Expr], types: &[Type]) -> Type {
    let pairs = args.len() / 2;
    for i in 0..pairs {
        let (arg, of) = (&args[2 * i], &types[2 * i]);
        if !matches!(of, Type::Any | Type::Bool) {
            let message = format!(
                "`case` takes only true or false as a condition, and `{}` is {of}",
                on.text(arg)
            );
            on.fail(arg, message);
        }
    }
    let values = (0..pairs).map(|i| &types[2 * i + 1]).chain(types.last());
    Type::union(values).unwrap_or(Type::Any)
}
