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
