//! What occurs in a case: every part of the expression evaluated alone, and what its values hold.

use lockkeeper_workflow::expr::{Contexts, Expr, Value};

#[derive(Default)]
pub(super) struct Facts {
    pub(super) numbers: Vec<f64>,
    pub(super) strings: Vec<String>,
    pub(super) keys: Vec<Vec<String>>,
    /// Names of the functions called, in lower case.
    pub(super) calls: Vec<String>,
    /// Whether a part of the expression, alone, is an error.
    pub(super) errors: bool,
    /// The text of the expression without its strings.
    pub(super) bare: String,
}

/// Values of generated cases are small; this bounds what a chain of `fromJSON` may make of them.
const MAX: usize = 20_000;

impl Facts {
    pub(super) fn gather(tree: Option<&Expr>, contexts: &Contexts, text: &str) -> Facts {
        let mut facts = Facts {
            bare: text.split('\'').step_by(2).collect::<Vec<_>>().join("''"),
            ..Facts::default()
        };
        facts
            .strings
            .extend(text.split('\'').skip(1).step_by(2).map(str::to_owned));
        for (_, value) in contexts.0.iter() {
            facts.value(value);
        }
        if let Some(tree) = tree {
            facts.calls = tree.calls();
            facts.part(tree, contexts);
        }
        facts
    }

    fn part(&mut self, expr: &Expr, contexts: &Contexts) {
        match expr.eval(contexts) {
            Ok(value) => self.value(&value),
            Err(_) => self.errors = true,
        }
        for child in expr.children() {
            self.part(child, contexts);
        }
    }

    fn value(&mut self, value: &Value) {
        if self.numbers.len() + self.strings.len() > MAX {
            return;
        }
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(n) => self.numbers.push(*n),
            Value::String(s) => self.strings.push(s.clone()),
            Value::Array(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(object) => {
                self.keys
                    .push(object.iter().map(|(k, _)| k.to_owned()).collect());
                for (key, item) in object.iter() {
                    self.strings.push(key.to_owned());
                    self.value(item);
                }
            }
        }
    }

    pub(super) fn calls(&self, function: &str) -> bool {
        self.calls.iter().any(|name| name == function)
    }
}

/// How JavaScript prints a number (ECMA-262, Number::toString).
pub(super) fn javascript(n: f64) -> String {
    if n.is_nan() {
        return "NaN".to_owned();
    }
    if n.is_infinite() {
        return if n > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if n == 0.0 {
        return "0".to_owned();
    }
    if (1e-6..1e21).contains(&n.abs()) {
        return format!("{n}");
    }
    let text = format!("{n:e}");
    match text.split_once("e-") {
        Some(_) => text,
        None => text.replace('e', "e+"),
    }
}
