//! What `matrix` is, from its rows.

use super::infer::{Environment, infer};
use super::lattice::{Object, Type};
use crate::model::{Matrix, Strategy};
use crate::template::{Data, Template};

/// The `matrix` context of a job. Expressions in the matrix see `environment`.
pub(crate) fn matrix(strategy: Option<&Strategy>, environment: &dyn Environment) -> Type {
    let Some(strategy) = strategy else {
        return Object::strict().into();
    };
    if strategy.whole.is_some() {
        return Type::Any;
    }
    match &strategy.matrix {
        None => Object::strict().into(),
        Some(matrix) => combine(matrix, environment),
    }
}

fn combine(matrix: &Matrix, environment: &dyn Environment) -> Type {
    if let Some(whole) = &matrix.whole {
        return match template(whole, environment) {
            Type::Object(rows) => expand(&rows),
            _ => Type::Any,
        };
    }
    if matrix.axes.is_empty() && matrix.include.is_none() {
        // What GitHub refuses was left out.
        return Type::Any;
    }
    let mut members = Object::strict();
    for (name, values) in &matrix.axes {
        members.widen(&name.value, items(&data(values, environment)));
    }
    if let Some(include) = &matrix.include {
        extend(&mut members, &data(include, environment));
    }
    members.into()
}

/// A matrix that is one expression, of which the type is known.
fn expand(rows: &Object) -> Type {
    let mut members = Object::strict();
    for (name, values) in rows.members() {
        if name.eq_ignore_ascii_case("include") {
            extend(&mut members, values);
        } else if !name.eq_ignore_ascii_case("exclude") {
            members.widen(name, items(values));
        }
    }
    if rows.is_open() {
        members.loosen();
    }
    members.into()
}

/// What one of several values is.
fn items(values: &Type) -> Type {
    match values {
        Type::Array(array) => array.items.clone(),
        _ => Type::Any,
    }
}

/// `include` sets what its mappings name, beside or instead of the rows.
fn extend(members: &mut Object, include: &Type) {
    match items(include) {
        Type::Object(entry) => {
            for (name, of) in entry.members() {
                members.widen(name, of.clone());
            }
            if entry.is_open() {
                members.loosen();
            }
        }
        // Whatever it is, it may set anything.
        _ => members.loosen_all(),
    }
}

fn data(data: &Data, environment: &dyn Environment) -> Type {
    match data {
        Data::Scalar(scalar) => template(scalar, environment),
        Data::Sequence(all, _) => {
            let types: Vec<Type> = all
                .iter()
                .map(|item| self::data(item, environment))
                .collect();
            Type::array(Type::union(&types).unwrap_or(Type::Any))
        }
        Data::Mapping(entries, _) => {
            let mut members = Object::strict();
            for (name, value) in entries {
                members.set(&name.value, self::data(value, environment));
            }
            members.into()
        }
    }
}

/// The type of a value as it is written.
pub(crate) fn template(template: &Template, environment: &dyn Environment) -> Type {
    if let Some(value) = template.literal() {
        return Type::of_value(value);
    }
    match template.whole() {
        // What is wrong in it is said where it stands.
        Some(whole) => infer(&whole.expr, &whole.source, environment, &mut Vec::new()),
        None => Type::String,
    }
}
