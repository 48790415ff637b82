//! `lockkeeper generate` as a command.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const RULES: &str = "\
# parcels

## Deployment

- `main` is the source of truth for production
- Production deploys require manual approval
- Staging deploys automatically on merge to main
- Smoke tests run after every deploy (staging and production)

## Infrastructure

- Runtime: ECS Fargate (service: parcels-api, cluster: parcels-cluster)
- Health check endpoint: /healthz
- AWS region: eu-west-1
";

fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("CLAUDE.md", RULES);
    write("package.json", "{\"scripts\": {\"test\": \"node --test\"}}");
    write("package-lock.json", "{}");
    write("Dockerfile", "FROM node:22-slim\n");
    dir
}

fn generate(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .arg("generate")
        .args(arguments)
        .arg(dir)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// Every file below `dir`, with its bytes.
fn tree(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().display().to_string();
                files.push((name, fs::read(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn writes_once_and_then_finds_nothing_to_do() {
    let dir = repository();
    let before = tree(dir.path());
    for arguments in [["--dry-run"], ["--check"]] {
        let output = generate(dir.path(), &arguments);
        assert_eq!(
            output.status.code(),
            Some(i32::from(arguments == ["--check"]))
        );
        assert_eq!(tree(dir.path()), before);
    }
    let output = generate(dir.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let written = tree(dir.path());
    for file in [
        ".github/workflows/deploy-staging.yml",
        ".github/workflows/deploy-production.yml",
        ".github/deploy/restore.sh",
        "DEPLOYMENT.md",
        "infra/deployment.yml",
    ] {
        assert!(written.iter().any(|(name, _)| name == file), "{file}");
    }
    let again = generate(dir.path(), &[]);
    assert_eq!((again.status.code(), text(&again).as_str()), (Some(0), ""));
    assert_eq!(generate(dir.path(), &["--check"]).status.code(), Some(0));
    assert_eq!(tree(dir.path()), written);
}

#[test]
fn edits_by_hand_are_overwritten_only_by_force() {
    let dir = repository();
    generate(dir.path(), &[]);
    let generated = tree(dir.path());
    let path = dir.path().join(".github/deploy/smoke.sh");
    fs::write(&path, "exit 0\n").unwrap();
    fs::remove_file(dir.path().join("DEPLOYMENT.md")).unwrap();
    let edited = tree(dir.path());
    let output = generate(dir.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("edited by hand  .github/deploy/smoke.sh"),
        "{}",
        text(&output)
    );
    assert_eq!(tree(dir.path()), edited, "nothing else is written either");
    assert_eq!(generate(dir.path(), &["--check"]).status.code(), Some(1));
    assert_eq!(generate(dir.path(), &["--force"]).status.code(), Some(0));
    assert_eq!(tree(dir.path()), generated);
}

#[test]
fn a_diff_shows_edits_by_hand_and_writes_nothing() {
    let dir = repository();
    let diff = |arguments: &[&str]| generate(dir.path(), &[&["--diff"], arguments].concat());
    let fresh = text(&diff(&[]));
    assert!(
        fresh.contains("--- /dev/null\n+++ b/.github/deploy/smoke.sh\n@@ -0,0 +1,"),
        "{fresh}"
    );
    generate(dir.path(), &[]);
    assert_eq!(text(&diff(&[])), "");
    // Dependabot's newer pin is no difference.
    let staging = dir.path().join(".github/workflows/deploy-staging.yml");
    let workflow = fs::read_to_string(&staging).unwrap();
    let at = workflow.find("actions/checkout@").unwrap() + "actions/checkout@".len();
    let newer = "0123456789abcdef0123456789abcdef01234567 # v99.1.0";
    let pin = workflow[at..].lines().next().unwrap();
    let bumped = workflow.replace(
        &format!("actions/checkout@{pin}"),
        &format!("actions/checkout@{newer}"),
    );
    fs::write(&staging, &bumped).unwrap();
    assert_eq!(text(&diff(&["--check"])), "");
    assert_eq!(generate(dir.path(), &[]).status.code(), Some(0));
    assert!(fs::read_to_string(&staging).unwrap().contains(newer));
    // An edit by hand is shown, with the pin as it is.
    let edited = bumped.replacen("cancel-in-progress: false", "cancel-in-progress: true", 1);
    assert_ne!(edited, bumped);
    fs::write(&staging, &edited).unwrap();
    let before = tree(dir.path());
    let output = diff(&[]);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<String> = text(&output).lines().map(str::to_owned).collect();
    let changed = |sign: char| {
        let of = lines.iter().filter(|line| line.starts_with(sign));
        of.map(|line| line[1..].trim()).collect::<Vec<_>>()
    };
    assert_eq!(
        changed('-'),
        [
            "-- a/.github/workflows/deploy-staging.yml",
            "cancel-in-progress: true"
        ]
    );
    assert_eq!(
        changed('+'),
        [
            "++ b/.github/workflows/deploy-staging.yml",
            "cancel-in-progress: false"
        ]
    );
    assert_eq!(tree(dir.path()), before);
    assert_eq!(diff(&["--check"]).status.code(), Some(1));
}

#[test]
fn what_is_assumed_comes_first_and_strict_refuses_it() {
    let dir = repository();
    let output = generate(dir.path(), &["--dry-run"]);
    assert!(text(&output).starts_with("Assumed"), "{}", text(&output));
    let output = generate(dir.path(), &["--strict"]);
    assert_eq!(output.status.code(), Some(2));
    let output = generate(dir.path(), &["--format", "json", "--dry-run"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["schema"], 1);
    assert!(
        json["assumptions"]
            .as_array()
            .is_some_and(|list| !list.is_empty())
    );
    assert_eq!(json["files"][0]["standing"], "missing");
}

#[test]
fn unusable_input_is_one_error_and_nothing_is_written() {
    let empty = tempfile::tempdir().unwrap();
    let no_package = repository();
    fs::remove_file(no_package.path().join("package.json")).unwrap();
    let broken = repository();
    fs::write(broken.path().join("package.json"), [0xff, 0xfe]).unwrap();
    let gate = repository();
    fs::write(
        gate.path().join("CLAUDE.md"),
        format!("{RULES}\n## CI/CD\n\n- CI: lint\n"),
    )
    .unwrap();
    for dir in [&empty, &no_package, &broken, &gate] {
        let before = tree(dir.path());
        let output = generate(dir.path(), &[]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).starts_with("error: "), "{}", text(&output));
        assert_eq!(tree(dir.path()), before);
    }
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out_of_the_repository() {
    let dir = repository();
    let outside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), dir.path().join(".github")).unwrap();
    let output = generate(dir.path(), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(!dir.path().join("DEPLOYMENT.md").exists());
    assert_eq!(tree(outside.path()), []);
}
