//! `lockkeeper graph`, from the outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn graph(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .arg("graph")
        .arg(directory)
        .args(arguments)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What is printed for a repository, after the command that it answers.
fn session(directory: &Path, arguments: &[&str]) -> String {
    let output = graph(directory, arguments);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
    assert!(error.is_empty(), "{error}");
    let page = text(&output.stdout);
    if !arguments.contains(&"--format") {
        for line in page.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
    format!("$ lockkeeper graph {}\n{page}", arguments.join(" "))
}

/// Workflows of our own: a reusable one, matrices, conditions of all kinds.
fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/graph")
}

fn repository(workflows: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join(".github/workflows");
    fs::create_dir_all(&home).unwrap();
    for (name, workflow) in workflows {
        fs::write(home.join(name), workflow).unwrap();
    }
    dir
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, to) = (entry.file_name(), to.join(entry.file_name()));
        if ["node_modules", "dist", "coverage"]
            .iter()
            .any(|left| name == *left)
        {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn the_generated_pipeline() {
    let demo = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/node-api");
    copy(&example, demo.path());
    let generated = Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .arg("generate")
        .arg(demo.path())
        .output()
        .unwrap();
    assert!(generated.status.success());
    let asked: [&[&str]; 6] = [
        &[],
        &["--event", "push"],
        &["--event", "push", "--ref", "topic"],
        &["--event", "push", "--fails", "deploy"],
        &["--event", "pull_request", "--head", "topic", "--fork"],
        &[
            "--event",
            "workflow_dispatch",
            "--input",
            "image_tag=0123abc",
        ],
    ];
    let sessions: Vec<String> = asked
        .iter()
        .map(|asked| session(demo.path(), asked))
        .collect();
    insta::assert_snapshot!(sessions.join("\n"));
}

#[test]
fn workflows_that_call_and_multiply() {
    let asked: [&[&str]; 9] = [
        &[],
        &["--event", "push", "--path", "src/a.ts"],
        &["--event", "push", "--ref", "release/old/1"],
        &["--event", "push", "--path", "docs/a.md"],
        &[
            "--event",
            "push",
            "--fails",
            "staging/apply",
            "--path",
            "src/a.ts",
        ],
        &["--event", "pull_request", "--type", "labeled"],
        &["--event", "pull_request", "--type", "closed"],
        &["--event", "schedule"],
        &["--event", "workflow_dispatch", "--input", "deep=true"],
    ];
    let sessions: Vec<String> = asked.iter().map(|asked| session(&own(), asked)).collect();
    insta::assert_snapshot!(sessions.join("\n"));
}

#[test]
fn mermaid_and_json() {
    let mermaid = session(&own(), &["--event", "push", "--format", "mermaid"]);
    insta::assert_snapshot!(mermaid);
    let output = graph(
        &own(),
        &["--event", "push", "--path", "src/a.ts", "--format", "json"],
    );
    assert_eq!(output.status.code(), Some(0));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["schema"], 1);
    let ci = &json["workflows"][0];
    assert_eq!(ci["file"], ".github/workflows/ci.yml");
    assert_eq!(ci["starts"]["verdict"], "yes");
    let job = |id: &str| {
        let jobs = ci["jobs"].as_array().unwrap();
        jobs.iter().find(|job| job["id"] == id).unwrap()
    };
    assert_eq!(job("test")["instances"].as_array().unwrap().len(), 4);
    assert_eq!(job("test")["matrix"]["fail_fast"], false);
    assert_eq!(job("contract")["verdict"], "unknown");
    assert_eq!(
        job("contract")["why"]["depends_on"][0],
        "needs.changes.outputs.api"
    );
    assert_eq!(
        job("preview")["why"]["decided"]["values"]["github.event_name"],
        "push"
    );
    let call = &job("staging")["instances"][0]["call"];
    let apply = &call["jobs"][1];
    assert_eq!(apply["path"], "staging/apply");
    assert_eq!(
        apply["instances"][0]["environment"]["name"]["text"],
        "staging-eu"
    );
    assert_eq!(apply["instances"][0]["concurrency"]["queue"], "max");
    assert_eq!(apply["permissions"]["scopes"]["id-token"], "write");
    assert_eq!(apply["permissions"]["from"], "caller");
    assert_eq!(json["workflows"][1]["starts"]["verdict"], "no");
}

#[test]
fn one_file_and_other_directories() {
    let home = own().join(".github/workflows");
    let by_directory = graph(Path::new("."), &["--workflows", home.to_str().unwrap()]);
    assert_eq!(text(&by_directory.stdout), text(&graph(&own(), &[]).stdout));
    let file = home.join("ci.yml");
    let by_file = graph(
        Path::new("."),
        &["--workflows", file.to_str().unwrap(), "--event", "push"],
    );
    let page = text(&by_file.stdout);
    assert!(
        page.contains("staging (eu) / apply"),
        "files beside it are found: {page}"
    );
    assert!(!page.contains("nightly"), "{page}");
}

#[test]
fn a_payload_makes_known_what_was_unknown() {
    let dir = repository(&[(
        "a.yml",
        "on: pull_request\njobs:\n  a:\n    runs-on: x\n    if: '!github.event.pull_request.draft'\n",
    )]);
    let unknown = text(&graph(dir.path(), &["--event", "pull_request"]).stdout);
    assert!(
        unknown.contains("depends on github.event.pull_request.draft (a.yml:5)"),
        "{unknown}"
    );
    let payload = dir.path().join("event.json");
    fs::write(
        &payload,
        r#"{"action": "opened", "pull_request": {"draft": true}}"#,
    )
    .unwrap();
    let payload = payload.to_str().unwrap();
    let known = text(
        &graph(
            dir.path(),
            &["--event", "pull_request", "--payload", payload],
        )
        .stdout,
    );
    assert!(
        known.contains("github.event.pull_request.draft is true"),
        "{known}"
    );
}

#[test]
fn hostile_names_stay_names() {
    let workflow = "\
name: \"a\\\"]; end\\n```\\e[31m\"
on: push
jobs:
  end:
    name: \"x\\\"]:::evil --> n1; click n1 href \\\"javascript:1\\\" %%{init: {}}%%\"
    runs-on: x
  subgraph:
    name: \"```\\n<img src=x onerror=alert(1)>\\u001b[2J#quot;\"
    needs: end
    runs-on: x
    environment: \"`prod`\\n\\u0007\"
  class: {needs: [end, subgraph], runs-on: x, name: \"日本 é\"}
";
    let dir = repository(&[("w.yml", workflow)]);
    for format in ["text", "mermaid", "json"] {
        let output = graph(dir.path(), &["--event", "push", "--format", format]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let page = text(&output.stdout);
        let control = |c: char| c.is_control() && c != '\n';
        assert!(!page.contains(control), "{format}: {page:?}");
    }
    let chart = text(&graph(dir.path(), &["--format", "mermaid"]).stdout);
    assert_eq!(chart.matches("```").count(), 2, "{chart}");
    for line in chart.lines().filter(|line| line.contains('"')) {
        let (head, rest) = line.split_once("[\"").unwrap();
        let (label, tail) = rest.split_once("\"]").unwrap();
        assert!(
            head.trim().trim_start_matches("subgraph ").starts_with('n'),
            "{line}"
        );
        assert!(tail.is_empty() || tail.starts_with(":::"), "{line}");
        let plain = label.replace("<br/>", "");
        assert!(
            !plain.contains(['"', '<', '>', '`', '[', ']', '{', '}', '%']),
            "{line}"
        );
        for entity in plain.split('#').skip(1) {
            let (code, _) = entity.split_once(';').unwrap();
            assert!(code.bytes().all(|b| b.is_ascii_digit()), "{line}");
        }
    }
    assert!(chart.contains("日本 é"));
}

#[test]
fn colours_are_for_terminals() {
    let plain = graph(&own(), &["--event", "push"]);
    assert!(!text(&plain.stdout).contains('\u{1b}'));
    let coloured = |no_color: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockkeeper"));
        command.arg("graph").arg(own()).env("CLICOLOR_FORCE", "1");
        if let Some(value) = no_color {
            command.env_remove("CLICOLOR_FORCE").env("NO_COLOR", value);
        }
        text(&command.output().unwrap().stdout).contains('\u{1b}')
    };
    assert!(coloured(None));
    assert!(!coloured(Some("1")));
}

#[test]
fn unusable_input_ends_with_2() {
    let nothing = tempfile::tempdir().unwrap();
    let empty = repository(&[]);
    let half = repository(&[
        ("bad.yml", "on: push\njobs: {a: {run-on: x, steps: []}}"),
        ("good.yml", "on: push\njobs: {fine: {runs-on: x}}"),
    ]);
    let binary = repository(&[]);
    fs::write(binary.path().join(".github/workflows/x.yml"), [0xff, 0xfe]).unwrap();
    let own = own();
    let table: [(&Path, &[&str], &str); 14] = [
        (nothing.path(), &[], "there is no such directory"),
        (empty.path(), &[], "there is no workflow file"),
        (half.path(), &[], "did you mean `runs-on`?"),
        (binary.path(), &[], "UTF-8"),
        (&own, &["--event", "pull"], "did you mean pull_request"),
        (
            &own,
            &["--event", "pull_request", "--type", "push"],
            "has no activity type `push`",
        ),
        (&own, &["--event", "pull_request", "--ref", "x"], "--base"),
        (
            &own,
            &["--event", "push", "--fork"],
            "--fork says nothing about `push`",
        ),
        (
            &own,
            &["--event", "push", "--input", "a=b"],
            "--input says nothing",
        ),
        (
            &own,
            &["--event", "workflow_dispatch", "--input", "a"],
            "NAME=VALUE",
        ),
        (
            &own,
            &["--event", "issues", "--ref", "x"],
            "always runs on the default branch, main",
        ),
        (
            &own,
            &["--event", "push", "--fails", "tset"],
            "there is no job `tset`, only apply, changes",
        ),
        (
            &own,
            &["--event", "push", "--payload", "/nonexistent"],
            "/nonexistent",
        ),
        (&own, &["--ref", "main"], "--event"),
    ];
    for (directory, arguments, expected) in table {
        let output = graph(directory, arguments);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
    let rest = text(&graph(half.path(), &[]).stdout);
    assert!(rest.contains("fine"), "what can be read is shown: {rest}");
}

#[test]
fn the_help_has_examples() {
    let output = graph(Path::new("."), &["--help"]);
    let help = text(&output.stdout);
    assert!(
        help.contains("lockkeeper graph --event push --ref main"),
        "{help}"
    );
    assert!(help.contains("Exit status"), "{help}");
}
