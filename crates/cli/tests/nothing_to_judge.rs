//! `lockkeeper rehearse` on workflows that have nothing to do with deployment.

use std::fs;
use std::process::Command;

#[test]
fn a_rehearsal_that_judged_nothing_is_no_success() {
    let directory = tempfile::tempdir().unwrap();
    let workflows = directory.path().join(".github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    fs::write(
        workflows.join("hello.yml"),
        "on: push\njobs:\n  hello:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo hello\n",
    )
    .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .arg("rehearse")
        .arg(directory.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("nothing was judged"), "{text}");
    assert_eq!(output.status.code(), Some(2), "{text}");
}
