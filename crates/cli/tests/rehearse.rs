//! The main job, as a user does it: generate the example's pipeline, rehearse it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("the example") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if entry.file_type().expect("a type").is_dir() {
            if name != "node_modules" && name != "dist" && name != "coverage" {
                copy(&entry.path(), &to.join(name));
            }
        } else {
            std::fs::copy(entry.path(), to.join(name)).expect("a copy");
        }
    }
}

fn lockkeeper(directory: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .args(args)
        .current_dir(directory)
        .output()
        .expect("lockkeeper runs")
}

fn generated() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/node-api");
    copy(&example, directory.path());
    let output = lockkeeper(directory.path(), &["generate"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    directory
}

#[test]
fn the_generated_pipeline_keeps_every_promise() {
    let directory = generated();
    let output = lockkeeper(directory.path(), &["rehearse", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let promises = report["promises"].as_array().expect("promises");
    assert_eq!(promises.len(), 23);
    for promise in promises {
        assert_eq!(promise["verdict"], "kept", "{promise:#}");
    }
    let scenarios = report["scenarios"].as_array().expect("scenarios");
    assert!(scenarios.len() >= 25);
    for scenario in scenarios {
        assert!(scenario.get("note").is_none(), "{scenario:#}");
        assert_eq!(scenario["verdict"], "passed", "{scenario:#}");
        assert!(
            scenario["virtual_seconds"].as_f64() > Some(1800.0),
            "{scenario:#}"
        );
    }
    assert_eq!(report["not_modelled"], serde_json::json!([]));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let directory = generated();
    // Not into the repository: that would change what is rehearsed.
    let outside = tempfile::tempdir().expect("a directory");
    let play = |name: &str| {
        let events = outside.path().join(name);
        let events = events.to_str().expect("a plain path");
        let stories = [
            "--scenario",
            "two-merges",
            "--scenario",
            "pull-request-green",
        ];
        let args = [&["rehearse", "--events", events], &stories[..]].concat();
        assert_eq!(lockkeeper(directory.path(), &args).status.code(), Some(0));
        std::fs::read(events).expect("the events")
    };
    let first = play("first.jsonl");
    assert!(first.len() > 100_000);
    assert!(
        first == play("second.jsonl"),
        "two runs with one seed differ"
    );
}

#[test]
fn failing_fast_ends_with_the_story_that_broke_a_promise() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/naive");
    let stories = |args: &[&str]| -> Vec<String> {
        let output = lockkeeper(
            &example,
            &[&["rehearse", "--format", "json"], args].concat(),
        );
        assert_eq!(output.status.code(), Some(1));
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        let scenarios = report["scenarios"].as_array().expect("scenarios").iter();
        scenarios.map(|s| s["id"].to_string()).collect()
    };
    let two = [
        "--scenario",
        "bad-image-crashes",
        "--scenario",
        "merge-to-staging",
    ];
    assert_eq!(stories(&two).len(), 2);
    let fast = stories(&[&two[..], &["--fail-fast"]].concat());
    // The first that was asked for; on a second processor the other may have begun beside it.
    assert!(
        fast.contains(&"\"bad-image-crashes\"".to_owned()),
        "{fast:?}"
    );
    let all = stories(&[]).len();
    assert!(stories(&["--fail-fast"]).len() < all);
}

#[test]
fn what_cannot_be_rehearsed_is_refused_with_a_way_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let refused = |args: &[&str]| {
        let output = lockkeeper(directory.path(), args);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(refused(&["rehearse"]).contains("lockkeeper generate"));
    assert!(refused(&["rehearse", "nowhere"]).contains("nowhere"));
    std::fs::create_dir_all(directory.path().join(".github/workflows")).expect("a directory");
    let workflow = directory.path().join(".github/workflows/ci.yml");
    std::fs::write(
        &workflow,
        "on: push\njobs:\n  a:\n    runs-on: x\n    stepz: []\n",
    )
    .expect("a workflow");
    let message = refused(&["rehearse"]);
    assert!(
        message.contains("ci.yml:5") && message.contains("stepz"),
        "{message}"
    );
    std::fs::write(
        &workflow,
        "on: push\njobs: {a: {runs-on: x, steps: [{run: 'true'}]}}\n",
    )
    .expect("a workflow");
    assert!(refused(&["rehearse", "--scenario", "nonsense"]).contains("merge-to-staging"));
}
