//! The shipped example with more rules, its generated pipeline, and verdicts on it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if !entry.file_type().unwrap().is_dir() {
            fs::copy(entry.path(), to.join(name)).unwrap();
        } else if name != "node_modules" && name != "dist" && name != "coverage" {
            copy(&entry.path(), &to.join(name));
        }
    }
}

/// A repository whose rules say this too.
pub(crate) fn repository(rules: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/node-api");
    copy(&example, directory.path());
    let file = directory.path().join("CLAUDE.md");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, format!("{text}\n{rules}")).unwrap();
    let generated = Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .arg("generate")
        .current_dir(directory.path())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&generated.stderr);
    assert!(generated.status.success(), "{complaint}");
    directory
}

/// What stories say of a promise: the verdict, and the message and line of each breach.
#[allow(dead_code)]
pub(crate) fn verdict(
    repository: &Path,
    promise: &str,
    stories: &[&str],
) -> (String, Vec<(String, usize)>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockkeeper"));
    command.args(["rehearse", "--format", "json"]);
    for story in stories {
        command.args(["--scenario", story]);
    }
    let output = command.current_dir(repository).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let promises = report["promises"].as_array().unwrap();
    let judged = promises.iter().find(|one| one["id"] == promise).unwrap();
    let breaches = judged["evidence"].as_array().unwrap().iter().map(|one| {
        let message = one["message"].as_str().unwrap().to_owned();
        (message, one["line"].as_u64().unwrap() as usize)
    });
    (
        judged["verdict"].as_str().unwrap().to_owned(),
        breaches.collect(),
    )
}
