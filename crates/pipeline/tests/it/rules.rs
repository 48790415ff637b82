//! Rules and repositories to plan for.

use std::collections::BTreeMap;
use std::path::Path;

use lockkeeper_pipeline::{GeneratedFile, Pins, Stack, plan};
use lockkeeper_policy::{
    Ci, Days, Environment, Environments, ImageScan, Images, Migrations, Place, Policy, Provenance,
    PullRequest, Reading, Rollback, RollbackMethod, RollbackTrigger, Scanner, Service, Severity,
    Statement, Status, TimeOfDay, Trigger, Weekday, Window,
};

/// Everything that rules can ask for, with the URLs and the account left to variables.
pub(crate) fn full() -> Policy {
    let environment = |trigger, cluster: &str| Environment {
        trigger,
        branch: None,
        window: None,
        approval: false,
        smoke_test: true,
        cluster: Some(cluster.parse().unwrap()),
        region: Some("eu-west-1".parse().unwrap()),
        account: None,
        url: None,
    };
    Policy {
        production_branch: "main".parse().unwrap(),
        pull_request: PullRequest { required: true },
        ci: Ci {
            lint: true,
            type_check: true,
            test: true,
            coverage_percent: Some(70),
            image_build: true,
            image_scan: Some(ImageScan {
                scanner: Scanner::Trivy,
                severities: vec![Severity::High, Severity::Critical],
            }),
        },
        services: vec![Service {
            name: "parcels-api".parse().unwrap(),
            repository: "parcels".parse().unwrap(),
            container: None,
            health_path: Some("/healthz".parse().unwrap()),
            readiness_path: Some("/readyz".parse().unwrap()),
        }],
        environments: Environments {
            staging: Environment {
                branch: Some("main".parse().unwrap()),
                ..environment(Trigger::Merge, "parcels-staging")
            },
            production: Environment {
                approval: true,
                window: Some(Window {
                    days: Days::of(Weekday::ALL[..4].iter().copied()).unwrap(),
                    from: TimeOfDay::new(9, 0).unwrap(),
                    to: TimeOfDay::new(16, 30).unwrap(),
                    time_zone: "Europe/Dublin".parse().unwrap(),
                }),
                ..environment(Trigger::Manual, "parcels")
            },
        },
        migrations: Some(Migrations {
            command: "node dist/migrate.js --all".parse().unwrap(),
        }),
        images: Some(Images { kept: 40 }),
        rollback: Some(Rollback {
            method: RollbackMethod::RedeployPreviousImage,
            trigger: RollbackTrigger::WorkflowDispatch,
        }),
    }
}

/// As little as rules can ask for, with every name given.
pub(crate) fn bare() -> Policy {
    let mut policy = full();
    policy.production_branch = "release/1.x".parse().unwrap();
    policy.pull_request.required = false;
    policy.ci = Ci::default();
    policy.services[0].container = Some("web".parse().unwrap());
    policy.environments.production.approval = false;
    policy.environments.production.window = None;
    policy.migrations = None;
    policy.images = None;
    for (environment, url) in [
        (
            &mut policy.environments.staging,
            "https://staging.parcels.example",
        ),
        (
            &mut policy.environments.production,
            "https://parcels.example/base",
        ),
    ] {
        environment.smoke_test = false;
        environment.account = Some("210987654321".parse().unwrap());
        environment.region = Some("cn-north-1".parse().unwrap());
        environment.url = Some(url.parse().unwrap());
    }
    policy.environments.staging.branch = Some("release/1.x".parse().unwrap());
    policy.rollback = None;
    policy
}

/// The reading of rules that say `policy`, one statement on line 5 for most of it.
pub(crate) fn reading(policy: Policy) -> Reading {
    let sets: Vec<String> = [
        "/production_branch",
        "/pull_request/required",
        "/ci/lint",
        "/ci/coverage_percent",
        "/ci/image_scan/scanner",
        "/environments/staging/trigger",
        "/environments/production/approval",
        "/environments/production/smoke_test",
        "/rollback/method",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut provenance: BTreeMap<String, Provenance> = sets
        .iter()
        .map(|pointer| {
            let place = Place {
                source: "CLAUDE.md".into(),
                line: 5,
                column: 3,
                end_column: 9,
            };
            (pointer.clone(), Provenance::Place(place))
        })
        .collect();
    provenance.insert(
        "/environments/staging/cluster".into(),
        Provenance::Assumed {
            why: "production's cluster with `-staging`".into(),
        },
    );
    let statement = |line, text: &str, status, sets| Statement {
        source: "CLAUDE.md".into(),
        line,
        column: 3,
        span: 0..text.len(),
        text: text.into(),
        status,
        sets,
        canonical: None,
        leftover: Vec::new(),
        note: None,
    };
    Reading {
        policy,
        provenance,
        statements: vec![
            statement(5, "Everything | at *once*", Status::Enforced, sets),
            statement(
                6,
                "Deploy ideally on <Tuesdays>",
                Status::NotUnderstood,
                vec![],
            ),
        ],
        contradictions: Vec::new(),
    }
}

pub(crate) const PACKAGE: &str = r#"{
  "scripts": {
    "lint": "eslint .",
    "typecheck": "tsc --noEmit",
    "test": "c8 --check-coverage --lines 75 node --test"
  },
  "dependencies": { "pg": "8.0.0" }
}"#;

/// A repository with these files.
pub(crate) fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

pub(crate) fn node_repository() -> tempfile::TempDir {
    repository(&[
        ("package.json", PACKAGE),
        ("package-lock.json", "{}"),
        ("migrations/1.sql", ""),
        (
            "Dockerfile",
            "FROM node:22-slim AS production\nARG APP_VERSION\nCMD [\"node\", \"main.js\"]\n",
        ),
    ])
}

pub(crate) fn files(policy: Policy, dir: &Path) -> Vec<GeneratedFile> {
    let stack = Stack::detect(dir).unwrap();
    plan(&reading(policy), &stack)
        .unwrap()
        .files(&Pins::default())
}
