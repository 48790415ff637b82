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
