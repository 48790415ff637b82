//! Rules that name days and hours, and a pipeline that forgets to look at the clock.

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

fn verdict(repository: &Path) -> (String, Vec<Value>) {
    let output = Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .args([
            "rehearse",
            "--format",
            "json",
            "--scenario",
            "deploy-window",
        ])
        .current_dir(repository)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let promises = report["promises"].as_array().unwrap();
    let kept = promises.iter().find(|p| p["id"] == "window-kept").unwrap();
    let evidence = kept["evidence"].as_array().unwrap().clone();
    (kept["verdict"].as_str().unwrap().to_owned(), evidence)
}

#[test]
fn a_window_is_kept_before_and_after_the_approval() {
    let directory = tempfile::tempdir().unwrap();
    let repository = directory.path();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/node-api");
    copy(&example, repository);
    let rules = repository.join("CLAUDE.md");
    let mut text = fs::read_to_string(&rules).unwrap();
    text.push_str("\n- Production deploys only on weekdays, 10:00–16:00 JST\n- No production deploys on Fridays\n");
    fs::write(&rules, text).unwrap();
    let generated = Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .arg("generate")
        .current_dir(repository)
        .status()
        .unwrap();
    assert!(generated.success());
    assert_eq!(verdict(repository), ("kept".to_owned(), Vec::new()));

    let workflow = repository.join(".github/workflows/deploy-production.yml");
    let whole = fs::read_to_string(&workflow).unwrap();
    let step = |from: &str, to: &str| {
        let start = whole.find(&format!("      - name: {from}\n")).unwrap();
        let length = whole[start..].find(&format!("      - name: {to}")).unwrap();
        format!("{}{}", &whole[..start], &whole[start + length..])
    };
    let too_late = step("Verify the deploy window again", "Record");
    fs::write(&workflow, &too_late).unwrap();
    let (verdict_then, evidence) = verdict(repository);
    assert_eq!(verdict_then, "broken");
    let message = evidence[0]["message"].as_str().unwrap();
    assert!(
        message.contains("on Tuesday, 16:00 (Asia/Tokyo)"),
        "{message}"
    );
    let line = evidence[0]["line"].as_u64().unwrap() as usize;
    assert_eq!(too_late.lines().nth(line - 1), Some("      - name: Deploy"));
}
