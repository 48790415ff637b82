//! Filter patterns of GitHub's documentation, act and actionlint, when present.

mod shared;

use lockkeeper_workflow::filter::{self, Dialect};
use serde_json::Value as Json;
use shared::Tally;

fn strings(json: &Json) -> Vec<String> {
    let items = json.as_array().into_iter().flatten();
    items
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect()
}

/// The cases of every part of the set.
fn cases() -> Vec<Json> {
    let mut cases = Vec::new();
    for part in shared::parts("filter-patterns") {
        let text = std::fs::read_to_string(part.join("cases.json")).expect("a readable file");
        let read: Vec<Json> = serde_json::from_str(&text).expect("JSON");
        cases.extend(read);
    }
    cases
}

/// Cases that the set itself marks as doubtful are left out.
#[test]
fn filter_patterns_agree() {
    let mut tally = Tally::new("filter-patterns, matching");
    for case in cases().iter().filter(|c| c.get("doubtful").is_none()) {
        let patterns = strings(&case["patterns"]);
        let inputs = strings(&case["inputs"]);
        let found = match case["kind"].as_str() {
            Some("include") => filter::any_included(&patterns, &inputs),
            Some("ignore") => filter::all_ignored(&patterns, &inputs),
            _ => continue,
        };
        let wanted = case["expect"].as_str() == Some("match");
        let result = if found == wanted {
            Ok(())
        } else {
            Err(format!("{patterns:?} {inputs:?} gave {found}: {case}"))
        };
        tally.case(case["id"].as_str().unwrap_or(""), result);
    }
    tally.finish();
}

/// Cases that are actionlint's taste alone are left out.
#[test]
fn illegal_patterns_are_refused_alike() {
    let mut tally = Tally::new("filter-patterns, legality");
    let judged = |c: &&Json| c["kind"] == "validate" && c.get("severity").is_none();
    for case in cases().iter().filter(judged) {
        let dialect = match case["dialect"].as_str() {
            Some("path") => Dialect::Path,
            _ => Dialect::Ref,
        };
        for pattern in strings(&case["patterns"]) {
            let legal = filter::check(&pattern, dialect).is_ok();
            let result = if legal == (case["expect"] != "error") {
                Ok(())
            } else {
                Err(format!("legal={legal}: {case}"))
            };
            tally.case(case["id"].as_str().unwrap_or(""), result);
        }
    }
    tally.finish();
}
