//! Checks of what a workflow names beside itself: actions and workflows of its repository.

use std::collections::BTreeMap;

use lockkeeper_workflow::check::{Files, Repository, check_action, check_text, kinds};
use lockkeeper_workflow::load_action;

/// A repository in memory.
struct Tree(BTreeMap<&'static str, &'static str>);

impl Files for Tree {
    fn read(&self, path: &str) -> Option<String> {
        self.0.get(path).map(|text| (*text).to_owned())
    }
}

/// `line kind` of each finding in a workflow of the repository.
fn told(files: &[(&'static str, &'static str)], text: &str) -> Vec<String> {
    let tree = Tree(files.iter().copied().collect());
    let checked = check_text("ci.yml", text, &Repository::new(&tree));
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    let lines = checked.findings.iter();
    lines
        .map(|f| format!("{} {}", f.place.line, f.kind))
        .collect()
}

const ACTION: &str = "
name: Deploy
description: Deploys
inputs:
  cluster: {description: where, required: true}
  region: {description: where, required: true, default: eu-central-1}
  old: {description: not any more, deprecationMessage: use cluster}
outputs:
  revision: {description: of the task}
runs: {using: node24, main: dist/index.js}
";

#[test]
fn inputs_of_actions_of_the_repository_are_known() {
    let files = [
        ("deploy/action.yml", ACTION),
        ("deploy/dist/index.js", ""),
        (
            "image/action.yaml",
            "name: a\ndescription: b\nruns: {using: docker, image: Dockerfile}",
        ),
        ("image/Dockerfile", "FROM scratch"),
    ];
    let text = "
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: ./deploy
        with: {Cluster: x}
      - uses: ./deploy
        with: {clusters: x, old: y}
      - uses: $/deploy
      - uses: ./image
        with: {args: x, other: y}
      - uses: ./brought/by/a/step
      - uses: $/missing
      - uses: ./../elsewhere
";
    assert_eq!(
        told(&files, text),
        [
            "9 missing-input",
            "10 unknown-input",
            "10 deprecated-input",
            "11 missing-input",
            "13 unknown-input",
            "15 action-without-file"
        ]
    );
}

#[test]
fn faults_of_an_action_are_told_once_where_it_is_used() {
    let files = [
        (
            "a/action.yml",
            "name: a\nruns: {using: node24, main: gone.js}",
        ),
        ("b/action.yml", "runs: {using: node14, main: x.js}"),
    ];
    let text = "
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: ./a
      - uses: ./b
      - uses: ./a
      - uses: ./b
";
    let expected = ["7 action-metadata", "7 action-metadata", "8 action-refused"];
    assert_eq!(told(&files, text), expected);
}

#[test]
fn metadata_is_checked_by_itself() {
    let text = "
name: a
branding: {icon: dog, color: gray}
runs:
  using: node24
  main: ../shared/main.js
  post: post.js
  pre-if: always()
";
    let action = load_action("actions/a/action.yml", text).expect("an action");
    let tree = Tree(BTreeMap::from([("actions/shared/main.js", "")]));
    let found = check_action(&action, "actions/a", &Repository::new(&tree));
    let told: Vec<_> = found.iter().map(|f| (f.place.line, f.kind)).collect();
    assert_eq!(
        told,
        [
            (2, "action-description"),
            (3, "action-branding"),
            (3, "action-branding"),
            (7, "action-file"),
            (8, "action-condition")
        ]
    );
    let unknown = check_action(&action, "actions/a", &Repository::unknown());
    assert_eq!(unknown.len(), 4, "nothing is said about files");
}

const CALLED: &str = "
on:
  workflow_call:
    inputs:
      image: {type: string, required: true}
      wait: {type: boolean, default: true}
    secrets:
      token: {required: true}
jobs: {a: {runs-on: ubuntu-24.04, steps: [{run: a}]}}
";

#[test]
fn calls_are_held_against_what_is_called() {
    let files = [
        (".github/workflows/deploy.yml", CALLED),
        (
            ".github/workflows/ci.yml",
            "on: push\njobs: {a: {runs-on: x, steps: [{run: a}]}}",
        ),
        (
            ".github/workflows/broken.yml",
            "on: {workflow_call: {inputs: none}}\njobs: {a: {runs-on: x, steps: [{run: a}]}}",
        ),
        (
            ".github/workflows/partly.yml",
            "on: {workflow_call: {inputs: {a: {type: strin}, b: {type: string}}}}\n\
             jobs: {a: {runs-on: x, steps: [{run: a}]}}",
        ),
    ];
    let text = "
on: push
jobs:
  well:
    uses: ./.github/workflows/deploy.yml
    with: {image: a}
    secrets: inherit
  wrong:
    uses: ./.github/workflows/deploy.yml
    with: {imgae: a, wait: maybe}
    secrets: {tokens: '${{ secrets.A }}'}
  push:
    uses: ./.github/workflows/ci.yml
  broken:
    uses: $/.github/workflows/broken.yml
  partly:
    uses: ./.github/workflows/partly.yml
    with: {a: x, b: y}
  missing:
    uses: ./.github/workflows/missing.yml
";
    let told = told(&files, text);
    assert_eq!(
        told,
        [
            "9 call-input",
            "9 call-secret",
            "10 call-input",
            "11 call-secret",
            "13 call-not-callable",
            "15 call-not-callable",
            "20 call-without-workflow"
        ]
    );
}

#[test]
fn a_file_that_github_refuses_is_checked_where_it_could_be_read() {
    let text = "
on: {push: {branches: ['']}}
jobs:
  a:
    runs-on: {labels: []}
    steps:
      - run: a
        shell: ${{ env.SHELL }}
      - run: echo ${{ github.head_ref }}
  b:
    runs-on: {labels: ['']}
    steps: &steps
      - run: a
        shell: bush
";
    let checked = check_text("ci.yml", text, &Repository::unknown());
    let refused: Vec<_> = checked.problems.iter().map(|p| p.place.line).collect();
    assert_eq!(refused, [2, 8, 11]);
    let told: Vec<_> = checked
        .findings
        .iter()
        .map(|f| (f.place.line, f.kind))
        .collect();
    assert_eq!(
        told,
        [
            (5, "runner-without-label"),
            (9, "script-injection"),
            (12, "unused-anchor"),
            (14, "shell-name")
        ]
    );
    assert!(checked.workflow.is_some());
    let broken = check_text("ci.yml", "on: [", &Repository::unknown());
    assert!(broken.workflow.is_none() && broken.findings.is_empty());
}

#[test]
fn kinds_are_stable_names() {
    let kinds = kinds();
    assert!(kinds.is_sorted(), "{kinds:?}");
    let legal = |c: char| c.is_ascii_lowercase() || c == '-';
    assert!(kinds.iter().all(|k| k.chars().all(legal)), "{kinds:?}");
}
