//! Calls of reusable workflows.

use lockkeeper_workflow::{Access, TokenDefault, Workflow, check_calls, load};

fn workflow(file: &str, text: &str) -> Workflow {
    load(file, text).unwrap_or_else(|p| panic!("{p:#?}"))
}

fn problems(caller: &str, called: &str, token: TokenDefault) -> Vec<String> {
    let caller = workflow("caller.yml", caller);
    let called = workflow("called.yml", called);
    let find = |uses: &str| (uses == "./.github/workflows/called.yml").then_some(&called);
    let found = check_calls(&caller, token, &find);
    found.iter().map(ToString::to_string).collect()
}

const CALLED: &str = "
on:
  workflow_call:
    inputs:
      url: { type: string, required: true }
      dry: { type: boolean, default: false }
    secrets:
      token: { required: true }
jobs:
  smoke:
    runs-on: x
    permissions: { contents: read, id-token: write }
";

fn caller(body: &str) -> String {
    format!("on: push\njobs:\n  a:\n    uses: ./.github/workflows/called.yml\n{body}")
}

#[test]
fn inputs_secrets_and_permissions_are_held_against_the_called_workflow() {
    let good = caller(
        "    permissions: { contents: read, id-token: write }\n    with: { URL: x }\n    secrets: { token: x }\n",
    );
    assert_eq!(problems(&good, CALLED, TokenDefault::Restricted), [""; 0]);
    let inherit = good.replace("{ token: x }", "inherit");
    assert_eq!(
        problems(&inherit, CALLED, TokenDefault::Restricted),
        [""; 0]
    );

    let bad = caller("    with: { ulr: x, dry: soon }\n    secrets: { tokn: x }\n");
    assert_eq!(
        problems(&bad, CALLED, TokenDefault::Permissive),
        [
            "caller.yml:5:13: Invalid input, ulr is not defined in the referenced workflow.",
            "caller.yml:5:26: Unexpected value 'soon'",
            "caller.yml:4:11: Input url is required, but not provided while calling.",
            "caller.yml:6:16: Invalid secret, tokn is not defined in the referenced workflow.",
            "caller.yml:4:11: Secret token is required, but not provided while calling.",
            "caller.yml:3:3: Error calling workflow './.github/workflows/called.yml'. The nested \
             job 'smoke' is requesting 'id-token: write', but is only allowed 'id-token: none'.",
        ]
    );
    assert_eq!(
        problems(
            &caller(""),
            "on: push\njobs: {a: {runs-on: x}}",
            TokenDefault::Permissive
        ),
        [
            "caller.yml:4:11: workflow is not reusable as it is missing a `on.workflow_call` \
             trigger"
        ]
    );
}

#[test]
fn workflows_that_call_themselves_come_to_an_end() {
    let jobs: String = (0..50)
        .map(|i| format!("  j{i}: {{uses: ./.github/workflows/called.yml}}\n"))
        .collect();
    let text = format!("on: [push, workflow_call]\njobs:\n{jobs}");
    let found = problems(&text, &text, TokenDefault::Restricted);
    assert!(found[0].contains("nest deeper than 10"));
}

#[test]
fn tokens_have_defaults() {
    assert_eq!(TokenDefault::Restricted.access("contents"), Access::Read);
    assert_eq!(TokenDefault::Restricted.access("issues"), Access::None);
    assert_eq!(TokenDefault::Permissive.access("contents"), Access::Write);
    assert_eq!(TokenDefault::Permissive.access("id-token"), Access::None);
    let all = workflow(
        "w.yml",
        "on: push\npermissions: read-all\njobs: {a: {runs-on: x}}",
    );
    let all = all.permissions.expect("permissions");
    assert_eq!(all.access("contents"), Access::Read);
    assert_eq!(all.access("id-token"), Access::None);
}
