//! What counts as drift, and whose edits are kept.

use lockkeeper_pipeline::{GeneratedFile, Pins, Standing, compare};

use crate::rules::{bare, files, full, node_repository};

fn file<'a>(files: &'a [GeneratedFile], path: &str) -> &'a GeneratedFile {
    files.iter().find(|file| file.path == path).unwrap()
}

fn edited(file: &GeneratedFile, from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(&file.bytes).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn what_was_written_is_the_same_and_nothing_is_missing() {
    let dir = node_repository();
    for file in files(full(), dir.path()) {
        assert_eq!(compare(&file, Some(&file.bytes)), Standing::Same);
        assert_eq!(compare(&file, None), Standing::Missing);
        let other = file.bytes.iter().map(|_| 0xff).collect::<Vec<u8>>();
        assert_eq!(compare(&file, Some(&other)), Standing::Edited);
    }
}

#[test]
fn comments_and_layout_of_yaml_are_no_drift_but_values_are() {
    let dir = node_repository();
    let files = files(full(), dir.path());
    let staging = file(&files, ".github/workflows/deploy-staging.yml");
    for (from, to) in [
        ("# One at a time", "# Once at a time"),
        ("permissions: {}\n", "permissions:\n  {}\n\n\n"),
        ("name: Build\n", "name: 'Build' # x\n"),
        (
            "needs: [build, scan]",
            "needs:\n      - build\n      - scan",
        ),
    ] {
        let standing = compare(staging, Some(&edited(staging, from, to)));
        assert_eq!(standing, Standing::SameMeaning, "{from}");
        assert!(!standing.is_drift());
    }
    for (from, to) in [
        ("cancel-in-progress: false", "cancel-in-progress: true"),
        ("cancel-in-progress: false", "cancel-in-progress: 'false'"),
        ("  id-token: write", "  id-token: read"),
        ("CLUSTER: parcels-staging", "CLUSTER: parcels"),
    ] {
        let standing = compare(staging, Some(&edited(staging, from, to)));
        assert_eq!(standing, Standing::Edited, "{from}");
        assert!(standing.is_drift());
    }
    let smoke = file(&files, ".github/deploy/smoke.sh");
    let standing = compare(smoke, Some(&edited(smoke, "good < 3", "good < 1")));
    assert_eq!(standing, Standing::Edited);
}

#[test]
fn files_that_nobody_edited_follow_the_rules() {
    let dir = node_repository();
    let (before, after) = (files(bare(), dir.path()), files(full(), dir.path()));
    let path = ".github/workflows/deploy-production.yml";
    let old = file(&before, path);
    assert_eq!(
        compare(file(&after, path), Some(&old.bytes)),
        Standing::Outdated
    );
    // Git on Windows may have changed the line ends.
    let windows = edited(old, "", "").into_iter().flat_map(|byte| match byte {
        b'\n' => vec![b'\r', b'\n'],
        other => vec![other],
    });
    assert_eq!(
        compare(file(&after, path), Some(&windows.collect::<Vec<_>>())),
        Standing::Outdated
    );
    // A seal alone does not make a file ours.
    let forged = edited(old, "jobs:", "jobs: # mine\n");
    assert_eq!(compare(file(&after, path), Some(&forged)), Standing::Edited);
}

#[test]
fn a_newer_pin_is_kept_through_regeneration() {
    let dir = node_repository();
    let planned = lockkeeper_pipeline::plan(
        &crate::rules::reading(full()),
        &lockkeeper_pipeline::Stack::detect(dir.path()).unwrap(),
    )
    .unwrap();
    let ours = planned.files(&Pins::default());
    let path = ".github/workflows/ci.yml";
    let text = std::str::from_utf8(&file(&ours, path).bytes).unwrap();
    let newer = "2222222222222222222222222222222222222222";
    let updated: String = text
        .lines()
        .map(|line| match line.split_once("actions/checkout@") {
            Some((before, _)) => format!("{before}actions/checkout@{newer} # v99.1.0\n"),
            None => format!("{line}\n"),
        })
        .collect();
    assert!(!compare(file(&ours, path), Some(updated.as_bytes())).is_drift());
    let pins = Pins::from_workflows([updated.as_str()]);
    let again = planned.files(&pins);
    assert_eq!(
        compare(file(&again, path), Some(updated.as_bytes())),
        Standing::Same
    );
    let older = updated.replace("v99.1.0", "v1.0.0");
    assert_eq!(
        compare(file(&ours, path), Some(older.as_bytes())),
        Standing::Outdated
    );
}
