//! `--field` and `--raw-field`: how gh makes a request's parameters of them.

use serde_json::{Map, Value};

use super::super::arguments::Arguments;
use super::super::{Desk, Need, oci};

/// Why fields are no parameters; in gh's words.
pub(super) enum Unfit {
    Need(Need),
    Wrong(String),
}

/// The parameters of `--field` and `--raw-field`, in their order.
pub(super) fn read(
    desk: &Desk<'_>,
    read: &Arguments,
    fill: &dyn Fn(&str) -> String,
) -> Result<Map<String, Value>, Unfit> {
    let mut parameters = Value::Object(Map::new());
    for (option, text) in &read.options {
        let typed = match *option {
            "--field" => true,
            "--raw-field" => false,
            _ => continue,
        };
        let bare_array = text.strip_suffix("[]").filter(|_| !text.contains('='));
        let (key, value) = match (text.split_once('='), bare_array) {
            (Some((key, value)), _) if typed => (key, magic(desk, value, fill)?),
            (Some((key, value)), _) => (key, Value::from(value)),
            (None, Some(key)) => {
                put(&mut parameters, key, Value::Array(Vec::new()))?;
                continue;
            }
            (None, None) => {
                return Err(Unfit::Wrong(format!(
                    "field \"{text}\" requires a value separated by an '=' sign"
                )));
            }
        };
        put(&mut parameters, key, value)?;
    }
    match parameters {
        Value::Object(map) => Ok(map),
        _ => Ok(Map::new()),
    }
}

/// `true`, `false`, `null` and whole numbers are what they look like; `@file` is a file's content.
fn magic(desk: &Desk<'_>, text: &str, fill: &dyn Fn(&str) -> String) -> Result<Value, Unfit> {
    if let Some(path) = text.strip_prefix('@') {
        let bytes = match path {
            "-" => desk.stdin().map_err(Unfit::Need)?,
            path => desk
                .read(path)
                .map_err(Unfit::Need)?
                .map_err(|error| Unfit::Wrong(format!("open {path}: {}", oci::lower(error))))?,
        };
        return Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ => match text.parse::<i64>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(fill(text)),
        },
    })
}

/// Puts a value at `a`, `a[b]` or `a[]`.
fn put(parameters: &mut Value, key: &str, value: Value) -> Result<(), Unfit> {
    let (name, mut rest) = match key.find('[') {
        Some(at) => key.split_at(at),
        None => (key, ""),
    };
    let wrong = || Unfit::Wrong(format!("invalid key: \"{key}\""));
    let mut place = match parameters {
        Value::Object(map) => map.entry(name).or_insert(Value::Null),
        _ => return Err(wrong()),
    };
    while let Some(inner) = rest.strip_prefix('[') {
        let (step, after) = inner.split_once(']').ok_or_else(wrong)?;
        rest = after;
        if step.is_empty() {
            if place.is_null() {
                *place = Value::Array(Vec::new());
            }
            let Value::Array(items) = place else {
                return Err(wrong());
            };
            // `a[][b]=…` goes on with the last element while that has no `b` yet.
            let next = rest
                .strip_prefix('[')
                .and_then(|rest| rest.split_once(']'))
                .map(|(step, _)| step);
            let goes_on = next.is_some_and(|step| {
                items
                    .last()
                    .and_then(Value::as_object)
                    .is_some_and(|last| !last.contains_key(step))
            });
            if !goes_on {
                items.push(Value::Null);
            }
            let Some(last) = items.last_mut() else {
                return Err(wrong());
            };
            place = last;
        } else {
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
            let Value::Object(map) = place else {
                return Err(wrong());
            };
            place = map.entry(step).or_insert(Value::Null);
        }
    }
    if !rest.is_empty() {
        return Err(wrong());
    }
    *place = value;
    Ok(())
}
