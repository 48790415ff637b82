//! What a file means, and what is said about a file that means nothing.

use lockkeeper_workflow::{
    Access, ActionRef, CacheMode, CallSecrets, ComputedKey, Filter, InputType, Place, Problem,
    Queue, Spanned, StepKind, Workflow, load,
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
    assert_eq!(
        found,
        ["3:3 Job 'a' depends on itself: a needs b needs c needs a"]
    );
}

const RARE: &str = r#"on: { workflow_dispatch: { branches: [main] }, image_version: { names: [base], versions: ["1.*"] } }
env: ${{ fromJSON('{}') }}
jobs:
  a:
    runs-on: x
    cancel-timeout-minutes: 7
    container:
      image: node:24
      credentials: ${{ fromJSON(secrets.REGISTRY) }}
    services: ${{ fromJSON(vars.SERVICES) }}
    snapshot: { image-name: base, version: 2.*, if: github.ref_name == 'main' }
    env: { "${{ matrix.name }}": x, "${{ insert }}": "${{ fromJSON('{}') }}", B: c }
    steps:
      - { run: sleep 1, background: true, id: bg }
      - parallel: [{ run: a, id: in-group }, { uses: $/actions/b }]
      - wait: [bg, in-group]
      - cancel: bg
      - wait-all:
"#;

#[test]
fn rare_keys_are_held_with_their_places() {
    let w = workflow(RARE);
    let at = |place: &Place| place.excerpt(RARE).expect("inside");
    let unmodelled: Vec<&str> = w.unmodelled.iter().map(|u| u.key.as_str()).collect();
    assert_eq!(unmodelled, ["on.workflow_dispatch.branches"]);
    assert_eq!(w.on.other[0].names[0].value, "base");
    assert_eq!(w.on.other[0].versions[0].value, "1.*");
    let whole = w.env.whole.as_ref().expect("one expression");
    assert_eq!(at(whole.place()), "${{ fromJSON('{}') }}");
    assert!(w.env.is_empty() && !w.env.is_literal());

    let job = &w.jobs["a"];
    assert_eq!(at(job.keys.place("snapshot").expect("a key")), "snapshot");
    assert_eq!(job.keys.place("name"), None);
    let minutes = job.cancel_timeout_minutes.as_ref().expect("minutes");
    assert_eq!(minutes.source(), "7");
    let snapshot = job.snapshot.as_ref().expect("snapshot");
    assert_eq!(snapshot.image_name.value, "base");
    assert!(snapshot.if_.is_some() && snapshot.version.is_some());
    assert!(job.services.whole.is_some() && job.services.is_empty());
    let container = job.container.as_ref().expect("container");
    let credentials = container.credentials.as_ref().expect("credentials");
    let whole = credentials.whole.as_ref().expect("one expression");
    assert_eq!(whole.secrets(), ["REGISTRY"]);

    assert_eq!(job.env.len(), 1);
    assert_eq!(job.env.templates().count(), 4);
    let keys: Vec<&str> = job
        .env
        .computed
        .iter()
        .map(|(k, _)| at(k.place()))
        .collect();
    assert_eq!(keys, ["\"${{ matrix.name }}\"", "\"${{ insert }}\""]);
    assert!(matches!(job.env.computed[0].0, ComputedKey::Name(_)));
    assert!(matches!(job.env.computed[1].0, ComputedKey::Insert(_)));

    assert!(job.steps[0].background);
    let StepKind::Parallel { steps } = &job.steps[1].kind else {
        panic!("parallel");
    };
    assert!(matches!(&steps[1].kind, StepKind::Uses { action, .. }
        if action.value == ActionRef::SelfRepository("actions/b".into())));
    assert!(matches!(&job.steps[2].kind, StepKind::Wait { steps } if steps.len() == 2));
    assert!(matches!(&job.steps[3].kind, StepKind::Cancel { step } if step.value == "bg"));
    assert!(matches!(job.steps[4].kind, StepKind::WaitAll));
}

#[test]
fn steps_that_wait_are_held_to_their_rules() {
    let steps = |steps: &str| {
        problems(&format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{steps}"
        ))
    };
    let background = "      - { run: a, id: server, background: true }\n";
    assert_eq!(
        steps(&format!("{background}      - wait: sever\n")),
        ["7:15 Step references unknown step ID 'sever' (did you mean `server`?)"]
    );
    assert_eq!(
        steps(&format!("      - cancel: server\n{background}")),
        ["6:17 Step references unknown step ID 'server' (it must be the id of an earlier step)"]
    );
    assert_eq!(
        steps("      - { wait: __run, id: x }\n      - { cancel: y, id: y }\n"),
        [
            "6:17 The identifier '__run' is invalid. IDs starting with '__' are reserved.",
            "7:19 Step 'y' cannot reference itself",
        ]
    );
    assert_eq!(
        steps("      - wait-all: false\n"),
        [
            "6:19 The value of 'wait-all' must be true or omitted (leave out the step that is not \
             to wait)"
        ]
    );
    assert_eq!(
        steps(
            "      - parallel:\n        - { run: a, background: true }\n        - wait-all:\n        \
             - parallel: [{ run: b }]\n"
        ),
        [
            "7:21 'background' is not allowed inside a parallel block. Steps in a parallel block \
             are automatically run as background steps.",
            "8:11 'wait-all' is not allowed inside a parallel block.",
            "9:11 Nested 'parallel' blocks are not allowed.",
        ]
    );
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

#[test]
fn a_cache_mode_stands_at_the_top_in_jobs_and_in_calls() {
    let w = workflow(
        "on: push\ncache-mode: read\njobs:\n  a: {runs-on: x, cache-mode: write-only}\n  b:\n    cache-mode: none\n    uses: o/r/.github/workflows/b.yml@v1\n  c: {runs-on: x}\n",
    );
    let of = |mode: &Option<Spanned<CacheMode>>| mode.as_ref().map(|m| m.value);
    assert_eq!(of(&w.cache_mode), Some(CacheMode::Read));
    assert_eq!(of(&w.jobs["a"].cache_mode), Some(CacheMode::WriteOnly));
    assert_eq!(of(&w.jobs["b"].cache_mode), Some(CacheMode::None));
    assert_eq!(of(&w.jobs["c"].cache_mode), None);
    assert_eq!(
        problems("on: push\ncache-mode: readonly\njobs:\n  a: {runs-on: x}\n"),
        ["2:13 Unexpected value 'readonly' (wanted here: none, read, write, write-only)"]
    );
}

#[test]
fn all_names_that_an_expression_may_not_use_are_told_and_nothing_that_follows_from_them() {
    let text = "
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    timeout-minutes: ${{ env.A == env.B && secrets.C || success() }}
    continue-on-error: ${{ env.A }}
    steps: [{run: a}]
";
    let problems = load("ci.yml", text).expect_err("refused");
    let told = problems.iter().map(|p| (p.place.line, p.place.column));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [(6, 26), (6, 35), (6, 44), (6, 57), (7, 28)],
        "{problems:?}"
    );
}
