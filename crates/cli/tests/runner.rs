//! What GitHub's runner does with jobs and steps, seen from a workflow that tries it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const WORKFLOW: &str = r#"
name: Runner
on: {pull_request: {branches: [main]}}
env: {LEVEL: workflow, SHOWN: workflow}
defaults: {run: {shell: bash}}
jobs:
  first:
    runs-on: ubuntu-24.04
    env: {SHOWN: job}
    outputs:
      word: ${{ steps.word.outputs.word }}
      many: ${{ steps.word.outputs.many }}
      secret: ${{ steps.secret.outputs.value }}
    steps:
      - uses: actions/checkout@v7
      - id: word
        run: |
          echo "word=hello" >>"$GITHUB_OUTPUT"
          { echo "many<<END"; printf 'a\nb\n'; echo END; } >>"$GITHUB_OUTPUT"
          echo "LATER=from step ${{ github.run_attempt }}" >>"$GITHUB_ENV"
          mkdir -p bin && printf '#!/bin/sh\necho tool\n' >bin/tool && chmod +x bin/tool
          echo "$PWD/bin" >>"$GITHUB_PATH"
      - env: {SHOWN: step}
        run: echo "$LEVEL $SHOWN $LATER $(tool) $GITHUB_JOB $GITHUB_REF"
      - id: secret
        run: |
          echo "::add-mask::hunter2"
          echo "the password is hunter2"
          echo "value=hunter2" >>"$GITHUB_OUTPUT"
      - run: git log --oneline | wc -l; git status --porcelain | wc -l
      - id: bad
        continue-on-error: true
        run: exit 3
      - run: echo "bad ${{ steps.bad.outcome }} ${{ steps.bad.conclusion }}"
      - run: |
          mkdir out && echo carried >out/file
      - uses: actions/upload-artifact@v7
        with: {name: thing, path: out}
      - run: false | true
      - if: failure()
        run: echo "after failure"
      - run: echo "never said"
      - if: always()
        run: echo "always, ${{ job.status }}"
  second:
    needs: first
    if: always() && needs.first.result == 'failure'
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/download-artifact@v8
        with: {name: thing}
      - run: echo "${{ needs.first.outputs.word }} [${{ needs.first.outputs.secret }}] $(cat file) ${{ toJSON(needs.first.outputs.many) }}"
      - timeout-minutes: 2
        run: |
          echo "began $(date -u +%T)"
          sleep 600
      - if: failure()
        run: echo "ended $(date -u +%T)"
  third:
    needs: [first, second]
    runs-on: ubuntu-24.04
    steps: [{run: echo "never said"}]
"#;

fn events(directory: &Path) -> Vec<Value> {
    let outside = tempfile::tempdir().expect("a directory");
    let path = outside.path().join("events.jsonl");
    let output = Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .args(["rehearse", "--scenario", "pull-request-green", "--events"])
        .arg(&path)
        .current_dir(directory)
        .output()
        .expect("lockkeeper runs");
    assert!(path.exists(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(path).expect("the events");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|event: &Value| {
            event["scenario"] == "pull-request-green" && event["settings"] == "declared"
        })
        .collect()
}

#[test]
fn jobs_and_steps_go_as_on_github() {
    let directory = tempfile::tempdir().expect("a directory");
    let workflows = directory.path().join(".github/workflows");
    std::fs::create_dir_all(&workflows).expect("a directory");
    std::fs::write(workflows.join("runner.yml"), WORKFLOW).expect("a workflow");
    let events = events(directory.path());
    // The pull request from the repository itself is the second.
    let run = events
        .iter()
        .filter(|e| e["event"] == "run-created")
        .nth(1)
        .expect("a run")["run"]
        .clone();
    let of_run: Vec<&Value> = events.iter().filter(|e| e["run"] == run).collect();
    let said: Vec<&str> = of_run
        .iter()
        .filter(|e| e["event"] == "step-output")
        .filter_map(|e| e["text"].as_str())
        .filter(|text| !text.starts_with("HEAD is now at"))
        .collect();
    assert_eq!(
        said,
        [
            "workflow step from step 1 tool first refs/pull/2/merge",
            "the password is ***",
            "1",
            // What the step before made.
            "1",
            "Error: Process completed with exit code 3.",
            "bad failure success",
            "Error: Process completed with exit code 1.",
            "after failure",
            "always, failure",
            // JSON's quotes end and begin the shell's.
            "hello [] carried anb",
            "began 09:02:38",
            "Error: The action 'Run echo \"began $(date -u +%T)\"' has timed out after 2 minutes.",
            // Two minutes, and ten seconds of signals that bash does not heed while `sleep` runs.
            "ended 09:04:48",
        ]
    );
    let signals: Vec<&str> = of_run
        .iter()
        .filter(|e| e["event"] == "signal-sent")
        .filter_map(|e| e["signal"].as_str())
        .collect();
    assert_eq!(signals, ["SIGINT", "SIGTERM", "SIGKILL"]);
    let ended = |key: &str| {
        of_run
            .iter()
            .find(|e| e["event"] == "job-completed" && e["key"] == key)
            .map(|e| e["conclusion"].clone())
    };
    assert_eq!(ended("first"), Some("failure".into()));
    assert_eq!(ended("second"), Some("failure".into()));
    assert_eq!(ended("third"), Some("skipped".into()));
    let skipped = of_run.iter().any(|e| {
        e["event"] == "annotation"
            && e["text"]
                .as_str()
                .is_some_and(|t| t.contains("Skip output 'secret'"))
    });
    assert!(skipped, "an output that holds a secret does not cross jobs");
}
