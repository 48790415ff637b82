//! Answers in the order of the model, which is the order that the CLI prints.

use serde_json::{Map, Value};

use super::table::{Operation, Service, Shape};

pub(super) fn ordered(service: &Service, operation: &Operation, answer: Value) -> Value {
    match service.output(operation) {
        Some(shape) => order(service, shape, answer),
        None => Value::Object(Map::new()),
    }
}

fn order(service: &Service, shape: &Shape, value: Value) -> Value {
    let inner = |name: &str, value: Value| match service.shape(name) {
        Some(shape) => order(service, shape, value),
        None => value,
    };
    match (shape, value) {
        (Shape::Structure { document: true, .. }, value) => value,
        (Shape::Structure { members, .. }, Value::Object(mut given)) => members
            .iter()
            .filter_map(|(name, shape)| {
                let value = given.remove(name).filter(|value| !value.is_null())?;
                Some((name.clone(), inner(shape, value)))
            })
            .collect::<Map<_, _>>()
            .into(),
        (Shape::List { member, .. }, Value::Array(items)) => {
            items.into_iter().map(|item| inner(member, item)).collect()
        }
        (Shape::Map { value: shape, .. }, Value::Object(given)) => given
            .into_iter()
            .map(|(key, value)| (key, inner(shape, value)))
            .collect::<Map<_, _>>()
            .into(),
        (_, value) => value,
    }
}
