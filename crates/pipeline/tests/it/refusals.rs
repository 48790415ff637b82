//! What cannot be planned is an error that says what to do.

use lockkeeper_pipeline::{Stack, plan};
use lockkeeper_policy::{Policy, Trigger};

use crate::rules::{PACKAGE, full, node_repository, reading, repository};

fn detect(files: &[(&str, &str)]) -> String {
    Stack::detect(repository(files).path())
        .unwrap_err()
        .to_string()
}

fn refuse(change: impl FnOnce(&mut Policy), files: Option<&[(&str, &str)]>) -> String {
    let dir = files.map_or_else(node_repository, repository);
    let mut policy = full();
    change(&mut policy);
    let stack = Stack::detect(dir.path()).unwrap();
    plan(&reading(policy), &stack).unwrap_err().to_string()
}

#[test]
fn repositories_that_are_not_understood() {
    let lock = ("package-lock.json", "{}");
    let shown = [
        detect(&[("CLAUDE.md", "")]),
        detect(&[("package.json", "{"), lock]),
        detect(&[("package.json", "[]"), lock]),
        detect(&[("package.json", PACKAGE)]),
        detect(&[("package.json", PACKAGE), ("yarn.lock", "")]),
        detect(&[("package.json", PACKAGE), lock]),
    ];
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn rules_that_cannot_be_kept_here() {
    let package = |scripts: &str| {
        let json = format!("{{\"scripts\": {{{scripts}}}}}");
        vec![
            ("package.json", json),
            ("package-lock.json", "{}".to_owned()),
            (".nvmrc", "22".to_owned()),
        ]
    };
    let with = |scripts: &str| {
        let files = package(scripts);
        let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (*p, t.as_str())).collect();
        refuse(|_| {}, Some(&files))
    };
    let shown = [
        with(""),
        with(r#""lint": "eslint""#),
        with(r#""lint": "eslint", "types": "tsc""#),
        with(r#""lint": "eslint", "types": "tsc", "test": "mocha""#),
        with(r#""lint": "eslint", "types": "tsc", "test": "c8 --check-coverage --lines 10 mocha""#),
        with(r#""lint": "eslint", "types": "tsc", "test": "jest""#),
        refuse(|policy| policy.services.clear(), None),
        refuse(
            |policy| policy.services.push(policy.services[0].clone()),
            None,
        ),
        refuse(|policy| policy.environments.production.cluster = None, None),
        refuse(
            |policy| policy.environments.staging.trigger = Trigger::Manual,
            None,
        ),
        refuse(|policy| policy.environments.staging.approval = true, None),
        refuse(
            |policy| policy.environments.production.trigger = Trigger::Merge,
            None,
        ),
        refuse(
            |policy| policy.environments.staging.branch = Some("dev".parse().unwrap()),
            None,
        ),
        refuse(
            |policy| {
                policy.environments.staging.account = Some("111111111111".parse().unwrap());
                policy.environments.production.account = Some("222222222222".parse().unwrap());
            },
            None,
        ),
        refuse(
            |policy| {
                policy.services[0].health_path = None;
                policy.services[0].readiness_path = None;
            },
            None,
        ),
        refuse(
            |policy| policy.services[0].name = "x".repeat(60).parse().unwrap(),
            None,
        ),
    ];
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn the_database_of_the_compose_file_is_the_one_to_test_with() {
    let image = |compose: &str| {
        let dir = node_repository();
        std::fs::write(dir.path().join("compose.yaml"), compose).unwrap();
        let stack = Stack::detect(dir.path()).unwrap();
        (stack.postgres.unwrap(), stack.assumptions.len())
    };
    let (known, assumed) = image("services:\n  db:\n    image: postgres:16-alpine\n");
    assert!(known.starts_with("postgres:16@sha256:"), "{known}");
    assert_eq!(assumed, 0);
    let own = format!("postgres:9@sha256:{}", "0".repeat(64));
    assert_eq!(image(&format!("image: {own}\n")), (own, 0));
    assert_eq!(image("image: postgres:9\n"), ("postgres:9".to_owned(), 1));
}
