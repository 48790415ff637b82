//! Filter patterns of GitHub's documentation, act and actionlint, when present.

mod shared;

use lockkeeper_workflow::filter::{self, Dialect};
use serde_json::Value as Json;

/// Cases where we differ on purpose: the id and why.
const KNOWN: &[(&str, &str)] = &[];

fn strings(json: &Json) -> Vec<String> {
    let items = json.as_array().into_iter().flatten();
    items
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect()
}

#[test]
fn filter_patterns_agree() {
    let Some(folder) = shared::folder("conformance/filter-patterns/dev") else {
        return;
    };
    let text = std::fs::read_to_string(folder.join("cases.json")).expect("a readable file");
    let cases: Vec<Json> = serde_json::from_str(&text).expect("JSON");
    let (mut all, mut failed) = (0, Vec::new());
    for case in &cases {
        if case.get("doubtful").is_some() {
            continue;
        }
        let patterns = strings(&case["patterns"]);
        let inputs = strings(&case["inputs"]);
        let found = match case["kind"].as_str() {
            Some("include") => filter::any_included(&patterns, &inputs),
            Some("ignore") => filter::all_ignored(&patterns, &inputs),
            _ => continue,
        };
        all += 1;
        let id = case["id"].as_str().unwrap_or("");
        let wanted = case["expect"].as_str() == Some("match");
        if found != wanted && !KNOWN.iter().any(|(known, _)| *known == id) {
            failed.push(format!(
                "{id}: {patterns:?} {inputs:?} gave {found}: {case}"
            ));
        }
    }
    println!(
        "filter patterns: {} of {all} agree",
        all - failed.len() - KNOWN.len()
    );
    assert!(failed.is_empty(), "{}\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn illegal_patterns_are_refused_alike() {
    let Some(folder) = shared::folder("conformance/filter-patterns/dev") else {
        return;
    };
    let text = std::fs::read_to_string(folder.join("cases.json")).expect("a readable file");
    let cases: Vec<Json> = serde_json::from_str(&text).expect("JSON");
    let (mut all, mut failed) = (0, Vec::new());
    let judged = |c: &&Json| c["kind"] == "validate" && c.get("severity").is_none();
    for case in cases.iter().filter(judged) {
        let dialect = match case["dialect"].as_str() {
            Some("path") => Dialect::Path,
            _ => Dialect::Ref,
        };
        for pattern in strings(&case["patterns"]) {
            all += 1;
            let legal = filter::check(&pattern, dialect).is_ok();
            if legal != (case["expect"] != "error") {
                failed.push(format!("legal={legal}: {case}"));
            }
        }
    }
    println!("pattern legality: {} of {all} agree", all - failed.len());
    assert!(failed.is_empty(), "{}\n{}", failed.len(), failed.join("\n"));
}
