//! Checks of workflows that GitHub reads, seen from the outside.

use lockkeeper_workflow::check::{Finding, Repository};
use lockkeeper_workflow::{check, load};

fn findings(text: &str) -> Vec<Finding> {
    let workflow = load("ci.yml", text).expect("a workflow that GitHub reads");
    check(&workflow, &Repository::unknown())
}

/// `line:column kind` of each finding.
fn told(text: &str) -> Vec<String> {
    let told = findings(text).into_iter();
    told.map(|f| format!("{}:{} {}", f.place.line, f.place.column, f.kind))
        .collect()
}

#[test]
fn a_condition_with_text_around_braces_is_always_true() {
    let text = "
on: push
jobs:
  deploy:
    runs-on: ubuntu-24.04
    if: ${{ github.ref_name == 'main' }} && github.actor != 'mona'
    steps:
      - run: ./deploy
        if: ${{ github.ref_name == 'main' }}
";
    assert_eq!(told(text), ["6:9 condition-text"]);
}

/// Steps of a job on a Linux runner.
fn steps(steps: &str) -> String {
    format!(
        "on: push\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n{}",
        steps.trim_matches('\n')
    )
}

/// The kinds of the findings, with their lines.
fn kinds(text: &str) -> Vec<(u32, &'static str)> {
    let found = findings(text).into_iter();
    found.map(|f| (f.place.line, f.kind)).collect()
}

#[test]
fn constant_conditions_are_told_and_open_ones_are_not() {
    let text = steps(
        "
      - {run: a, if: true}
      - {run: a, if: '${{ false || startsWith(''abc'', ''b'') }}'}
      - {run: a, if: always()}
      - {run: a, if: \"hashFiles('x') != ''\"}
      - {run: a, if: \"github.ref == 'x' || true\"}
",
    );
    let told = kinds(&text);
    assert_eq!(told, [(6, "condition-constant"), (7, "condition-constant")]);
    let found = findings(&text);
    assert!(found[0].message.contains("always true"), "{}", found[0]);
    assert!(found[1].message.contains("never true"), "{}", found[1]);
}

#[test]
fn text_of_strangers_in_scripts_is_told_wherever_it_is_pasted() {
    let text = steps(
        "
      - run: echo ${{ github.event.pull_request.title }}
      - run: echo ${{ github['event'].commits[0].message }} ${{ toJSON(github.event.*.body) }}
      - run: echo ${{ contains(github.event.issue.title, 'x') }} ${{ github.event.issue.number }}
      - run: echo \"$TITLE\"
        env: {TITLE: '${{ github.event.issue.title }}'}
      - uses: actions/github-script@v9
        with: {script: 'f(`${{ github.head_ref }}`)'}
      - uses: owner/other@v1
        with: {script: '${{ github.head_ref }}'}
      - run: echo ${{ env[github.actor] }}
",
    );
    let text = text.replacen("on: push", "on: [push, pull_request, issues]", 1);
    let injections: Vec<_> = told(&text);
    assert_eq!(
        injections,
        [
            "6:23 script-injection",
            "7:23 script-injection",
            "7:72 script-injection",
            "12:32 script-injection"
        ]
    );
}

#[test]
fn schedules_are_held_against_the_shortest_interval() {
    let minutes = |cron: &str| {
        let text = format!(
            "on: {{schedule: [{{cron: '{cron}'}}]}}\njobs: {{a: {{runs-on: ubuntu-24.04, steps: [{{run: a}}]}}}}"
        );
        kinds(&text).len()
    };
    for fine in [
        "*/5 * * * *",
        "0,30 4 * * *",
        "58 0,2 * * *",
        "7 4 * * MON-FRI",
        "0 * * * *",
    ] {
        assert_eq!(minutes(fine), 0, "{fine}");
    }
    for often in [
        "* * * * *",
        "*/4 * * * *",
        "0-9/3 1 * * *",
        "1,59 * * * *",
        "57,1 2-3 * * *",
    ] {
        assert_eq!(minutes(often), 1, "{often}");
    }
}

#[test]
fn labels_of_runners_are_known_or_told() {
    let job = |runs_on: &str| {
        let text =
            format!("on: push\njobs:\n  a:\n    runs-on: {runs_on}\n    steps: [{{run: a}}]");
        let found = kinds(&text);
        found.into_iter().map(|(_, kind)| kind).collect::<Vec<_>>()
    };
    for fine in [
        "ubuntu-latest",
        "Ubuntu-24.04-ARM",
        "windows-11-arm",
        "macos-26-xlarge",
        "[self-hosted, gpu]",
        "[self-hosted, linux, x64]",
        "{group: builders, labels: [gpu]}",
        "'${{ vars.RUNNER }}'",
    ] {
        assert_eq!(job(fine), Vec::<&str>::new(), "{fine}");
    }
    for unknown in [
        "ubuntu-lates",
        "gpu",
        "macos-12",
        "[linux, gpu]",
        "windows-2019",
    ] {
        assert_eq!(job(unknown), ["runner-label"], "{unknown}");
    }
    for conflict in [
        "[ubuntu-latest, windows-latest]",
        "[ubuntu-22.04, ubuntu-24.04]",
        "[self-hosted, linux, windows]",
    ] {
        assert_eq!(job(conflict), ["runner-label-conflict"], "{conflict}");
    }
    assert_eq!(job("[]"), ["runner-without-label"]);
}

#[test]
fn labels_come_from_the_matrix_and_from_the_caller_too() {
    let text = "
on: push
jobs:
  a:
    strategy:
      matrix:
        os: [ubuntu-24.04, linux-24.04]
        include:
          - os: [self-hosted, gpu]
          - os: our-runner
    runs-on: ${{ matrix.os }}
    steps: [{run: a}]
";
    assert_eq!(told(text), ["7:28 runner-label", "10:17 runner-label"]);
    let workflow = load("ci.yml", text).expect("a workflow");
    let repository = Repository::unknown().with_runner_labels(["Our-Runner"]);
    let found = check(&workflow, &repository);
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("linux-24.04"), "{}", found[0]);
}

#[test]
fn shells_fit_the_system_of_the_job() {
    let text = "
on: push
defaults: {run: {shell: dash}}
jobs:
  linux:
    runs-on: ubuntu-24.04
    steps:
      - {run: a, shell: powershell}
      - {run: a, shell: perl -w {0}}
      - {run: a, shell: sh}
  windows:
    runs-on: windows-2025
    defaults: {run: {shell: sh}}
    steps:
      - {run: a, shell: powershell}
  unknown:
    runs-on: [self-hosted]
    steps:
      - {run: a, shell: cmd}
      - {run: a, shell: bush}
"
    .replace("perl -w {0}", "'perl -w {0}'");
    let lines: Vec<u32> = kinds(&text).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [3, 8, 13, 20], "{:?}", findings(&text));
    assert_eq!(
        findings(&text)[3].suggestion.as_deref(),
        Some("did you mean `bash`?")
    );
}

#[test]
fn matrices_exclude_what_they_have() {
    let text = "
on: push
jobs:
  a:
    strategy:
      max-parallel: 0
      matrix:
        node: [20, 22, 22]
        os: [{name: linux, arch: arm}, {name: mac, arch: arm}]
        extra: ['${{ github.ref }}', b]
        include:
          - node: 24
            channel: beta
        exclude:
          - node: 18
          - nod: 20
          - os: {name: linux}
          - os: {name: windows}
          - node: 24
            channel: beta
          - extra: anything
    runs-on: ubuntu-24.04
    steps: [{run: a}]
";
    assert_eq!(
        told(text),
        [
            "6:21 max-parallel",
            "8:24 matrix-duplicate",
            "15:19 matrix-exclude",
            "16:13 matrix-exclude",
            "18:17 matrix-exclude"
        ]
    );
}

#[test]
fn inputs_of_known_actions_are_told_apart() {
    let text = steps(
        "
      - uses: actions/cache@v5
        with: {paths: a, key: b}
      - uses: actions/checkout@v3
      - uses: actions/checkout@v4
      - uses: actions/checkout@v6
        with: {Fetch-Depth: 0}
      - uses: octokit/request-action@v3.x
        with: {route: GET /, anything: 1}
      - uses: reviewdog/action-actionlint@v1
        with: {fail_on_error: true, entrypoint: /x}
      - uses: 'docker://alpine:'
      - uses: someone/unknown@v1
        with: {a: b}
",
    );
    assert_eq!(
        kinds(&text),
        [
            (6, "missing-input"),
            (7, "unknown-input"),
            (8, "outdated-action"),
            (9, "deprecated-runtime"),
            (15, "deprecated-input"),
            (16, "docker-without-tag")
        ]
    );
    let found = findings(&text);
    assert_eq!(found[1].suggestion.as_deref(), Some("did you mean `path`?"));
}

#[test]
fn what_on_says_to_no_effect_is_told() {
    let text = "
on:
  push:
    paths: [./src/**, '!docs/**']
    branches: ['release/**', 'v1^']
  workflow_dispatch:
    branches: [main]
  workflow_call:
    inputs:
      a: {type: string, required: true, default: x}
      b: {type: string, required: false, default: x}
jobs: {a: {runs-on: ubuntu-24.04, steps: [{run: a}]}}
";
    let told = kinds(text);
    let expected = [
        (4, "filter-pattern"),
        (5, "filter-pattern"),
        (7, "ignored-filter"),
        (10, "default-never-used"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn names_passwords_and_old_commands_are_told() {
    let text = "
on: push
env: {A=B: 1}
jobs:
  a:
    runs-on: ubuntu-24.04
    needs: []
    container:
      image: x
      credentials: {username: u, password: p}
    services:
      db:
        image: x
        credentials: {username: u, password: '${{ secrets.P }}'}
        env: {A B: 1}
    timeout-minutes: 0
    steps:
      - run: echo '::set-output name=a::b'
        env: {A&B: 1, OK_1: 1}
      - run: echo 'std::set-output'
  b:
    needs: [a, A]
    runs-on: ubuntu-24.04
";
    assert_eq!(
        kinds(text),
        [
            (3, "env-name"),
            (10, "hardcoded-password"),
            (15, "env-name"),
            (16, "timeout-minutes"),
            (18, "deprecated-command"),
            (19, "env-name"),
            (21, "job-without-steps"),
            (22, "needs-duplicate")
        ]
    );
}

#[test]
fn time_zones_are_iana_s() {
    let told = |zone: &str| {
        let text = format!(
            "on: {{schedule: [{{cron: '0 5 * * *', timezone: {zone}}}]}}\njobs: {{a: {{runs-on: ubuntu-24.04, steps: [{{run: a}}]}}}}"
        );
        findings(&text)
            .into_iter()
            .map(|f| f.suggestion)
            .collect::<Vec<_>>()
    };
    assert!(told("Europe/Berlin").is_empty() && told("UTC").is_empty());
    let berlin = Some("did you mean `Europe/Berlin`?".to_owned());
    assert_eq!(told("Berlin"), std::slice::from_ref(&berlin));
    assert_eq!(told("Europe/Berlim"), [berlin]);
    assert_eq!(told("Middle/Earth"), [None]);
}

#[test]
fn sections_with_nothing_in_them_are_told() {
    let text = "
on: push
env: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    strategy: {matrix: {}}
    outputs: {}
    steps:
      - {uses: a/b@v1, with: {}}
      - {run: a, env: {}}
  b:
    runs-on: ubuntu-24.04
    strategy: {}
    permissions: {}
    steps: []
";
    let lines: Vec<_> = kinds(text);
    let empty = "empty-section";
    assert_eq!(
        lines,
        [
            (3, empty),
            (7, empty),
            (8, empty),
            (10, empty),
            (11, empty),
            (14, empty),
            (16, "empty-steps")
        ]
    );
}
