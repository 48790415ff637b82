//! Campaigns: the same however they are cut, interrupted or shared out; and what they find can be
//! played again, kept, and is played first then.

mod example;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn command(repository: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockkeeper"));
    command
        .arg("rehearse")
        .args(arguments)
        .current_dir(repository);
    command
}

fn rehearse(repository: &Path, arguments: &[&str]) -> Output {
    command(repository, arguments).output().unwrap()
}

fn report(output: &Output) -> Value {
    let complaint = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {complaint}"))
}

/// The schedules of a report, by number.
fn played(report: &Value) -> Vec<Value> {
    let mut played = report["played"].as_array().unwrap().clone();
    played.sort_by_key(|schedule| schedule["number"].as_u64());
    played
}

#[test]
fn a_campaign_is_the_same_whole_in_shards_and_interrupted() {
    let directory = example::repository("");
    let repository = directory.path();
    let campaign = ["--campaign", "10", "--seed", "5", "--format", "json"];
    let whole = report(&rehearse(repository, &campaign));
    assert_eq!(played(&whole).len(), 10);
    for promise in whole["promises"].as_array().unwrap() {
        assert_ne!(promise["verdict"], "broken", "{promise:#}");
    }

    let shard = |shard| {
        report(&rehearse(
            repository,
            &[&campaign[..], &["--shard", shard]].concat(),
        ))
    };
    let (one, two) = (shard("1/2"), shard("2/2"));
    let mut union = [played(&one), played(&two)].concat();
    union.sort_by_key(|schedule| schedule["number"].as_u64());
    assert_eq!(union, played(&whole));

    // Ended in the middle, after something was kept and before all was played.
    let outside = tempfile::tempdir().unwrap();
    let state = outside.path().join("state");
    let resume = ["--resume", state.to_str().unwrap()];
    let arguments = [&campaign[..], &resume].concat();
    let mut child = command(repository, &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_secs(120);
    while !state.exists() && child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < patience, "nothing is kept");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let lines = |text: &str| text.lines().count();
    let kept = lines(&fs::read_to_string(&state).unwrap());
    assert!(kept >= 2, "{kept}");
    assert_eq!(report(&rehearse(repository, &arguments)), whole);
    assert_eq!(lines(&fs::read_to_string(&state).unwrap()), 11);

    // Another campaign's state is of no use.
    let other = [&["--campaign", "10", "--seed", "6"], &resume[..]].concat();
    let refused = rehearse(repository, &other);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("belongs to another campaign"), "{said}");
}

#[test]
fn what_a_campaign_finds_is_small_and_can_be_played_and_kept() {
    let directory = example::repository("");
    let repository = directory.path();
    // A deployment that is cancelled is left as it is.
    let workflow = repository.join(".github/workflows/deploy-staging.yml");
    let text = fs::read_to_string(&workflow).unwrap();
    let careless = text.replace("always() && steps.record", "failure() && steps.record");
    assert_ne!(careless, text);
    fs::write(&workflow, &careless).unwrap();
    let stories = ["--scenario", "merge-to-staging", "--scenario", "two-merges"];
    let campaign = ["--campaign", "40", "--save", "--format", "json"];
    let output = rehearse(repository, &[&campaign[..], &stories].concat());
    assert_eq!(output.status.code(), Some(1));
    let report = report(&output);
    let promises = report["promises"].as_array().unwrap();
    let restores = promises
        .iter()
        .find(|one| one["id"] == "failed-deploy-restores")
        .unwrap();
    let example = &restores["counter_example"];
    let schedule = example["schedule"].as_str().unwrap();
    let faults: Vec<&str> = schedule.split(':').nth(2).unwrap().split(',').collect();
    assert_eq!(faults.len(), 1, "{schedule}");
    assert!(faults[0].starts_with("cancel@") || faults[0].starts_with("timeout@"));
    assert_eq!(example["point_of_no_return"]["fault"], faults[0]);

    let again = rehearse(repository, &["--replay", schedule, "--format", "json"]);
    assert_eq!(again.status.code(), Some(1));
    let evidence = |output: &Output| -> Vec<Value> {
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let promises = report["promises"].as_array().unwrap().iter();
        let evidence = promises.flat_map(|one| one["evidence"].as_array().unwrap().clone());
        evidence
            .filter(|one| one["settings"] == "declared")
            .collect()
    };
    let found = evidence(&again);
    assert!(
        found.iter().all(|one| one["schedule"] == schedule),
        "{found:#?}"
    );
    assert!(found.iter().any(|one| one["message"] == example["message"]));

    let kept = fs::read_to_string(repository.join("lockkeeper.schedules")).unwrap();
    assert!(kept.lines().any(|line| line == schedule), "{kept}");
    let later = evidence(&rehearse(repository, &["--format", "json"]));
    assert!(later.iter().any(|one| one["schedule"] == schedule));

    // Mended, the schedule is played and breaks nothing.
    fs::write(&workflow, &text).unwrap();
    let mended = rehearse(repository, &[]);
    let said = String::from_utf8_lossy(&mended.stdout).into_owned();
    assert_eq!(mended.status.code(), Some(0), "{said}");
}

#[test]
fn every_order_of_a_story_is_played() {
    let directory = example::repository("");
    let all = ["--interleavings", "50", "--scenario", "two-merges"];
    let output = rehearse(directory.path(), &all);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("all 4 interleavings"), "{said}");
    let some = ["--interleavings", "3", "--scenario", "two-merges"];
    let said = rehearse(directory.path(), &some).stdout;
    assert!(String::from_utf8_lossy(&said).contains("3 interleavings, and there are more"));
}

#[test]
fn what_is_no_schedule_is_refused() {
    let directory = example::repository("");
    for text in [
        "",
        "two-merges",
        "two-merges:1",
        "nobody:1:",
        "two-merges:-1:",
        "two-merges:4294967296:",
        "two-merges:o0!:",
        "two-merges:1:explode@s1",
        "two-merges:1:cancel@x1",
        "two-merges:1:cancel@s0",
        "two-merges:1:cancel@s1,cancel@s1",
        "two-merges:1:throttle-ecs@r1",
        "two-merges:1:throttle-ecs@r1x99999999999",
        "two-merges:1:\u{1b}[31m@s1",
    ] {
        let refused = rehearse(directory.path(), &["--replay", text]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{text}: {said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
    fs::write(
        directory.path().join("lockkeeper.schedules"),
        "# kept\n\nnonsense\n",
    )
    .unwrap();
    let refused = rehearse(directory.path(), &[]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2));
    assert!(said.contains("lockkeeper.schedules:3"), "{said}");
}
