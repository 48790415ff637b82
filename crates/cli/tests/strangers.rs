//! `lockkeeper rehearse --workflows`: pipelines of repositories of which only the workflows are
//! known, in the styles that are met most.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

fn rehearse(files: &[(&str, &str)], more: &[&str]) -> (Output, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .args(["rehearse", "--workflows"])
        .arg(directory.path())
        .args(more)
        .output()
        .unwrap();
    (output, directory)
}

fn report(files: &[(&str, &str)]) -> Value {
    let (output, _directory) = rehearse(files, &["--format", "json"]);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// The verdicts by promise, with the declared settings and with GitHub's.
fn verdicts(report: &Value) -> BTreeMap<&str, (&str, &str)> {
    let promises = report["promises"].as_array().unwrap();
    promises
        .iter()
        .map(|promise| {
            let text = |member: &str| promise[member].as_str().unwrap();
            (text("id"), (text("verdict"), text("with_defaults")))
        })
        .collect()
}

fn texts(report: &Value, member: &str) -> String {
    let lines = report[member].as_array().unwrap();
    let lines: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap()).collect();
    lines.join("\n")
}

/// A push deploys straight to production: by the actions of AWS, from a family that ECS knows.
const STRAIGHT: &str = "\
name: ship
on:
  push:
    branches: [trunk]
permissions: { id-token: write, contents: read }
env:
  HOME_REGION: eu-north-1
jobs:
  ship:
    if: github.repository == 'harbour/ferries'
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: arn:aws:iam::444455556666:role/ship-ferries
          aws-region: ${{ env.HOME_REGION }}
      - uses: aws-actions/amazon-ecr-login@v2
        id: ecr
      - name: Build
        run: |
          docker build -t \"$REGISTRY/ferries/web:$GITHUB_SHA\" .
          docker push \"$REGISTRY/ferries/web:$GITHUB_SHA\"
        env:
          REGISTRY: ${{ steps.ecr.outputs.registry }}
      - run: aws ecs describe-task-definition --task-definition ferries-web-task --query taskDefinition > now.json
      - uses: aws-actions/amazon-ecs-render-task-definition@v1
        id: rendered
        with:
          task-definition: now.json
          container-name: web-server
          image: ${{ steps.ecr.outputs.registry }}/ferries/web:${{ github.sha }}
      - uses: aws-actions/amazon-ecs-deploy-task-definition@v2
        with:
          task-definition: ${{ steps.rendered.outputs.task-definition }}
          cluster: ferries-prod
          service: web
          wait-for-service-stability: true
";

#[test]
fn a_push_that_deploys_to_production() {
    let report = report(&[("ship.yml", STRAIGHT)]);
    let assumed = texts(&report, "assumptions");
    for line in [
        "the AWS account is 444455556666, as ship.yml:16 says",
        "the AWS region is eu-north-1, as ship.yml:7 says",
        "changes are merged into the branch trunk, as ship.yml:4 says",
        "the repository is harbour/ferries, as ship.yml:10 says",
        "ferries-prod/web is production, as its name or its environment's says: a merge deploys to it",
        "tags of the image repository ferries/web can move: no template says otherwise",
    ] {
        assert!(assumed.contains(line), "{line}\nnot in\n{assumed}");
    }
    let verdicts = verdicts(&report);
    // A deployment that ECS rolled back is seen by this action; a good change arrives.
    assert_eq!(verdicts["good-change-arrives"].0, "kept");
    // Nobody is asked, nothing is locked, nothing is restored.
    for id in [
        "production-approved",
        "one-at-a-time",
        "never-backwards",
        "failed-deploy-restores",
        "failure-says-what-serves",
    ] {
        assert_eq!(verdicts[id].0, "broken", "{id}: {assumed}");
    }
    // There is no staging, nothing to dispatch and nothing to look at on a pull request.
    for id in [
        "production-promotes-staging",
        "rollback-restores",
        "merge-gated",
        "pr-has-no-credentials",
    ] {
        assert_eq!(verdicts[id].0, "not_exercised", "{id}");
    }
}

/// The same behind an environment, with files that nobody gave: a called workflow, a script, a task
/// definition, and names in variables.
const GATED: &str = "\
on:
  push: { branches: [master] }
concurrency: { group: ship }
jobs:
  checks:
    uses: ./.github/workflows/checks.yml
    with: { level: strict }
  ship:
    needs: checks
    runs-on: ubuntu-latest
    environment: production
    env: { DEFINITION: ops/task.json }
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/prepare
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: ${{ secrets.KEY_AWS_ACCESS_KEY_ID }}
          aws-secret-access-key: ${{ secrets.KEY_AWS_SECRET }}
          aws-region: ${{ vars.AWS_REGION }}
      - uses: aws-actions/amazon-ecr-login@v2
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: ${{ vars.ECR_REPOSITORY_URL }}:${{ github.sha }}
      - run: ./scripts/announce.sh \"${{ github.sha }}\"
      - uses: aws-actions/amazon-ecs-render-task-definition@v1
        id: rendered
        with:
          task-definition: ${{ env.DEFINITION }}
          container-name: api
          image: ${{ vars.ECR_REPOSITORY_URL }}:${{ github.sha }}
      - uses: aws-actions/amazon-ecs-deploy-task-definition@v2
        with:
          task-definition: ${{ steps.rendered.outputs.task-definition }}
          cluster: ${{ vars.ECS_CLUSTER }}
          service: ${{ vars.ECS_SERVICE }}
          wait-for-service-stability: true
";

#[test]
fn what_was_not_given_is_stood_in_for_and_named() {
    let report = report(&[("ship.yaml", GATED)]);
    let assumed = texts(&report, "assumptions");
    for line in [
        ".github/workflows/checks.yml was not given with the workflows: a workflow that succeeds stands in",
        ".github/actions/prepare/action.yml was not given",
        "scripts/announce.sh was not given",
        "ops/task.json was not given with the workflows: a task definition with the one container `api`",
        "the variable ECS_CLUSTER is `ecs-cluster`",
        "ecs-cluster/ecs-service is production",
    ] {
        assert!(assumed.contains(line), "{line}\nnot in\n{assumed}");
    }
    let verdicts = verdicts(&report);
    assert_eq!(verdicts["good-change-arrives"].0, "kept", "{assumed}");
    // An environment that is named so is protected as declared, and is not by itself.
    assert_eq!(verdicts["production-approved"], ("kept", "broken"));
    assert_eq!(verdicts["one-at-a-time"].0, "kept");
    assert_eq!(verdicts["failed-deploy-restores"].0, "broken");
}

/// Restarted by hand with a tag that moves, after a migration; and a workflow that needs what is not
/// here.
const BY_HAND: &str = "\
on:
  push: { branches: [main] }
permissions: { id-token: write, contents: read }
env: { REGISTRY: 777788889999.dkr.ecr.us-west-2.amazonaws.com }
jobs:
  restart:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: arn:aws:iam::777788889999:role/restarts
          aws-region: us-west-2
      - uses: aws-actions/amazon-ecr-login@v2
      - run: |
          docker build -t $REGISTRY/kiosk:latest -t $REGISTRY/kiosk:$GITHUB_SHA .
          docker push $REGISTRY/kiosk:$GITHUB_SHA
          docker push $REGISTRY/kiosk:latest
      - name: Migrate
        run: |
          network=$(aws ecs describe-services --cluster kiosk --services kiosk-web \\
            --query 'services[0].networkConfiguration' --output json)
          task=$(aws ecs run-task --cluster kiosk --task-definition kiosk-web-task --launch-type FARGATE \\
            --network-configuration \"$network\" --query 'tasks[0].taskArn' --output text)
          aws ecs wait tasks-stopped --cluster kiosk --tasks \"$task\"
          code=$(aws ecs describe-tasks --cluster kiosk --tasks \"$task\" --query 'tasks[0].containers[0].exitCode' --output text)
          echo \"the migration ended with $code\"
          test \"$code\" = 0
      - run: |
          aws ecs update-service --cluster kiosk --service kiosk-web --force-new-deployment
          aws ecs wait services-stable --cluster kiosk --services kiosk-web
";
const ELSEWHERE: &str = "\
on: { workflow_dispatch: {} }
jobs:
  apply:
    runs-on: ubuntu-latest
    steps:
      - run: no-such-infrastructure-tool apply
";

#[test]
fn a_tag_that_moves_and_a_workflow_that_cannot_be_played() {
    let files = [("restart.yml", BY_HAND), ("apply.yml", ELSEWHERE)];
    let report = report(&files);
    let assumed = texts(&report, "assumptions");
    let line =
        "the task definition of kiosk/kiosk-web names the tag `latest`, which the workflow pushes";
    assert!(assumed.contains(line), "{assumed}");
    let left_out = texts(&report, "not_modelled");
    let line = "apply.yml:6: fails here on workflow_dispatch although nothing is wrong, and promises leave its runs out: ";
    assert!(left_out.contains(line), "{left_out}");
    let verdicts = verdicts(&report);
    assert_eq!(verdicts["good-change-arrives"].0, "kept", "{left_out}");
    // `services-stable` is content with what ECS rolled back to.
    assert_eq!(verdicts["green-means-serving"].0, "broken");
    // The workflow that cannot be played is not blamed.
    for promise in report["promises"].as_array().unwrap() {
        for evidence in promise["evidence"].as_array().unwrap() {
            assert_ne!(evidence["file"], "apply.yml", "{promise}");
        }
    }
}

#[test]
fn a_whole_repository_needs_no_stand_ins() {
    let report = report(&[
        (".github/workflows/ship.yml", STRAIGHT),
        (".github/workflows/notes.txt", "nothing"),
    ]);
    let assumed = texts(&report, "assumptions");
    assert!(!assumed.contains("was not given"), "{assumed}");
    assert_eq!(report["pipeline"], serde_json::json!(["ship.yml"]));
}

#[test]
fn what_cannot_be_rehearsed_is_said() {
    let refused = |files: &[(&str, &str)], wanted: &str| {
        let (output, _directory) = rehearse(files, &[]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(wanted), "{text}");
    };
    refused(
        &[("readme.md", "hello")],
        "holds neither a directory .github/workflows nor workflow files",
    );
    refused(
        &[
            ("ok.yml", ELSEWHERE),
            (
                "bad.yml",
                "on: push\njobs:\n  a:\n    runs-on: x\n    stepps: []\n",
            ),
        ],
        ".github/workflows/bad.yml:5",
    );
    let output = Command::new(env!("CARGO_BIN_EXE_lockkeeper"))
        .args(["rehearse", "--workflows", "/nowhere/at/all"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("/nowhere/at/all"), "{text}");
    assert_eq!(output.status.code(), Some(2), "{text}");
}
