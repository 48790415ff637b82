//! The JMESPath project's own compliance cases, where they are at hand.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::Query;

#[derive(Deserialize)]
struct Suite {
    given: Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    expression: String,
    #[serde(default)]
    result: Value,
    error: Option<String>,
}

fn folder() -> Option<PathBuf> {
    let shared = match std::env::var_os("LOCKKEEPER_SHARED") {
        Some(shared) => PathBuf::from(shared),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
    };
    let folder = shared.join("conformance/jmespath/dev");
    folder.is_dir().then_some(folder)
}

#[test]
fn the_standard_s_cases() {
    let Some(folder) = folder() else {
        eprintln!("skipped: the JMESPath compliance cases are not here");
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
        .filter(|path| path.file_stem().is_some_and(|stem| stem != "schema"))
        .collect();
    files.sort();
    let (mut passed, mut failed) = (0, Vec::new());
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let suites: Vec<Suite> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for suite in suites {
            for case in suite.cases {
                let got =
                    Query::compile(&case.expression).and_then(|query| query.search(&suite.given));
                let fits = match (&got, &case.error) {
                    (Ok(value), None) => super::equal(value, &case.result),
                    (Err(_), Some(_)) => true,
                    _ => false,
                };
                match fits {
                    true => passed += 1,
                    false => failed.push(format!(
                        "{name}: {} gave {got:?}, expected {} {:?}",
                        case.expression, case.result, case.error
                    )),
                }
            }
        }
    }
    eprintln!("{passed} passed, {} failed", failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
