//! Evaluates expressions: each line of standard input is `{"expr": …, "contexts": {…}}`, each line
//! of output `{"kind": …, "text": …}` or `{"error": …}`. For comparing with other evaluators.

use std::io::{BufRead, Write};

use lockkeeper_workflow::expr::{Contexts, Scope, Value, parse};

fn answer(line: &str) -> Result<serde_json::Value, String> {
    let case = Value::from_json(line)?;
    let text = case.get("expr").map(Value::to_text).unwrap_or_default();
    let mut contexts = Contexts::new();
    if let Some(Value::Object(o)) = case.get("contexts") {
        contexts = Contexts((**o).clone());
    }
    let names: Vec<&str> = contexts.0.iter().map(|(name, _)| name).collect();
    let scope = Scope {
        contexts: &names,
        functions: &[],
    };
    let expr = parse(&text, &scope).map_err(|e| e.to_string())?;
    let value = expr.eval(&contexts).map_err(|e| e.to_string())?;
    let shown = if value.is_primitive() {
        value.to_text()
    } else {
        value.to_json()
    };
    Ok(serde_json::json!({ "kind": value.kind(), "text": shown }))
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let shown = answer(&line?).unwrap_or_else(|error| serde_json::json!({ "error": error }));
        writeln!(out, "{shown}")?;
    }
    Ok(())
}
