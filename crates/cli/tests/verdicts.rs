//! Pipelines written by hand, each judged by reading it before it is rehearsed: `verdicts/<name>/`
//! holds the repository and `expected.json`, the verdict of every promise with the reason and, for
//! a broken one, a text of the step or job at fault.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// A rehearsal uses every processor: one at a time.
static TURN: Mutex<()> = Mutex::new(());

fn rehearse(directory: &Path) -> Value {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let output = Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .args(["rehearse", "--format", "json"])
        .arg(directory)
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}: {}",
        directory.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn written(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/verdicts")
        .join(name)
}

fn expected(directory: &Path) -> Value {
    let text = fs::read_to_string(directory.join("expected.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["promises"].take()
}

/// What a line of a workflow stands for: the step that begins there, the top-level key, or else
/// the body that goes on from there.
fn block(text: &str, line: usize) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = text.lines().skip(line - 1);
    let first = lines.next().unwrap();
    let alone = first.trim_start().starts_with("- ") || indent(first) == 0;
    let rest = lines.take_while(|next| {
        let deeper = if alone {
            indent(next) > indent(first)
        } else {
            indent(next) >= indent(first)
        };
        next.trim().is_empty() || deeper
    });
    std::iter::once(first)
        .chain(rest)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Compares a rehearsal with what was expected of each promise; `renamed` are the workflow files
/// that go by another name here. Everything that differs, in words.
fn differences(
    directory: &Path,
    report: &Value,
    expected: &Value,
    renamed: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut found = Vec::new();
    let promises = report["promises"].as_array().unwrap();
    let expected = expected.as_object().unwrap();
    if promises.len() != expected.len() {
        found.push(format!("{} promises are judged", promises.len()));
    }
    for promise in promises {
        let id = promise["id"].as_str().unwrap();
        let wanted = &expected[id];
        for column in ["verdict", "with_defaults"] {
            if promise[column] != wanted[column] {
                found.push(format!(
                    "{id}, {column}: {} was expected ({}), it is {}",
                    wanted[column], wanted["why"], promise[column]
                ));
            }
        }
        let evidence = promise["evidence"].as_array().unwrap();
        for one in evidence {
            let (file, line) = (one["file"].as_str().unwrap(), one["line"].as_u64().unwrap());
            let text = fs::read_to_string(directory.join(".github/workflows").join(file));
            let inside = text.is_ok_and(|text| (1..=text.lines().count() as u64).contains(&line));
            if !inside || one["message"].as_str().unwrap().is_empty() {
                found.push(format!("{id}: evidence at no line: {one}"));
            }
        }
        let broken = [("verdict", "declared"), ("with_defaults", "defaults")]
            .into_iter()
            .find(|(column, _)| wanted[*column] == "broken");
        let Some((_, settings)) = broken else {
            if !evidence.is_empty() {
                found.push(format!("{id}: evidence against what is kept"));
            }
            continue;
        };
        let Some(first) = evidence.iter().find(|one| one["settings"] == settings) else {
            found.push(format!("{id}: no evidence"));
            continue;
        };
        let (file, text) = (
            wanted["at"]["file"].as_str().unwrap(),
            wanted["at"]["text"].as_str().unwrap(),
        );
        let file = renamed.get(file).map_or(file, String::as_str);
        let contents = fs::read_to_string(directory.join(".github/workflows").join(file)).unwrap();
        let line = first["line"].as_u64().unwrap() as usize;
        if first["file"] != file || !block(&contents, line).contains(text) {
            found.push(format!("{id}: not at `{text}` of {file}: {first}"));
        }
    }
    found
}

fn hold(name: &str) {
    let directory = written(name);
    let found = differences(
        &directory,
        &rehearse(&directory),
        &expected(&directory),
        &BTreeMap::new(),
    );
    assert!(found.is_empty(), "{name}:\n{}", found.join("\n"));
}

#[test]
fn one_file_for_both_environments() {
    hold("one-file");
}

#[test]
fn the_official_actions_before_they_saw_rollbacks() {
    hold("official-v1");
}

#[test]
fn the_official_actions_with_locks() {
    hold("official-v2");
}

#[test]
fn task_definitions_by_hand() {
    hold("by-hand");
}

#[test]
fn a_careful_one() {
    hold("careful");
}

#[test]
fn a_lock_around_the_gate() {
    hold("lock-around-gate");
}

#[test]
fn an_open_door() {
    hold("open-door");
}

/// Another way to write the same workflow: a comment here and there, quotes, twice the
/// indentation, other names for jobs and steps, top-level keys the other way round.
fn rewritten(text: &str) -> String {
    let jobs: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("jobs:"))
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|id| !id.starts_with(' '))
        .collect();
    let other = |id: &str| {
        let place = jobs.iter().position(|job| *job == id);
        place.map_or(id.to_owned(), |place| format!("part_{place}"))
    };
    let mut chunks: Vec<String> = Vec::new();
    let mut steps = 0;
    for line in text.lines() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        if indent == 0 && !content.is_empty() {
            chunks.push(format!(
                "# {} follows\n",
                content.split(':').next().unwrap()
            ));
        }
        let (dash, body) = match content.strip_prefix("- ") {
            Some(body) => ("-   ", body),
            None => ("", content),
        };
        let body = match body.split_once(": ") {
            Some((key @ ("uses" | "runs-on"), value)) => format!("\"{key}\": '{value}'  # quoted"),
            Some(("name", _)) if indent > 0 => {
                steps += 1;
                format!("name: \"Step {steps}\"")
            }
            Some(("needs", value)) => {
                let ids = value.trim_matches(['[', ']']).split(", ").map(other);
                format!("needs:  [{}]", ids.collect::<Vec<_>>().join(","))
            }
            _ => match body.strip_suffix(':').filter(|_| indent == 2) {
                Some(id) => format!("{}:", other(id)),
                None => jobs.iter().fold(body.to_owned(), |body, id| {
                    body.replace(&format!("needs.{id}."), &format!("needs.{}.", other(id)))
                }),
            },
        };
        let chunk = chunks.last_mut().unwrap();
        chunk.push_str(&" ".repeat(2 * indent));
        chunk.push_str(dash);
        chunk.push_str(&body);
        chunk.push('\n');
    }
    chunks.reverse();
    chunks.join("\n")
}

/// Verdicts follow what the files mean, not how they are written.
fn hold_rewritten(name: &str, files: &[(&str, &str)]) {
    let original = written(name);
    let copy = tempfile::tempdir().unwrap();
    let directory = copy.path().join("elsewhere");
    let workflows = directory.join(".github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    fs::copy(original.join("CLAUDE.md"), directory.join("CLAUDE.md")).unwrap();
    if original.join("ops").is_dir() {
        fs::create_dir(directory.join("ops")).unwrap();
        for script in fs::read_dir(original.join("ops")).unwrap() {
            let script = script.unwrap();
            fs::copy(
                script.path(),
                directory.join("ops").join(script.file_name()),
            )
            .unwrap();
        }
    }
    let mut renamed = BTreeMap::new();
    for (old, new) in files {
        let text = fs::read_to_string(original.join(".github/workflows").join(old)).unwrap();
        fs::write(workflows.join(new), rewritten(&text)).unwrap();
        renamed.insert((*old).to_owned(), (*new).to_owned());
    }
    let report = rehearse(&directory);
    let found = differences(&directory, &report, &expected(&original), &renamed);
    assert!(found.is_empty(), "{name}:\n{}", found.join("\n"));
}

#[test]
fn task_definitions_by_hand_written_another_way() {
    hold_rewritten(
        "by-hand",
        &[
            ("quality.yml", "z.yaml"),
            ("to-production.yml", "a.yaml"),
            ("to-staging.yml", "m.yaml"),
        ],
    );
}

#[test]
fn a_careful_one_written_another_way() {
    hold_rewritten(
        "careful",
        &[
            ("gates.yml", "3.yml"),
            ("production.yml", "1.yml"),
            ("staging.yml", "2.yml"),
        ],
    );
}

/// What an action without a model would have said is not known: neither kept nor broken.
#[test]
fn a_gate_that_is_not_modelled() {
    let original = written("official-v1");
    let copy = tempfile::tempdir().unwrap();
    let workflows = copy.path().join(".github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    fs::copy(original.join("CLAUDE.md"), copy.path().join("CLAUDE.md")).unwrap();
    for file in ["pr.yml", "staging.yml", "production.yml"] {
        let text = fs::read_to_string(original.join(".github/workflows").join(file)).unwrap();
        let text = text.replace(
            "run: npm ci && npm run lint",
            "uses: example/lint-action@v1",
        );
        fs::write(workflows.join(file), text).unwrap();
    }
    let report = rehearse(copy.path());
    let promises = report["promises"].as_array().unwrap();
    let merge_gated = promises
        .iter()
        .find(|one| one["id"] == "merge-gated")
        .unwrap();
    assert_eq!(merge_gated["verdict"], "not_exercised", "{merge_gated}");
    let named = report["not_modelled"].to_string();
    assert!(named.contains("example/lint-action@v1"), "{named}");
}

/// A pipeline of a published article, where the set that holds it is present.
#[test]
fn the_article() {
    let shared = std::env::var_os("LOCKKEEPER_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let directory = shared.join("fixtures/article");
    if !directory.is_dir() {
        println!("skipped: no article at {}", directory.display());
        return;
    }
    let (staging, production) = ("deploy-staging.yml", "deploy-production.yml");
    let update = "aws ecs update-service";
    let broken = |file: &str, text: &str, defaults: &str| json!({ "verdict": "broken", "with_defaults": defaults, "at": { "file": file, "text": text } });
    let ungated = |file: &str, text: &str| json!({ "verdict": "kept", "with_defaults": "broken", "at": { "file": file, "text": text } });
    let unbroken =
        |verdict: &str, defaults: &str| json!({ "verdict": verdict, "with_defaults": defaults });
    let expected = json!({
        "staging-serves-merge": broken(staging, update, "broken"),
        "green-means-serving": broken(staging, update, "broken"),
        "failed-deploy-restores": broken(staging, update, "broken"),
        "production-promotes-staging": broken(production, update, "broken"),
        "one-at-a-time": broken(staging, update, "broken"),
        "ungated-fails-closed": broken(production, update, "broken"),
        // Where nobody is asked, there is no approval that could be stale or blind.
        "stale-approval-refused": broken(production, update, "not_exercised"),
        "approval-shows-digest": broken(production, "environment: production", "not_exercised"),
        "rerun-is-inert": broken(production, update, "broken"),
        "failure-says-what-serves": broken(staging, update, "broken"),
        "merge-gated": ungated("ci.yml", "npm run lint"),
        "production-approved": ungated(production, update),
        "good-change-arrives": unbroken("kept", "kept"),
        "pr-has-no-credentials": unbroken("kept", "kept"),
        "smoke-detects": unbroken("kept", "kept"),
        "rollback-restores": unbroken("kept", "kept"),
        "rollback-not-blocked": unbroken("kept", "not_exercised"),
        // No merge ever comes to serve.
        "never-backwards": unbroken("not_exercised", "not_exercised"),
        "always-ends": unbroken("kept", "kept"),
        // Neither a policy nor the registry's rules are known.
        "previous-image-kept": unbroken("not_exercised", "not_exercised"),
        "permissions-suffice": unbroken("not_exercised", "not_exercised"),
        "permissions-isolated": unbroken("not_exercised", "not_exercised"),
        "permissions-used": unbroken("not_exercised", "not_exercised"),
    });
    let report = rehearse(&directory);
    let found = differences(&directory, &report, &expected, &BTreeMap::new());
    assert!(found.is_empty(), "{}", found.join("\n"));
}
