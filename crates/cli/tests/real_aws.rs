//! `rehearse --real aws`: the AWS CLI itself and its model tell the same story.
//!
//! `LOCKKEEPER_REAL_AWS` names an AWS CLI; otherwise that of `cargo xtask judges` is taken, where
//! it was installed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn lockkeeper(directory: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .arg("rehearse")
        .arg(directory)
        .args(args)
        .output()
        .expect("lockkeeper runs")
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real_aws")
}

/// An installed AWS CLI; what was asked for by name must be there.
fn installed() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("LOCKKEEPER_REAL_AWS") {
        let named = PathBuf::from(named);
        assert!(
            named.is_file(),
            "LOCKKEEPER_REAL_AWS: no {}",
            named.display()
        );
        return Some(named);
    }
    let judges = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.judges/venv/bin/aws");
    judges.canonicalize().ok()
}

/// One story: what happened, and what each step printed.
#[derive(Debug, Default, PartialEq)]
struct Story {
    events: Vec<Value>,
    printed: BTreeMap<(u64, u64), Vec<String>>,
}

/// The stories of an event log, without what may differ between the model, which is the CLI's
/// version 2, and version 1: which code an `aws` command fails with, whether what it printed comes
/// before or after its end at the same instant, the lead of an error message.
fn stories(log: &str) -> BTreeMap<String, Story> {
    let mut stories: BTreeMap<String, Story> = BTreeMap::new();
    for line in log.lines() {
        let mut event: Value = serde_json::from_str(line).expect("an event");
        // The records before the stories' events are for judging again.
        if event["scenario"].is_null() {
            continue;
        }
        let story = stories.entry(format!("{} {}", event["scenario"], event["settings"]));
        let story = story.or_default();
        event.as_object_mut().expect("an object").remove("seq");
        match event["event"].as_str() {
            Some("step-output") => {
                let text = event["text"].as_str().unwrap_or_default();
                let text = text.strip_prefix("aws: [ERROR]: ").unwrap_or(text);
                let step = (
                    event["job"].as_u64().expect("a job"),
                    event["step"].as_u64().expect("a step"),
                );
                if !text.is_empty() {
                    story.printed.entry(step).or_default().push(text.to_owned());
                }
                continue;
            }
            Some("command") if event["argv"][0] == "aws" && event["exit_code"] != 0 => {
                event["exit_code"] = "not 0".into();
            }
            _ => {}
        }
        story.events.push(event);
    }
    stories
}

#[test]
fn the_aws_cli_and_its_model_tell_the_same_story() {
    let Some(cli) = installed() else {
        eprintln!("skipped: no AWS CLI (LOCKKEEPER_REAL_AWS, or `cargo xtask judges`)");
        return;
    };
    // Not into the repository: that would change what is rehearsed.
    let outside = tempfile::tempdir().expect("a directory");
    let play = |name: &str, more: &[&str]| {
        let events = outside.path().join(name);
        let path = events.to_str().expect("a plain path");
        let story = ["--scenario", "merge-to-staging", "--format", "json"];
        let args = [&["--events", path], &story[..], more].concat();
        let output = lockkeeper(&repository(), &args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{errors}");
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        assert_eq!(report["not_modelled"], serde_json::json!([]));
        let log = std::fs::read_to_string(events).expect("the events");
        (report["assumptions"].to_string(), stories(&log))
    };
    let real = format!("aws={}", cli.display());
    let (assumed, theirs) = play("cli.jsonl", &["--real", &real]);
    assert!(
        assumed.contains("`aws` is the installed aws-cli/"),
        "{assumed}"
    );
    let (assumed, ours) = play("model.jsonl", &[]);
    assert!(!assumed.contains("installed"), "{assumed}");
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>()
    );
    for (name, our) in &ours {
        let their = &theirs[name];
        let calls = |story: &Story| {
            let aws = |event: &&Value| event["event"] == "command" && event["argv"][0] == "aws";
            story.events.iter().filter(aws).count()
        };
        assert!(
            calls(our) > 25,
            "{name} calls aws {} times only",
            calls(our)
        );
        let pairs = our.events.iter().zip(&their.events);
        if let Some((model, cli)) = pairs.into_iter().find(|(model, cli)| model != cli) {
            panic!("{name}:\n  model: {model}\n  cli:   {cli}");
        }
        assert_eq!(our.events.len(), their.events.len(), "{name}");
        assert_eq!(our.printed, their.printed, "{name}");
    }
}

#[test]
fn what_cannot_be_run_is_refused_with_a_way_out() {
    let outside = tempfile::tempdir().expect("a directory");
    let refused = |real: &str| {
        let output = lockkeeper(&repository(), &["--real", real]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let unknown = refused("terraform");
    assert!(unknown.contains("there are: aws"), "{unknown}");
    let missing = refused("aws=/nowhere/aws");
    assert!(missing.contains("/nowhere/aws: No such file"), "{missing}");
    let wrapper = outside.path().join("aws");
    std::fs::write(&wrapper, "#!/bin/sh\nexec aws \"$@\"\n").expect("a wrapper");
    let wrapped = refused(&format!("aws={}", wrapper.display()));
    assert!(wrapped.contains("--real aws=PATH"), "{wrapped}");
    std::fs::write(&wrapper, "#!/usr/bin/python3\nprint('hello')\n").expect("a script");
    let other = refused(&format!("aws={}", wrapper.display()));
    assert!(other.contains("--real aws: "), "{other}");
}
