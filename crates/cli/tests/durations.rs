//! How long a team waits, by the usual durations and by its own.

mod example;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use example::repository;
use serde_json::Value;

fn lockkeeper(directory: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .args(args)
        .current_dir(directory)
        .output()
        .unwrap()
}

/// The reports of a good change on its way to production, and of one that crashes there.
fn estimates(repository: &Path, more: &[&str]) -> (Value, String) {
    let stories = [
        "pull-request-green",
        "production-approved",
        "bad-image-production-crashes",
    ];
    let stories = stories.iter().flat_map(|story| ["--scenario", *story]);
    let first = ["rehearse", "--html", "report.html", "--format", "json"];
    let args: Vec<&str> = first.into_iter().chain(stories).collect();
    let output = lockkeeper(repository, &[&args, more].concat());
    let report = serde_json::from_slice(&output.stdout).unwrap();
    let page = fs::read_to_string(repository.join("report.html")).unwrap();
    (report, page)
}

fn measured(report: &Value) -> Vec<(String, f64)> {
    let listed = report["estimates"].as_array().unwrap().iter();
    listed
        .map(|estimate| {
            let seconds = |name: &str| estimate[name].as_f64().unwrap();
            let (min, median) = (seconds("min_seconds"), seconds("median_seconds"));
            let (p90, max) = (seconds("p90_seconds"), seconds("max_seconds"));
            assert!(min <= median && median <= p90 && p90 <= max, "{estimate}");
            assert!(estimate["cases"].as_u64() > Some(0), "{estimate}");
            (estimate["id"].as_str().unwrap().to_owned(), max)
        })
        .collect()
}

#[test]
fn a_slower_build_makes_a_team_wait_that_much_longer() {
    let repository = repository("");
    let (report, page) = estimates(repository.path(), &[]);
    let usual = measured(&report);
    let ours = "image-build = 240 # measured last week\n";
    fs::write(repository.path().join("ours.toml"), ours).unwrap();
    let (report, _) = estimates(repository.path(), &["--durations", "ours.toml"]);
    let slower = measured(&report);
    let longer: Vec<(&str, f64)> = usual
        .iter()
        .zip(&slower)
        .map(|((name, usual), (_, slower))| (name.as_str(), slower - usual))
        .collect();
    // The image is built before the merge as a check and once after it; later its very bytes move.
    let expected = [
        ("pull-request-to-mergeable", 180.0),
        ("merge-to-staging", 180.0),
        ("approval-to-serving", 0.0),
        ("failure-to-restored", 0.0),
    ];
    assert_eq!(longer.len(), expected.len(), "{longer:?}");
    for ((name, longer), (wanted, by)) in longer.iter().zip(expected) {
        assert_eq!(*name, wanted);
        // Health checks and waits have their own rhythm.
        assert!((longer - by).abs() <= 30.0, "{name}: {longer} s longer");
    }
    let assumed = report["assumptions"].to_string();
    let told = "`image-build` takes 240 s, as given (usually 60 s)";
    assert!(assumed.contains(told), "{assumed}");
    assert!(page.contains("<h2>How long it takes</h2>"));
    for words in ["approval to serving", "failure to restored"] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn a_restart_counts_until_what_served_before_runs_alone() {
    let repository = repository("");
    let (report, _) = estimates(repository.path(), &[]);
    let usual = measured(&report)[3].1;
    let ours = "task-placing = 70\n";
    fs::write(repository.path().join("ours.toml"), ours).unwrap();
    let (report, _) = estimates(repository.path(), &["--durations", "ours.toml"]);
    let slower = measured(&report)[3].1;
    // At least one task that crashes has to be placed before anybody can know.
    assert!(slower >= usual + 60.0, "{usual} s, then {slower} s");
}

#[test]
fn people_read_how_long_it_takes() {
    let naive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/naive");
    let outside = tempfile::tempdir().unwrap();
    let args = ["rehearse", naive.to_str().unwrap()];
    let args = [&args[..], &["--scenario", "merge-to-staging"]].concat();
    let output = lockkeeper(outside.path(), &args);
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, after) = text.split_once("\nhow long it takes\n").unwrap();
    assert!(after.starts_with("  merge to staging  "), "{text}");
}

#[test]
fn wrong_durations_are_refused_at_their_line() {
    let naive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/naive");
    let outside = tempfile::tempdir().unwrap();
    let rehearse = |text: &str| {
        fs::write(outside.path().join("ours.toml"), text).unwrap();
        let args = ["rehearse", naive.to_str().unwrap()];
        let args = [&args[..], &["--durations", "ours.toml"]].concat();
        lockkeeper(outside.path(), &args)
    };
    for (text, wanted) in [
        ("\nimage-bild = 3\n", "ours.toml:2: nothing is called"),
        ("test = 1\ntest = 2\n", "ours.toml:2: "),
        ("test = 1\n\nlint = -1", "ours.toml:3: `lint` is a number"),
        ("test = [", "ours.toml:1: "),
        ("\u{feff}x\u{202e} = 1", "ours.toml:1: "),
    ] {
        let output = rehearse(text);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text:?}: {said}");
        assert!(said.contains(wanted), "{text:?}: {said}");
        assert_eq!(output.stdout, b"", "{text:?}");
    }
    let huge = "#".repeat((1 << 20) + 1);
    let output = rehearse(&huge);
    assert_eq!(output.status.code(), Some(2));
}
