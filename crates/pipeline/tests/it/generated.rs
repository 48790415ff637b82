//! Whole projects, as a reviewer would see them.

use std::fmt::Write;

use crate::rules::{bare, files, full, node_repository};

/// All but the scripts, which are the same in every project and tested as files.
fn project(files: &[lockkeeper_pipeline::GeneratedFile]) -> String {
    let mut out = String::new();
    for file in files {
        let text = std::str::from_utf8(&file.bytes).unwrap();
        let shown = if file.executable {
            "(as in src/scripts)\n"
        } else {
            text
        };
        writeln!(out, "=== {}\n{shown}", file.path).unwrap();
    }
    out
}

#[test]
fn everything_that_rules_can_ask_for() {
    let dir = node_repository();
    insta::assert_snapshot!(project(&files(full(), dir.path())));
}

#[test]
fn as_little_as_rules_can_ask_for() {
    let dir = node_repository();
    insta::assert_snapshot!(project(&files(bare(), dir.path())));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let dir = node_repository();
    assert_eq!(files(full(), dir.path()), files(full(), dir.path()));
}

#[test]
fn every_action_is_pinned_to_a_commit_that_the_table_knows() {
    let dir = node_repository();
    let mut seen = 0;
    for file in files(full(), dir.path()) {
        let text = std::str::from_utf8(&file.bytes).unwrap();
        for line in text.lines().filter(|line| line.contains("uses: ")) {
            let (reference, version) = line
                .split_once("uses: ")
                .and_then(|(_, rest)| rest.split_once(" # "))
                .unwrap();
            let uses: lockkeeper_actions::Uses = reference.parse().unwrap();
            let pin = lockkeeper_actions::pin(&uses.repo).unwrap();
            assert_eq!(
                (uses.reference.as_str(), version),
                (pin.sha.as_str(), pin.version.as_str())
            );
            seen += 1;
        }
    }
    assert!(seen > 20);
}
