//! What the client checks before it sends an input.

use serde_json::Value;

use super::super::failure::Failure;
use super::super::table::{Operation, Service, Shape};
use super::python;

pub(in super::super) fn validate(
    service: &Service,
    operation: &Operation,
    input: &Value,
) -> Result<(), Failure> {
    let mut faults = Vec::new();
    match service.input(operation) {
        Some(shape) => check(service, shape, input, "", &mut faults),
        None => {
            let unknown = input.as_object().into_iter().flatten();
            faults.extend(unknown.map(|(name, _)| {
                format!("Unknown parameter in input: \"{name}\", must be one of: ")
            }));
        }
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Failure::parameters(format!(
            "Parameter validation failed:\n{}",
            faults.join("\n")
        ))),
    }
}

fn shown(path: &str) -> &str {
    match path.strip_prefix('.').unwrap_or(path) {
        "" => "input",
        path => path,
    }
}

fn check(service: &Service, shape: &Shape, value: &Value, path: &str, faults: &mut Vec<String>) {
    let wrong = |types: &str| {
        format!(
            "Invalid type for parameter {}, value: {}, type: {}, valid types: {types}",
            shown(path),
            python::str(value),
            python::type_name(value)
        )
    };
    let range = |kind: &str, size: f64, min: &Option<f64>| match min {
        Some(min) if size < *min => Some(format!(
            "Invalid {kind} for parameter {}, value: {size}, valid min {kind}: {min}",
            shown(path)
        )),
        _ => None,
    };
    let inner = |name: &str, value: &Value, path: &str, faults: &mut Vec<String>| {
        if let Some(shape) = service.shape(name) {
            check(service, shape, value, path, faults);
        }
    };
    match (shape, value) {
        (Shape::Structure { document: true, .. }, _) => {}
        (
            Shape::Structure {
                members,
                required,
                tokens,
                union,
                ..
            },
            Value::Object(given),
        ) => {
            let names = || members.keys().cloned().collect::<Vec<_>>();
            if *union && given.is_empty() {
                faults.push(format!(
                    "Must set one of the following keys for tagged unionstructure {}: {}.",
                    shown(path),
                    names().join(". ")
                ));
            } else if *union && given.len() > 1 {
                faults.push(format!(
                    "Invalid number of parameters set for tagged union structure {}. Can only set \
                     one of the following keys: {}.",
                    shown(path),
                    names().join(". ")
                ));
            }
            // Tokens are filled in by the client.
            let needed = required.iter().filter(|name| !tokens.contains(name));
            for name in needed.filter(|name| !given.contains_key(*name)) {
                faults.push(format!(
                    "Missing required parameter in {}: \"{name}\"",
                    shown(path)
                ));
            }
            for name in given.keys().filter(|name| !members.contains_key(*name)) {
                faults.push(format!(
                    "Unknown parameter in {}: \"{name}\", must be one of: {}",
                    shown(path),
                    names().join(", ")
                ));
            }
            for (name, value) in given {
                if let Some(shape) = members.get(name) {
                    inner(shape, value, &format!("{path}.{name}"), faults);
                }
            }
        }
        (Shape::Structure { .. } | Shape::Map { .. }, value) if !value.is_object() => {
            faults.push(wrong("<class 'dict'>"));
        }
        (Shape::Map { key, value: shape }, Value::Object(given)) => {
            for (name, value) in given {
                let key_path = format!("{path} (key: {name})");
                inner(key, &name.as_str().into(), &key_path, faults);
                inner(shape, value, &format!("{path}.{name}"), faults);
            }
        }
        (Shape::List { member, min }, Value::Array(items)) => {
            faults.extend(range("length", items.len() as f64, min));
            for (at, item) in items.iter().enumerate() {
                inner(member, item, &format!("{path}[{at}]"), faults);
            }
        }
        (Shape::List { .. }, _) => faults.push(wrong("<class 'list'>, <class 'tuple'>")),
        (Shape::String { min }, Value::String(text)) => {
            faults.extend(range("length", text.chars().count() as f64, min));
        }
        (Shape::String { .. }, _) => faults.push(wrong("<class 'str'>")),
        (Shape::Integer { min } | Shape::Long { min }, Value::Number(number))
            if !number.is_f64() =>
        {
            faults.extend(range("value", number.as_f64().unwrap_or_default(), min));
        }
        (Shape::Integer { .. } | Shape::Long { .. }, _) => faults.push(wrong("<class 'int'>")),
        (Shape::Float | Shape::Double, Value::Number(_)) | (Shape::Boolean, Value::Bool(_)) => {}
        (Shape::Float | Shape::Double, _) => {
            faults.push(wrong(
                "<class 'float'>, <class 'decimal.Decimal'>, <class 'int'>",
            ));
        }
        (Shape::Boolean, _) => faults.push(wrong("<class 'bool'>")),
        (Shape::Timestamp, Value::String(_) | Value::Number(_)) => {}
        (Shape::Timestamp, _) => {
            faults.push(wrong("<class 'datetime.datetime'>, timestamp-string"));
        }
        (Shape::Blob, Value::String(_)) => {}
        (Shape::Blob, _) => {
            faults.push(wrong(
                "<class 'bytes'>, <class 'bytearray'>, file-like object",
            ));
        }
        (Shape::Structure { .. } | Shape::Map { .. }, _) => {}
    }
}
