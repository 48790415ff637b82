//! `lockkeeper explain`, from the outside.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn explain(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .arg("explain")
        .arg(directory)
        .args(arguments)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn repository(rules: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("CLAUDE.md"), rules).unwrap();
    dir
}

const RULES: &str = "\
# shop

## Deployment

- Direct push to main is prohibited; PRs required
- Lint and tests should pass before merge
- Staging deploys automatically on merge to main, except on Fridays
- Production deploys require two approvals
- Coverage must be at least 80%
- Coverage must be at least 90%
- Service: shop-api
- Cluster: shop-cluster

## Style

- Tests must pass before merge
";

#[test]
fn it_reads_like_a_compiler() {
    let output = explain(repository(RULES).path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stdout));
    assert!(output.stderr.is_empty());
}

#[test]
fn json_has_the_fixed_shape() {
    let output = explain(repository(RULES).path(), &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["policy"]["services"][0]["repository"], "shop");
    assert_eq!(
        json["policy"]["environments"]["staging"]["url"],
        serde_json::Value::Null
    );
    assert_eq!(json["provenance"]["/pull_request/required"]["line"], 5);
    assert!(json["provenance"]["/environments/staging/cluster"]["assumed"].is_string());
    assert!(json["provenance"]["/environments/production/trigger"]["default"].is_string());
    let statement = &json["statements"][2];
    assert_eq!(statement["status"], "not_understood");
    assert_eq!(statement["line"], 7);
    assert_eq!(statement["sets"], serde_json::json!([]));
}

#[test]
fn prose_reads_back_without_anything_assumed() {
    let rules = "## Deployment\n- Service: shop-api\n- Cluster: shop-cluster\n- Production needs approval\n";
    let first = repository(rules);
    assert_eq!(explain(first.path(), &[]).status.code(), Some(0));
    assert_eq!(explain(first.path(), &["--strict"]).status.code(), Some(1));
    let prose = explain(first.path(), &["--as-prose"]);
    assert_eq!(prose.status.code(), Some(0));
    let second = repository(&text(&prose.stdout));
    let strict = explain(second.path(), &["--strict"]);
    assert_eq!(strict.status.code(), Some(0), "{}", text(&strict.stdout));
    let policy = |dir: &Path| {
        let output = explain(dir, &["--format", "json"]);
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["policy"].clone()
    };
    assert_eq!(policy(first.path()), policy(second.path()));
    assert_eq!(explain(second.path(), &["--as-prose"]).stdout, prose.stdout);
}

#[test]
fn without_rules_it_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let output = explain(dir.path(), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let message = text(&output.stderr);
    assert!(
        message.contains("there is no CLAUDE.md or AGENTS.md"),
        "{message}"
    );
    assert!(message.contains("## Deployment rules"), "{message}");
}

#[test]
fn rules_about_something_else_are_said_to_be_none() {
    let output = explain(repository("# notes\n\nBe kind.\n").path(), &[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("no rules about deployment"));
}

#[test]
fn a_terminal_cannot_be_steered() {
    let hostile = "## Deployment\n- \u{1b}[2J\u{1b}]0;gone\u{7} production \u{202e}approval\n";
    let output = explain(repository(hostile).path(), &[]);
    assert!(!text(&output.stdout).contains(['\u{1b}', '\u{7}', '\u{202e}']));
}

#[test]
fn everything_of_the_hand_written_rules_is_understood() {
    let shared = std::env::var_os("LOCKKEEPER_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        Into::into,
    );
    let article = shared.join("fixtures/article");
    if !article.is_dir() {
        eprintln!("skipped: the hand-written pipeline is not here");
        return;
    }
    let output = explain(&article, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = serde_json::json!({
        "production_branch": "main",
        "pull_request": { "required": true },
        "ci": { "lint": true, "type_check": true, "test": true, "coverage_percent": 80,
                "image_build": true,
                "image_scan": { "scanner": "trivy", "severities": ["HIGH", "CRITICAL"] } },
        "services": [ { "name": "myapp-api", "repository": "myapp", "container": null,
                        "health_path": "/health", "readiness_path": "/ready" } ],
        "environments": {
            "staging": { "trigger": "merge", "branch": "main", "approval": false,
                "smoke_test": true, "cluster": "myapp-staging-cluster",
                "region": "ap-northeast-1", "account": null, "url": null },
            "production": { "trigger": "manual", "approval": true, "smoke_test": true,
                "cluster": "myapp-cluster", "region": "ap-northeast-1", "account": null,
                "url": null } },
        "rollback": { "method": "redeploy_previous_image", "trigger": "workflow_dispatch" }
    });
    assert_eq!(json["policy"], expected);
    let lines: Vec<(u64, String)> = json["statements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            (
                s["line"].as_u64().unwrap(),
                s["status"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let status = |line| {
        if (4..=9).contains(&line) {
            "enforced"
        } else {
            "noted"
        }
    };
    let expected: Vec<(u64, String)> = (3..=9)
        .chain(13..=17)
        .map(|line| (line, status(line).to_owned()))
        .collect();
    assert_eq!(lines, expected);
    assert_eq!(json["provenance"]["/ci/coverage_percent"]["line"], 5);
}

fn git(directory: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(["-c", "user.name=devi", "-c", "user.email=devi@example.com"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", text(&done.stderr));
}

#[test]
fn what_a_branch_weakens_is_said_before_it_is_merged() {
    let dir = repository(
        "## Deployment\n\n- Direct push to `main` is prohibited\n- Test coverage must be at least 80%\n\
         - Production deploys require manual approval\n- AWS region: eu-central-1\n",
    );
    let root = dir.path();
    // A link is the file that it leads to, there as here.
    std::os::unix::fs::symlink("CLAUDE.md", root.join("AGENTS.md")).unwrap();
    git(root, &["init", "-q", "-b", "main"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-q", "-m", "Rules"]);
    let same = explain(root, &["--base", "main"]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stdout));
    assert!(text(&same.stdout).ends_with("since main: 0 weaker, 0 changed, 0 stronger\n"));

    fs::write(
        root.join("CLAUDE.md"),
        "## Deployment\n\n- Direct push to `main` is prohibited\n- Test coverage must be at least 60%\n\
         - AWS region: eu-west-1\n- Smoke tests run after every production deploy\n",
    )
    .unwrap();
    let changed = explain(root, &["--base", "main"]);
    assert_eq!(changed.status.code(), Some(1));
    insta::assert_snapshot!("base", text(&changed.stdout));
    let json = explain(root, &["--base", "main", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["changes"][0]["pointer"], "/ci/coverage_percent");
    assert_eq!(json["changes"][0]["effect"], "weakens");
    assert_eq!(json["changes"][0]["was_said"]["line"], 4);

    for (name, why) in [
        ("nowhere", "git knows no commit `nowhere`"),
        ("--help", "git knows no commit `--help`"),
    ] {
        let refused = explain(root, &[&format!("--base={name}")]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            text(&refused.stderr).contains(why),
            "{}",
            text(&refused.stderr)
        );
    }
}
