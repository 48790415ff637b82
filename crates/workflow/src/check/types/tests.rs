//! Types against values: what an expression gives is what its type says.

use proptest::prelude::*;

use super::infer::{Environment, infer};
use super::lattice::Type;
use crate::expr::{Contexts, Scope, Value, parse};

struct OfValues(Vec<(&'static str, Value)>);

impl Environment for OfValues {
    fn context(&self, name: &str) -> Type {
        let found = self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map_or(Type::Any, |(_, value)| Type::of_value(value))
    }
}

fn values() -> Vec<(&'static str, Value)> {
    let of = |json: &str| Value::from_json(json).expect("JSON");
    vec![
        (
            "github",
            of(r#"{"sha": "0a", "run": 7, "fork": false, "none": null,
                "event": {"labels": [{"name": "a", "ids": [1, 2]}, {"name": "b", "ids": []}],
                          "user": {"login": "mona", "site": true}}}"#),
        ),
        (
            "matrix",
            of(r#"{"os": "x", "node": [14, 16], "deep": [[1], [2]]}"#),
        ),
        (
            "needs",
            of(r#"{"a": {"result": "success"}, "b": {"result": "failure"}}"#),
        ),
    ]
}

/// Whether a value is of a type. An item that is not there is null.
fn admits(of: &Type, value: &Value) -> bool {
    match (of, value) {
        (Type::Any, _) | (_, Value::Null) => true,
        (Type::Number, Value::Number(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::String, Value::String(_)) => true,
        (Type::Array(array), Value::Array(items)) => {
            items.iter().all(|item| admits(&array.items, item))
        }
        (Type::Object(object), Value::Object(members)) => members
            .iter()
            .all(|(name, value)| object.member(name).is_some_and(|of| admits(of, value))),
        _ => false,
    }
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "1",
        "-2.5",
        "''",
        "'a'",
        "'true'",
        "'sha'",
        "github",
        "github.sha",
        "github.run",
        "github.fork",
        "github.none",
        "github.event",
        "github.event.labels",
        "github.event.user",
        "matrix",
        "matrix.os",
        "matrix.node",
        "matrix.deep",
        "needs",
        "needs.a",
        "fromJSON('[1, \"a\", null]')",
        "fromJSON('{\"a\": [true]}')",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 4, |inner| {
        let one = inner.clone();
        let two = (inner.clone(), inner.clone());
        let three = (inner.clone(), inner.clone(), inner.clone());
        let members = prop::sample::select(vec![
            ".*", "[0]", "[1]", "['sha']", ".name", ".ids", ".result", ".labels", ".a", ".login",
            "[*]",
        ]);
        let operators = prop::sample::select(vec!["==", "!=", "<", ">=", "&&", "||"]);
        prop_oneof![
            (inner.clone(), members).prop_map(|(a, m)| format!("({a}){m}")),
            two.clone().prop_map(|(a, b)| format!("({a})[{b}]")),
            (inner.clone(), operators, inner).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            one.clone().prop_map(|a| format!("!{a}")),
            one.clone().prop_map(|a| format!("toJSON({a})")),
            one.clone().prop_map(|a| format!("fromJSON(toJSON({a}))")),
            one.prop_map(|a| format!("join({a}, '-')")),
            two.clone().prop_map(|(a, b)| format!("contains({a}, {b})")),
            two.prop_map(|(a, b)| format!("format('{{0}}{{1}}', {a}, {b})")),
            three.prop_map(|(a, b, c)| format!("case({a}, {b}, {c})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn values_are_of_their_types(text in expression()) {
        let values = values();
        let contexts = values
            .iter()
            .fold(Contexts::new(), |all, (name, value)| all.with(name, value.clone()));
        if let Ok(expr) = parse(&text, &Scope::ANY) {
            let environment = OfValues(values);
            let mut found = Vec::new();
            let of = infer(&expr, &text, &environment, &mut found);
            for mismatch in &found {
                prop_assert!(mismatch.span.end <= text.len());
            }
            if let Ok(value) = expr.eval(&contexts) {
                prop_assert!(
                    !found.is_empty() || admits(&of, &value),
                    "{text} is {of} and gives {value:?}"
                );
            }
        }
    }
}
