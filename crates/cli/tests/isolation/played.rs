//! A rehearsal of one workflow whose only step is a script.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What came of it.
pub(crate) struct Played {
    pub(crate) report: Value,
    /// The lines that steps have printed.
    pub(crate) said: Vec<String>,
}

impl Played {
    pub(crate) fn has_said(&self, word: &str) -> bool {
        self.said.iter().any(|line| line == word)
    }

    /// Whether the report names it as not modelled, so that no promise is judged by its run.
    pub(crate) fn names(&self, text: &str) -> bool {
        let lines = self.report["not_modelled"].as_array().expect("a list");
        let mut texts = lines.iter().filter_map(Value::as_str);
        texts.any(|line| line.contains(text) && line.contains("its run is not judged"))
    }

    /// How the pull request's runs ended, each once.
    pub(crate) fn conclusions(&self) -> Vec<&str> {
        let scenarios = self.report["scenarios"].as_array().expect("stories");
        let runs = scenarios
            .iter()
            .flat_map(|story| story["runs"].as_array().expect("runs"));
        let mut ends: Vec<&str> = runs.filter_map(|run| run["conclusion"].as_str()).collect();
        ends.dedup();
        ends
    }
}

/// A repository with one workflow, which runs `script` for pull requests.
pub(crate) fn repository(at: &Path, script: &str) {
    let workflows = at.join(".github/workflows");
    std::fs::create_dir_all(&workflows).expect("a directory");
    let indented: String = script
        .lines()
        .map(|line| format!("          {line}\n"))
        .collect();
    let text = format!(
        "on: pull_request\njobs:\n  check:\n    runs-on: ubuntu-latest\n    timeout-minutes: 30\n    steps:\n      - run: |\n{indented}"
    );
    std::fs::write(workflows.join("ci.yml"), text).expect("a workflow");
}

/// The command that rehearses it: one story, in which a good change is proposed twice.
pub(crate) fn command(repository: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockkeeper"));
    command
        .arg("rehearse")
        .arg(repository)
        .args(["--scenario", "pull-request-green", "--format", "json"])
        .args(arguments);
    command
}

/// Plays a script.
pub(crate) fn play(script: &str, arguments: &[&str]) -> Played {
    let directory = crate::cage::directory();
    repository(directory.path(), script);
    let events = directory.path().join("events");
    let output = command(directory.path(), arguments)
        .arg("--events")
        .arg(&events)
        .output()
        .expect("lockkeeper starts");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout);
    let report: Value = report.unwrap_or_else(|error| panic!("{error}: {text}"));
    let log = std::fs::read_to_string(&events).expect("the events");
    let said = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("an event"))
        .filter(|event| event["event"] == "step-output")
        .filter_map(|event| event["text"].as_str().map(str::to_owned))
        .collect();
    Played { report, said }
}
