//! What a machine may use, and the verdict on who wants more.

use std::path::PathBuf;
use std::time::Duration;

use lockkeeper_rehearsal::engine::{Engine, Happening, Options, Step};

use crate::cage;
use crate::played::play;

#[test]
fn processes_are_limited() {
    if !cage::enter("limits::processes_are_limited") {
        return;
    }
    // 600 and no more, above the limit of 512.
    let played = play(
        "for i in $(seq 600); do sleep 900 & done\nwait\necho ALL\n",
        &[],
    );
    assert!(!played.has_said("ALL"));
    assert!(
        played.names("more than 512 processes"),
        "{:#}",
        played.report
    );
    assert_eq!(played.conclusions(), ["failure"]);
    // Fewer are nobody's business.
    let played = play(
        "for i in $(seq 100); do sleep 900 & done\nwait\necho ALL\n",
        &[],
    );
    assert!(played.has_said("ALL"));
    assert_eq!(played.conclusions(), ["success"]);
}

#[test]
fn the_disk_is_limited() {
    if !cage::enter("limits::the_disk_is_limited") {
        return;
    }
    // 1,040 MiB in two files, above the limit of 1,024.
    let script = "set +e\n\
         head -c 520M /dev/zero >one && echo ONE\n\
         head -c 520M /dev/zero >two || echo FULL\n\
         exit 0";
    let played = play(script, &[]);
    assert!(played.has_said("ONE") && played.has_said("FULL"));
    assert!(
        played.names("filled its machine's disk"),
        "{:#}",
        played.report
    );
    // What it left behind is gone with its machine.
    let played = play("head -c 1M /dev/zero >one && echo ONE\n", &[]);
    assert!(played.has_said("ONE"));
    assert_eq!(played.conclusions(), ["success"]);
}

#[test]
fn what_is_printed_is_limited() {
    if !cage::enter("limits::what_is_printed_is_limited") {
        return;
    }
    // 40 MB, above the limit of 16 MiB.
    let played = play("yes lockkeeper | head -c 40000000\necho ALL\n", &[]);
    assert!(!played.has_said("ALL"));
    assert!(
        played.names("printed more than 16 MiB"),
        "{:#}",
        played.report
    );
    assert_eq!(played.conclusions(), ["failure"]);
}

#[test]
fn a_sleep_without_end_ends_by_its_jobs_time_limit() {
    if !cage::enter("limits::a_sleep_without_end_ends_by_its_jobs_time_limit") {
        return;
    }
    let played = play("echo BEFORE\nsleep infinity\necho AFTER\n", &[]);
    assert!(played.has_said("BEFORE") && !played.has_said("AFTER"));
    assert_eq!(played.report["not_modelled"], serde_json::json!([]));
    let runs = &played.report["scenarios"][0]["runs"];
    let seconds = runs[0]["virtual_seconds"].as_f64().expect("a time");
    assert!((1800.0..2400.0).contains(&seconds), "{seconds}");
}

/// One that computes for ever is killed when the engine's patience is over.
#[test]
fn a_loop_without_end_is_killed() {
    if !cage::enter("limits::a_loop_without_end_is_killed") {
        return;
    }
    let mut engine = Engine::new(Options {
        executable: PathBuf::from(env!("CARGO_BIN_EXE_lockkeeper")),
        strangers: false,
        no_sandbox: false,
        patience: Duration::from_millis(500),
        processor: None,
        real: Vec::new(),
    })
    .expect("an engine");
    let machine = engine.open(&["sleep"], 1, 0).expect("a machine");
    let step = Step {
        argv: ["bash", "-c", "while :; do :; done"]
            .map(String::from)
            .into(),
        env: Vec::new(),
        cwd: "/".into(),
    };
    engine.start(machine, 0, &step).expect("it starts");
    engine.settle().expect("it settles");
    engine.settle().expect("it settles");
    let happenings: Vec<Happening> = engine
        .take_happenings()
        .into_iter()
        .map(|(_, _, happening)| happening)
        .collect();
    assert_eq!(happenings, [Happening::Runaway, Happening::Exited(137)]);
}
