//! Requests of the query protocol: parameters such as `Targets.member.1.Id=…`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::table::{Service, Shape};

/// The most items that a list may have, and how deep shapes may lie in each other.
const MOST_ITEMS: usize = 10_000;
const MOST_DEPTH: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub(super) fn read(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body);
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether something is said of `name` or of a part of it.
    fn has(&self, name: &str) -> bool {
        let part = format!("{name}.");
        self.0.contains_key(name)
            || self
                .0
                .range(part.clone()..)
                .next()
                .is_some_and(|(found, _)| found.starts_with(&part))
    }
}

pub(super) fn input(
    service: &Service,
    shape: Option<&Shape>,
    parameters: &Parameters,
) -> Result<Value, String> {
    match shape {
        Some(shape) => value(service, shape, parameters, "", 0),
        None => Ok(Value::Object(Map::new())),
    }
}

fn value(
    service: &Service,
    shape: &Shape,
    parameters: &Parameters,
    name: &str,
    depth: usize,
) -> Result<Value, String> {
    if depth > MOST_DEPTH {
        return Err(format!("{name} lies too deep"));
    }
    let inner = |shape: &str, name: &str| match service.shape(shape) {
        Some(shape) => value(service, shape, parameters, name, depth + 1),
        None => Err(format!("{name} has no known form")),
    };
    let text = || parameters.get(name).unwrap_or_default();
    let wrong = |what: &str| format!("{name}: {:?} is no {what}", text());
    Ok(match shape {
        Shape::Structure { members, .. } => {
            let mut found = Map::new();
            for (member, shape) in members {
                let name = match name {
                    "" => member.clone(),
                    _ => format!("{name}.{member}"),
                };
                if parameters.has(&name) {
                    found.insert(member.clone(), inner(shape, &name)?);
                }
            }
            found.into()
        }
        Shape::List { member, .. } => {
            let mut items = Vec::new();
            while items.len() < MOST_ITEMS {
                let name = format!("{name}.member.{}", items.len() + 1);
                if !parameters.has(&name) {
                    break;
                }
                items.push(inner(member, &name)?);
            }
            items.into()
        }
        Shape::Map { value: shape, .. } => {
            let mut found = Map::new();
            while found.len() < MOST_ITEMS {
                let entry = format!("{name}.entry.{}", found.len() + 1);
                let Some(key) = parameters.get(&format!("{entry}.key")) else {
                    break;
                };
                found.insert(key.to_owned(), inner(shape, &format!("{entry}.value"))?);
            }
            found.into()
        }
        Shape::Integer { .. } | Shape::Long { .. } => text()
            .parse::<i64>()
            .map_err(|_| wrong("whole number"))?
            .into(),
        Shape::Float | Shape::Double => text().parse::<f64>().map_err(|_| wrong("number"))?.into(),
        Shape::Boolean => text()
            .parse::<bool>()
            .map_err(|_| wrong("truth value"))?
            .into(),
        Shape::String { .. } | Shape::Timestamp | Shape::Blob => text().into(),
    })
}
