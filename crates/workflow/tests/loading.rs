//! What a file means, and what is said about a file that means nothing.

use lockkeeper_workflow::{
    Access, ActionRef, CallSecrets, Filter, InputType, Problem, Queue, StepKind, Workflow, load,
};

fn workflow(text: &str) -> Workflow {
    load("ci.yml", text).unwrap_or_else(|p| panic!("{p:#?}"))
}

/// Each problem as `line:column message (suggestion)`.
fn problems(text: &str) -> Vec<String> {
    let found = load("ci.yml", text).err().unwrap_or_default();
    let line = |p: &Problem| {
        let hint = p
            .suggestion
            .as_ref()
            .map_or(String::new(), |s| format!(" ({s})"));
        format!("{}:{} {}{hint}", p.place.line, p.place.column, p.message)
    };
    found.iter().map(line).collect()
}

const DEPLOY: &str = r#"name: Deploy
run-name: Deploy ${{ inputs.tag }} by @${{ github.actor }}
on:
  workflow_dispatch:
    inputs:
      tag: { description: What to deploy, required: true }
      where:
        type: choice
        options: [staging, production]
        default: staging
      dry: { type: boolean, default: false }
  push:
    branches: ["main", 'release/**']
    paths-ignore: docs/**
  workflow_run:
    workflows: [CI]
    types: completed
  schedule:
    - cron: "30 5 * * 1-5"
  issues:
permissions:
  contents: read
  id-token: write
env:
  REGION: ap-northeast-1
  RETRIES: 1.50
concurrency:
  group: deploy-${{ github.ref }}
  queue: max
defaults: { run: { shell: bash } }
jobs:
  build:
    name: Build it
    runs-on: ubuntu-24.04
    outputs:
      digest: ${{ steps.push.outputs.digest }}
    services:
      db:
        image: postgres:17
        env: { POSTGRES_PASSWORD: x }
        ports: ["5432:5432"]
        options: --health-cmd pg_isready
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with: { persist-credentials: false, fetch-depth: 0 }
      - id: push
        name: Push
        run: |
          set -e
          docker push "$IMAGE"
          echo "${{ github.sha }}"
        working-directory: app
        env: { IMAGE: "app:${{ github.sha }}" }
        timeout-minutes: 5
        continue-on-error: ${{ inputs.dry }}
      - uses: ./.github/actions/notify
      - uses: docker://alpine:3
  deploy:
    needs: [Build]
    if: ${{ !cancelled() && needs.build.result == 'success' }}
    runs-on: { group: large, labels: [self-hosted, x64] }
    environment:
      name: ${{ inputs.where || 'staging' }}
      url: https://example.com/${{ steps.out.outputs.path }}
      deployment: false
    steps:
      - run: ./deploy.sh
  call:
    needs: build
    uses: ./.github/workflows/smoke.yml
    with: { url: x }
    secrets: inherit
"#;

#[test]
fn a_workflow_is_read_with_everything_in_it() {
    let w = workflow(DEPLOY);
    assert!(w.unmodelled.is_empty());
    assert_eq!(w.name.as_ref().map(|n| n.value.as_str()), Some("Deploy"));

    let dispatch = w.on.workflow_dispatch.as_ref().expect("dispatch");
    assert!(dispatch.inputs["tag"].required);
    assert_eq!(dispatch.inputs["tag"].kind, InputType::String);
    assert_eq!(dispatch.inputs["where"].options.len(), 2);
    assert_eq!(dispatch.inputs["dry"].kind, InputType::Boolean);
    let push = w.on.push.as_ref().expect("push");
    assert_eq!(
        push.branches.as_ref().expect("branches").patterns(),
        ["main", "release/**"]
    );
    assert!(matches!(&push.paths, Some(Filter::Ignore(p)) if p.len() == 1));
    assert_eq!(w.on.schedule[0].cron.value, "30 5 * * 1-5");
    assert_eq!(
        w.on.events(),
        [
            "push",
            "workflow_dispatch",
            "workflow_run",
            "schedule",
            "issues"
        ]
    );

    let permissions = w.permissions.as_ref().expect("permissions");
    assert_eq!(permissions.access("contents"), Access::Read);
    assert_eq!(permissions.access("id-token"), Access::Write);
    assert_eq!(permissions.access("actions"), Access::None);
    // GitHub reads 1.50 as a number and prints it as one.
    assert_eq!(w.env[1].1.source(), "1.5");
    assert_eq!(w.concurrency.as_ref().map(|c| c.queue), Some(Queue::Max));

    let build = &w.jobs["build"];
    assert_eq!(build.literal_name(), Some("Build it"));
    assert_eq!(build.services["db"].image.source(), "postgres:17");
    let StepKind::Uses { action, with } = &build.steps[0].kind else {
        panic!("uses");
    };
    assert_eq!(action.value.name().as_deref(), Some("actions/checkout"));
    assert_eq!(with[1].1.source(), "0");
    let step = &build.steps[1];
    let StepKind::Run { script, .. } = &step.kind else {
        panic!("run");
    };
    assert_eq!(script.source().lines().count(), 3);
    let line = 1 + DEPLOY
        .lines()
        .position(|l| l.contains("run: |"))
        .expect("a line") as u32;
    assert_eq!(script.place().line, line);
    assert_eq!(script.line_of(2), Some(line + 3));
    assert_eq!(script.line_of(3), None);
    let e = script.expressions().next().expect("one");
    assert_eq!(e.place.excerpt(DEPLOY), Some("${{ github.sha }}"));
    assert_eq!((e.place.line, e.place.column), (line + 3, 17));
    let whole = step.place.excerpt(DEPLOY).expect("inside");
    assert!(whole.starts_with("id: push") && whole.ends_with("${{ inputs.dry }}"));
    assert!(matches!(&build.steps[2].kind, StepKind::Uses { action, .. }
        if action.value == ActionRef::Local(".github/actions/notify".into())));

    let deploy = &w.jobs["deploy"];
    assert_eq!(
        deploy.needs[0].value, "build",
        "job ids are found whatever their case"
    );
    let environment = deploy.environment.as_ref().expect("environment");
    assert!(environment.deployment.is_some());
    assert!(w.jobs["call"].runs_on.is_none());
    let call = w.jobs["call"].call.as_ref().expect("call");
    assert!(matches!(call.secrets, CallSecrets::Inherit));
}

#[test]
fn many_problems_are_found_at_once_with_a_way_out() {
    let text = r#"on:
  pull-request:
  push: { branch: main }
job:
permissions: { content: read, id-token: read }
jobs:
  a:
    run-on: ubuntu
    steps:
      - run: echo ${{ secret.X }}
        timeout-minutes: soon
      - use: actions/checkout@v5
      - uses: actions/checkout
      - run: a
        Run: b
  b:
    needs: [aa]
    runs-on: x
    if: github.ref = 'refs/heads/main'
  c:
    runs-on: x
    env: { A: 1, a: 2 }
    steps:
      - run: echo ${{ github.sha
      - run: echo "${{ contians('a', "b") }}"
"#;
    let found = problems(text);
    let expected = [
        "2:3 Unexpected value 'pull-request' (did you mean `pull_request`?)",
        "3:11 Unexpected value 'branch' (did you mean `branches`?)",
        "4:1 Unexpected value 'job' (did you mean `jobs`?)",
        "5:16 Unexpected value 'content' (did you mean `contents`?)",
        "5:41 Unexpected value 'read' (wanted here: write or none)",
        "8:5 Unexpected value 'run-on' (did you mean `runs-on`?)",
        "8:5 Required property is missing: runs-on",
        "10:23 Unrecognized named-value: 'secret'. Located at position 1 within expression: \
         secret.X (did you mean `secrets`?)",
        "11:26 Unexpected value 'soon' (wanted here: a number or an expression)",
        "12:9 Unexpected value 'use' (did you mean `uses`?)",
        "13:15 Expected format {org}/{repo}[/path]@ref. Actual 'actions/checkout' (say which \
         version: add @ and a tag or commit)",
        "15:9 'Run' is already defined (keys that differ only by case are the same key)",
        "17:13 Job 'b' depends on unknown job 'aa'. (did you mean `a`?)",
        "19:20 Unexpected symbol: '='. Located at position 12 within expression: github.ref = \
         'refs/heads/main' (equality is `==`)",
        "22:18 'a' is already defined (keys that differ only by case are the same key)",
        "24:19 The expression is not closed. An unescaped ${{ sequence was found, but the \
         closing }} sequence was not found. (close it with }})",
        "25:24 Unrecognized function: 'contians'. Located at position 1 within expression: \
         contians('a', \"b\") (did you mean `contains`?)",
    ];
    assert_eq!(found, expected);
}

#[test]
fn contexts_are_held_to_their_places() {
    let job = |line: &str| {
        problems(&format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    {line}\n"
        ))
    };
    assert!(job("if: secrets.X != ''")[0].contains("here only these contexts exist: github"));
    assert!(job("if: hashFiles('x') != ''")[0].contains("Unrecognized function"));
    assert!(job("name: ${{ steps.x.outputs.y }}")[0].contains("Unrecognized named-value"));
    assert!(job("name: ${{ success() }}")[0].contains("Unrecognized function"));
    assert!(job("permissions: ${{ 'read-all' }}")[0].contains("Unexpected value"));
    assert!(job("steps: [{run: x, if: 'hashFiles(''x'') != '''' && failure()'}]").is_empty());
    assert!(job("environment: { name: x, url: '${{ secrets.X }}' }")[0].contains("secrets"));
}

#[test]
fn yaml_is_github_s() {
    // `on` is a string, as are dates; anchors are read, merge keys are not.
    let w = workflow(
        "on: push\njobs:\n  a: {runs-on: &os ubuntu-24.04}\n  b: {runs-on: *os, env: {D: 2026-01-01}}\n",
    );
    assert_eq!(w.jobs["b"].env[0].1.source(), "2026-01-01");
    assert_eq!(
        w.jobs["b"].runs_on.as_ref().map(|r| r.labels[0].source()),
        Some("ubuntu-24.04")
    );
    let merge = "on: push\njobs:\n  a: &a\n    runs-on: x\n  b:\n    <<: *a\n    name: B\n";
    assert!(problems(merge).iter().any(|p| p.contains("no merge keys")));
    assert_eq!(
        problems("on: push\njobs: {a: {runs-on: x}, A: {runs-on: y}}"),
        ["2:25 'A' is already defined (keys that differ only by case are the same key)"]
    );
    assert_eq!(
        problems("on: push\njobs:\n  a:\n\tb: 1\n").len(),
        1,
        "what is not YAML is one problem"
    );
}

#[test]
fn cycles_are_named() {
    let found = problems(
        "on: push\njobs:\n  a: {runs-on: x, needs: b}\n  b: {runs-on: x, needs: c}\n  c: {runs-on: x, needs: a}\n  d: {runs-on: x}\n",
    );
    assert_eq!(found.len(), 3);
    assert_eq!(
        found[0],
        "3:3 Job 'a' depends on itself: a needs b needs c needs a"
    );
}

#[test]
fn what_is_known_and_not_modelled_is_named() {
    let w = workflow(
        r#"on: { workflow_dispatch: { branches: [main] } }
env: ${{ fromJSON('{}') }}
jobs:
  a:
    runs-on: x
    container: node:24
    snapshot: image
    steps:
      - { run: sleep 1, background: true, id: bg }
      - parallel: [{ run: a }, { uses: $/actions/b }]
      - wait: [bg]
      - cancel: bg
      - wait-all:
"#,
    );
    let keys: Vec<&str> = w.unmodelled.iter().map(|u| u.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "on.workflow_dispatch.branches",
            "env",
            "jobs.a.steps[0].background",
            "jobs.a.steps[1].parallel",
            "jobs.a.steps[1].parallel.steps[1].uses",
            "jobs.a.steps[2].wait",
            "jobs.a.steps[3].cancel",
            "jobs.a.steps[4].wait-all",
            "jobs.a.container",
            "jobs.a.snapshot",
        ]
    );
    assert!(matches!(&w.jobs["a"].steps[1].kind, StepKind::Parallel { steps } if steps.len() == 2));
}

#[test]
fn cron_is_checked() {
    for (cron, fits) in [
        ("*/5 * * * *", true),
        ("0 0 1,15 * MON-FRI", true),
        ("0 0 * JAN 7", true),
        ("@daily", false),
        ("60 * * * *", false),
        ("* * * *", false),
        ("5-1 * * * *", false),
        ("*/0 * * * *", false),
    ] {
        let text = format!("on: {{schedule: [{{cron: '{cron}'}}]}}\njobs: {{a: {{runs-on: x}}}}");
        assert_eq!(problems(&text).is_empty(), fits, "{cron}");
    }
}
