//! GitHub's own expression tests (actions/languageservices), when present.

mod shared;

use lockkeeper_workflow::expr::{Contexts, FunctionRule, Object, Scope, Value, parse};
use serde_json::Value as Json;

/// Cases where we differ on purpose: the expression and why.
const KNOWN: &[(&str, &str)] = &[(
    "",
    "the set's harness takes an empty text as null; a workflow with `${{ }}` is refused, as the \
     workflow-parser set has it",
)];

fn value(json: &Json) -> Value {
    Value::from_json(&json.to_string()).expect("JSON of a test")
}

fn same(expected: &Json, found: &Value) -> bool {
    let kind = expected["kind"].as_str().unwrap_or("");
    if kind != found.kind() {
        return false;
    }
    match (&expected["value"], found) {
        (Json::String(s), Value::Number(n)) => match s.as_str() {
            "NaN" => n.is_nan(),
            "Infinity" => *n == f64::INFINITY,
            "-Infinity" => *n == f64::NEG_INFINITY,
            "-0" => *n == 0.0 && n.is_sign_negative(),
            _ => false,
        },
        (json, found) => value(json) == *found,
    }
}

fn judge(case: &Json) -> Result<(), String> {
    let text = case["expr"].as_str().unwrap_or("");
    let mut contexts = Object::new();
    if let Value::Object(o) = value(case.get("contexts").unwrap_or(&Json::Null)) {
        contexts = (*o).clone();
    }
    let names: Vec<&str> = contexts.iter().map(|(k, _)| k).collect();
    let scope = Scope {
        contexts: &names,
        functions: &[] as &[FunctionRule],
    };
    let found = match parse(text, &scope) {
        Ok(expr) => expr
            .eval(&Contexts(contexts.clone()))
            .map_err(|e| e.to_string()),
        Err(e) => Err(e.to_string()),
    };
    match (case.get("err"), found) {
        (Some(err), Err(message)) => {
            let wanted = err["value"].as_str().unwrap_or("");
            let fits = message.contains(wanted);
            fits.then_some(())
                .ok_or(format!("{message:?}, wanted {wanted:?}"))
        }
        (None, Ok(found)) => {
            let fits = same(&case["result"], &found);
            fits.then_some(())
                .ok_or(format!("{found:?}, wanted {}", case["result"]))
        }
        (_, found) => Err(format!("{found:?}, wanted {case}")),
    }
}

#[test]
fn expressions_agree_with_github() {
    let Some(folder) = shared::folder("conformance/expressions/dev") else {
        return;
    };
    let (mut all, mut failed) = (0, Vec::new());
    for file in shared::files(&folder, &[".json"]) {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let groups: serde_json::Map<String, Json> = serde_json::from_str(&text).expect("JSON");
        for case in groups
            .values()
            .flat_map(|g| g.as_array().into_iter().flatten())
        {
            all += 1;
            if let Err(why) = judge(case) {
                let text = case["expr"].as_str().unwrap_or("");
                if !KNOWN.iter().any(|(known, _)| *known == text) {
                    failed.push(format!("{}: {text}: {why}", file.display()));
                }
            }
        }
    }
    println!(
        "expressions: {} of {all} agree",
        all - failed.len() - KNOWN.len()
    );
    assert!(failed.is_empty(), "{}\n{}", failed.len(), failed.join("\n"));
}
