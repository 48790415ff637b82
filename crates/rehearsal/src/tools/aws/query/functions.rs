//! JMESPath's functions.

use jmespath::ast::Ast;
use serde_json::{Map, Number, Value};

use super::super::request::python;
use super::{equal, evaluate, order};

/// Types that an argument may have; none written means any.
type Types = &'static [&'static str];

struct Function {
    name: &'static str,
    takes: &'static [Types],
    /// The last of `takes` may come again.
    variadic: bool,
}

const fn function(name: &'static str, takes: &'static [Types]) -> Function {
    Function {
        name,
        takes,
        variadic: false,
    }
}

const NUMBER: Types = &["number"];
const STRING: Types = &["string"];
const OBJECT: Types = &["object"];
const ARRAY: Types = &["array"];
const EXPRESSION: Types = &["expref"];
const NUMBERS: Types = &["array-number"];
const COMPARABLE: Types = &["array-number", "array-string"];
const ANY: Types = &[];

const FUNCTIONS: &[Function] = &[
    function("abs", &[NUMBER]),
    function("avg", &[NUMBERS]),
    function("ceil", &[NUMBER]),
    function("contains", &[&["array", "string"], ANY]),
    function("ends_with", &[STRING, STRING]),
    function("floor", &[NUMBER]),
    function("join", &[STRING, &["array-string"]]),
    function("keys", &[OBJECT]),
    function("length", &[&["string", "array", "object"]]),
    function("map", &[EXPRESSION, ARRAY]),
    function("max", &[COMPARABLE]),
    function("max_by", &[ARRAY, EXPRESSION]),
    Function {
        name: "merge",
        takes: &[OBJECT],
        variadic: true,
    },
    function("min", &[COMPARABLE]),
    function("min_by", &[ARRAY, EXPRESSION]),
    Function {
        name: "not_null",
        takes: &[ANY],
        variadic: true,
    },
    function("reverse", &[&["array", "string"]]),
    function("sort", &[&["array-string", "array-number"]]),
    function("sort_by", &[ARRAY, EXPRESSION]),
    function("starts_with", &[STRING, STRING]),
    function("sum", &[NUMBERS]),
    function("to_array", &[ANY]),
    function("to_number", &[ANY]),
    function("to_string", &[ANY]),
    function("type", &[ANY]),
    function("values", &[OBJECT]),
];

enum Argument<'a> {
    Value(Value),
    Expression(&'a Ast),
}

impl Argument<'_> {
    fn value(&self) -> &Value {
        match self {
            Argument::Value(value) => value,
            Argument::Expression(_) => &Value::Null,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Argument::Value(value) => kind(value),
            Argument::Expression(_) => "expref",
        }
    }

    fn shown(&self) -> String {
        match self {
            Argument::Value(value) => python::str(value),
            Argument::Expression(_) => "<expression>".to_owned(),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn wrong_type(function: &str, shown: &str, expected: &[&str], received: &str) -> String {
    let expected: Vec<String> = expected.iter().map(|name| python::repr(name)).collect();
    format!(
        "In function {function}(), invalid type for value: {shown}, expected one of: [{}], \
         received: \"{received}\"",
        expected.join(", ")
    )
}

pub(super) fn call(name: &str, args: &[Ast], value: &Value) -> Result<Value, String> {
    let function = FUNCTIONS
        .iter()
        .find(|function| function.name == name)
        .ok_or_else(|| format!("Unknown function: {name}()"))?;
    let mut given = Vec::with_capacity(args.len());
    for arg in args {
        given.push(match arg {
            Ast::Expref { ast, .. } => Argument::Expression(ast),
            other => Argument::Value(evaluate(other, value)?),
        });
    }
    check(function, &given)?;
    apply(name, &given)
}

fn check(function: &Function, given: &[Argument<'_>]) -> Result<(), String> {
    let wanted = function.takes.len();
    let fits = match function.variadic {
        true => given.len() >= wanted,
        false => given.len() == wanted,
    };
    if !fits {
        let least = if function.variadic { "at least " } else { "" };
        let plural = if wanted == 1 { "" } else { "s" };
        return Err(format!(
            "Expected {least}{wanted} argument{plural} for function {}(), received {}",
            function.name,
            given.len()
        ));
    }
    for (argument, types) in given.iter().zip(function.takes) {
        check_one(function.name, argument, types)?;
    }
    Ok(())
}

fn check_one(name: &str, argument: &Argument<'_>, types: Types) -> Result<(), String> {
    if types.is_empty() {
        return Ok(());
    }
    let kind = argument.kind();
    let outer = types.iter().any(|t| t.split('-').next() == Some(kind));
    if !outer {
        return Err(wrong_type(name, &argument.shown(), types, kind));
    }
    let inner: Vec<&str> = types
        .iter()
        .filter_map(|t| t.split_once('-'))
        .map(|t| t.1)
        .collect();
    let items = argument.value().as_array();
    if let (false, Some(items)) = (inner.is_empty(), items)
        && let Some(first) = items.first()
    {
        let wanted: Vec<&str> = match inner[..] {
            [only] => vec![only],
            _ => inner
                .iter()
                .copied()
                .filter(|t| *t == self::kind(first))
                .collect(),
        };
        for item in items {
            if !wanted.contains(&self::kind(item)) {
                let received = python_name(item);
                return Err(wrong_type(name, &python::str(item), types, received));
            }
        }
    }
    Ok(())
}

/// Within arrays the library reports Python's own type names.
fn python_name(value: &Value) -> &'static str {
    let full = python::type_name(value);
    full.trim_start_matches("<class '").trim_end_matches("'>")
}

fn apply(name: &str, given: &[Argument<'_>]) -> Result<Value, String> {
    let first = given.first().map_or(&Value::Null, Argument::value);
    let second = given.get(1).map_or(&Value::Null, Argument::value);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    Ok(match name {
        "abs" => match first.as_i64() {
            Some(whole) => whole.abs().into(),
            None => float(first.as_f64().unwrap_or_default().abs()),
        },
        "avg" => {
            let items = items(first);
            let total: f64 = items.iter().filter_map(Value::as_f64).sum();
            match items.len() {
                0 => Value::Null,
                count => float(total / count as f64),
            }
        }
        "ceil" => whole(first, f64::ceil),
        "floor" => whole(first, f64::floor),
        "contains" => match first {
            Value::Array(items) => items.iter().any(|item| equal(item, second)).into(),
            _ => match second.as_str() {
                Some(part) => text(first).contains(part).into(),
                None => {
                    return Err(format!(
                        "'in <string>' requires string as left operand, not {}",
                        python_name(second)
                    ));
                }
            },
        },
        "ends_with" => text(first).ends_with(&text(second)).into(),
        "starts_with" => text(first).starts_with(&text(second)).into(),
        "join" => {
            let parts: Vec<String> = items(second).iter().map(text).collect();
            parts.join(&text(first)).into()
        }
        "keys" => members(first)
            .into_iter()
            .map(|(key, _)| key)
            .collect::<Vec<_>>()
            .into(),
        "values" => members(first).into_iter().map(|(_, value)| value).collect(),
        "length" => match first {
            Value::String(text) => text.chars().count().into(),
            Value::Array(items) => items.len().into(),
            other => members(other).len().into(),
        },
        "map" => {
            let mut mapped = Vec::new();
            for item in items(second) {
                mapped.push(by(given.first(), &item)?);
            }
            mapped.into()
        }
        "max" => extreme(items(first), std::cmp::Ordering::is_gt),
        "min" => extreme(items(first), std::cmp::Ordering::is_lt),
        "max_by" | "min_by" => {
            let mut best: Option<(Value, Value)> = None;
            for item in items(first) {
                let key = by(given.get(1), &item)?;
                comparable(name, &key, &["number", "string"])?;
                let better = match &best {
                    None => true,
                    Some((_, held)) => {
                        let order = ordered(&key, held)?;
                        (name == "max_by" && order.is_gt()) || (name == "min_by" && order.is_lt())
                    }
                };
                if better {
                    best = Some((item, key));
                }
            }
            best.map_or(Value::Null, |(item, _)| item)
        }
        "merge" => {
            let mut merged = Map::new();
            for argument in given {
                merged.extend(members(argument.value()));
            }
            merged.into()
        }
        "not_null" => given
            .iter()
            .map(Argument::value)
            .find(|value| !value.is_null())
            .cloned()
            .unwrap_or(Value::Null),
        "reverse" => match first {
            Value::String(text) => text.chars().rev().collect::<String>().into(),
            other => items(other).into_iter().rev().collect(),
        },
        "sort" => {
            let mut items = items(first);
            items.sort_by(|a, b| order(a, b).unwrap_or(std::cmp::Ordering::Equal));
            items.into()
        }
        "sort_by" => sort_by(items(first), given.get(1))?,
        "sum" => {
            let items = items(first);
            match items.iter().map(Value::as_i64).collect::<Option<Vec<_>>>() {
                Some(whole) => whole.iter().fold(0i64, |a, b| a.saturating_add(*b)).into(),
                None => float(items.iter().filter_map(Value::as_f64).sum()),
            }
        }
        "to_array" => match first {
            Value::Array(_) => first.clone(),
            other => vec![other.clone()].into(),
        },
        "to_number" => match first {
            Value::Number(_) => first.clone(),
            Value::String(text) => match (python::int(text), python::float(text)) {
                (Ok(whole), _) => whole.into(),
                (_, Ok(number)) => float(number),
                _ => Value::Null,
            },
            _ => Value::Null,
        },
        "to_string" => match first {
            Value::String(_) => first.clone(),
            other => other.to_string().into(),
        },
        "type" => kind(first).into(),
        other => return Err(format!("Unknown function: {other}()")),
    })
}

fn float(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

fn whole(value: &Value, round: fn(f64) -> f64) -> Value {
    match value.as_i64() {
        Some(whole) => whole.into(),
        None => (round(value.as_f64().unwrap_or_default()) as i64).into(),
    }
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn extreme(items: Vec<Value>, better: fn(std::cmp::Ordering) -> bool) -> Value {
    items
        .into_iter()
        .reduce(|held, new| match order(&new, &held) {
            Some(order) if better(order) => new,
            _ => held,
        })
        .unwrap_or(Value::Null)
}

fn by(argument: Option<&Argument<'_>>, item: &Value) -> Result<Value, String> {
    match argument {
        Some(Argument::Expression(ast)) => evaluate(ast, item),
        _ => Ok(Value::Null),
    }
}

fn comparable(name: &str, key: &Value, allowed: &[&str]) -> Result<(), String> {
    match allowed.contains(&kind(key)) {
        true => Ok(()),
        false => Err(wrong_type(name, &python::str(key), allowed, kind(key))),
    }
}

fn ordered(left: &Value, right: &Value) -> Result<std::cmp::Ordering, String> {
    order(left, right).ok_or_else(|| {
        format!(
            "'<' not supported between instances of '{}' and '{}'",
            python_name(left),
            python_name(right)
        )
    })
}

fn sort_by(items: Vec<Value>, expression: Option<&Argument<'_>>) -> Result<Value, String> {
    let mut keyed = Vec::with_capacity(items.len());
    let mut wanted: Option<&'static str> = None;
    for item in items {
        let key = by(expression, &item)?;
        match wanted {
            None if !matches!(kind(&key), "number" | "string") => {
                let shown = python::str(&item);
                return Err(wrong_type(
                    "sort_by",
                    &shown,
                    &["string", "number"],
                    kind(&key),
                ));
            }
            None => wanted = Some(kind(&key)),
            Some(wanted) => comparable("sort_by", &key, &[wanted])?,
        }
        keyed.push((key, item));
    }
    keyed.sort_by(|(a, _), (b, _)| order(a, b).unwrap_or(std::cmp::Ordering::Equal));
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}
