//! GitHub's own expression tests (actions/languageservices), when present.

mod shared;

use lockkeeper_workflow::expr::{Contexts, FunctionRule, Object, Scope, Value, parse};
use serde_json::Value as Json;
use shared::Tally;

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
    let mut tally = Tally::new("expressions");
    for part in shared::parts("expressions") {
        for file in shared::files(&part, &[".json"]) {
            let text = std::fs::read_to_string(&file).expect("a readable file");
            let groups: serde_json::Map<String, Json> = serde_json::from_str(&text).expect("JSON");
            let name = file.file_name().expect("a name").to_string_lossy();
            let cases = groups
                .values()
                .flat_map(|g| g.as_array().into_iter().flatten());
            for case in cases {
                let text = match case["expr"].as_str() {
                    Some("") | None => "(empty)",
                    Some(text) => text,
                };
                tally.case(&format!("{name}: {text}"), judge(case));
            }
        }
    }
    tally.finish();
}
