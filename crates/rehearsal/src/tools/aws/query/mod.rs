//! `--query`: JMESPath with the answers, and the errors, of the library that the AWS CLI uses.
//!
//! The `jmespath` crate parses. Evaluation is here, since members must keep their order, and
//! since type errors end a script with the words of the Python library.

#[cfg(test)]
mod conformance;
mod functions;

use std::cmp::Ordering;

use jmespath::ast::{Ast, Comparator};
use serde_json::{Map, Value};

use super::request::python;

/// A compiled expression.
#[derive(Debug, Clone)]
pub(super) struct Query(Ast);

/// More nesting than any person writes; the parser and the evaluation recurse.
const MAX_NESTING: usize = 400;

impl Query {
    pub(super) fn compile(text: &str) -> Result<Query, String> {
        let nesting = text.matches(['.', '|', '[', '(', '{', '!', '&', '=', '<', '>']);
        if nesting.count() > MAX_NESTING {
            return Err("the expression nests too deeply".to_owned());
        }
        match jmespath::parse(&quote_words(text)) {
            Ok(ast) => Ok(Query(ast)),
            Err(error) => Err(error.to_string().trim_end().to_owned()),
        }
    }

    /// The error is what the CLI prints.
    pub(super) fn search(&self, value: &Value) -> Result<Value, String> {
        evaluate(&self.0, value)
    }
}

/// The Python library takes `` `ACTIVE` `` for `` `"ACTIVE"` ``, and scripts rely on it.
fn quote_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\'', '"', '`']) {
        let quote = &rest[at..=at];
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        let mut end = None;
        let mut escaped = false;
        for (at, c) in rest.char_indices() {
            match c {
                '\\' if !escaped => escaped = true,
                c if quote.starts_with(c) && !escaped => {
                    end = Some(at);
                    break;
                }
                _ => escaped = false,
            }
        }
        let Some(end) = end else { break };
        let inner = &rest[..end];
        let is_json = |text: &str| serde_json::from_str::<Value>(text).is_ok();
        let plain = inner.replace("\\`", "`");
        let word = format!("\"{}\"", inner.trim_start());
        match quote == "`" && !is_json(&plain) && is_json(&word.replace("\\`", "`")) {
            true => out.push_str(&word),
            false => out.push_str(inner),
        }
        out.push_str(quote);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

fn evaluate(node: &Ast, value: &Value) -> Result<Value, String> {
    Ok(match node {
        Ast::Identity { .. } => value.clone(),
        Ast::Field { name, .. } => value.get(name).cloned().unwrap_or(Value::Null),
        Ast::Literal { value, .. } => {
            serde_json::to_value(value.as_ref()).map_err(|error| error.to_string())?
        }
        Ast::Index { idx, .. } => match value.as_array() {
            Some(items) => at(items, *idx).cloned().unwrap_or(Value::Null),
            None => Value::Null,
        },
        Ast::Slice {
            start, stop, step, ..
        } => match value.as_array() {
            Some(items) => slice(items, *start, *stop, *step)?,
            None => Value::Null,
        },
        Ast::Subexpr { lhs, rhs, .. } => evaluate(rhs, &evaluate(lhs, value)?)?,
        Ast::Or { lhs, rhs, .. } => {
            let left = evaluate(lhs, value)?;
            if truth(&left) {
                left
            } else {
                evaluate(rhs, value)?
            }
        }
        Ast::And { lhs, rhs, .. } => {
            let left = evaluate(lhs, value)?;
            if truth(&left) {
                evaluate(rhs, value)?
            } else {
                left
            }
        }
        Ast::Not { node, .. } => (!truth(&evaluate(node, value)?)).into(),
        Ast::Condition {
            predicate, then, ..
        } => {
            if truth(&evaluate(predicate, value)?) {
                evaluate(then, value)?
            } else {
                Value::Null
            }
        }
        Ast::Comparison {
            comparator,
            lhs,
            rhs,
            ..
        } => compare(comparator, &evaluate(lhs, value)?, &evaluate(rhs, value)?)?,
        Ast::ObjectValues { node, .. } => match evaluate(node, value)? {
            Value::Object(members) => members.into_iter().map(|(_, value)| value).collect(),
            _ => Value::Null,
        },
        Ast::Projection { lhs, rhs, .. } => match evaluate(lhs, value)? {
            Value::Array(items) => {
                let mut kept = Vec::new();
                for item in &items {
                    let found = evaluate(rhs, item)?;
                    if !found.is_null() {
                        kept.push(found);
                    }
                }
                kept.into()
            }
            _ => Value::Null,
        },
        Ast::Flatten { node, .. } => match evaluate(node, value)? {
            Value::Array(items) => {
                let mut flat = Vec::new();
                for item in items {
                    match item {
                        Value::Array(inner) => flat.extend(inner),
                        other => flat.push(other),
                    }
                }
                flat.into()
            }
            _ => Value::Null,
        },
        Ast::MultiList { .. } | Ast::MultiHash { .. } if value.is_null() => Value::Null,
        Ast::MultiList { elements, .. } => elements
            .iter()
            .map(|element| evaluate(element, value))
            .collect::<Result<Vec<_>, _>>()?
            .into(),
        Ast::MultiHash { elements, .. } => elements
            .iter()
            .map(|pair| Ok((pair.key.clone(), evaluate(&pair.value, value)?)))
            .collect::<Result<Map<_, _>, String>>()?
            .into(),
        Ast::Function { name, args, .. } => functions::call(name, args, value)?,
        // Only functions take one, and they are given the tree itself.
        Ast::Expref { .. } => Value::Null,
    })
}

fn at(items: &[Value], index: i32) -> Option<&Value> {
    match usize::try_from(index) {
        Ok(index) => items.get(index),
        Err(_) => {
            let back = usize::try_from(index.unsigned_abs()).ok()?;
            items.get(items.len().checked_sub(back)?)
        }
    }
}

fn slice(
    items: &[Value],
    start: Option<i32>,
    stop: Option<i32>,
    step: i32,
) -> Result<Value, String> {
    if step == 0 {
        return Err("slice step cannot be zero".to_owned());
    }
    let (len, step) = (items.len() as i64, i64::from(step));
    let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let bound = |given: Option<i32>, default: i64| match given {
        None => default,
        Some(given) => {
            let given = i64::from(given);
            (if given < 0 { given + len } else { given }).clamp(low, high)
        }
    };
    let mut index = bound(start, if step > 0 { low } else { high });
    let stop = bound(stop, if step > 0 { high } else { low });
    let mut taken = Vec::new();
    while (step > 0 && index < stop) || (step < 0 && index > stop) {
        if let Some(item) = usize::try_from(index).ok().and_then(|at| items.get(at)) {
            taken.push(item.clone());
        }
        index += step;
    }
    Ok(taken.into())
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => left == right,
    }
}

/// The order of two numbers or two strings.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn compare(comparator: &Comparator, left: &Value, right: &Value) -> Result<Value, String> {
    let (symbol, wanted): (_, fn(Ordering) -> bool) = match comparator {
        Comparator::Equal => return Ok(equal(left, right).into()),
        Comparator::NotEqual => return Ok((!equal(left, right)).into()),
        Comparator::LessThan => ("<", Ordering::is_lt),
        Comparator::LessThanEqual => ("<=", Ordering::is_le),
        Comparator::GreaterThan => (">", Ordering::is_gt),
        Comparator::GreaterThanEqual => (">=", Ordering::is_ge),
    };
    let comparable = |value: &Value| value.is_number() || value.is_string();
    if !comparable(left) || !comparable(right) {
        return Ok(Value::Null);
    }
    match order(left, right) {
        Some(order) => Ok(wanted(order).into()),
        None => {
            let name = |value| {
                let full = python::type_name(value);
                full.trim_start_matches("<class ").trim_end_matches('>')
            };
            Err(format!(
                "'{symbol}' not supported between instances of {} and {}",
                name(left),
                name(right)
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn query(text: &str, value: &Value) -> Result<Value, String> {
        Query::compile(text)?.search(value)
    }

    #[test]
    fn members_keep_their_order() {
        let value = json!({"services": [{"z": 1, "a": 2}]});
        let found = query("services[0]", &value).unwrap();
        assert_eq!(found.to_string(), r#"{"z":1,"a":2}"#);
        let found = query("services[0].{y:z,b:a}", &value).unwrap();
        assert_eq!(found.to_string(), r#"{"y":1,"b":2}"#);
    }

    #[test]
    fn words_in_backticks_are_strings() {
        let value = json!([{"s": "ACTIVE", "n": 1}, {"s": "DRAINING", "n": 2}]);
        for (text, expected) in [
            ("[?s==`ACTIVE`].n", json!([1])),
            ("[?s==`\"ACTIVE\"`].n", json!([1])),
            ("[?s=='ACTIVE'].n", json!([1])),
            ("[?n==`2`].s", json!(["DRAINING"])),
            ("[?s=='`ACTIVE`'].n", json!([])),
        ] {
            assert_eq!(query(text, &value), Ok(expected), "{text}");
        }
        assert!(query("a == `", &value).is_err());
    }

    #[test]
    fn errors_are_those_of_the_python_library() {
        let value = json!({"n": null, "s": "x", "i": 1});
        assert_eq!(
            query("length(n)", &value).unwrap_err(),
            "In function length(), invalid type for value: None, expected one of: \
             ['string', 'array', 'object'], received: \"null\""
        );
        assert_eq!(
            query("nope(n)", &value).unwrap_err(),
            "Unknown function: nope()"
        );
        assert_eq!(
            query("length(s, s)", &value).unwrap_err(),
            "Expected 1 argument for function length(), received 2"
        );
        assert_eq!(
            query("s < i", &value).unwrap_err(),
            "'<' not supported between instances of 'str' and 'int'"
        );
        assert!(query("a[", &value).is_err());
        assert!(query(&"(".repeat(100_000), &value).is_err());
        assert!(query(&"!".repeat(100_000), &value).is_err());
    }
}
