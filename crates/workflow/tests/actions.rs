//! What an `action.yml` means, and what is said about one that the runner would refuse.

use lockkeeper_workflow::expr::{Contexts, Status};
use lockkeeper_workflow::{ActionFile, ActionRef, Place, Problem, RunsKind, StepKind, load_action};

fn action(text: &str) -> ActionFile {
    load_action("action.yml", text).unwrap_or_else(|p| panic!("{p:#?}"))
}

fn problems(text: &str) -> Vec<String> {
    let found = load_action("action.yml", text).err().unwrap_or_default();
    let line = |p: &Problem| {
        let hint = p.suggestion.as_ref();
        let hint = hint.map_or(String::new(), |s| format!(" ({s})"));
        format!("{}:{} {}{hint}", p.place.line, p.place.column, p.message)
    };
    found.iter().map(line).collect()
}

const COMPOSITE: &str = r#"name: Tell the team
description: 'Posts what ${{ github.ref }} became'
author: mona
inputs:
  channel:
    description: Where to
    required: true
  text: { default: "${{ github.sha }} is out", deprecationMessage: say `body` }
  empty:
outputs:
  id: { description: Of the message, value: "${{ steps.post.outputs.id }}" }
runs:
  using: composite
  steps:
    - uses: $/actions/prepare
      with: { level: 2 }
    - id: post
      if: inputs.channel != '' && success()
      shell: bash
      working-directory: ${{ github.action_path }}
      env: { CHANNEL: "${{ inputs.channel }}" }
      continue-on-error: ${{ inputs.empty == 'yes' }}
      run: ./post.sh
branding: { icon: send, color: blue }
env: { IGNORED: x }
"#;

#[test]
fn a_composite_action_is_read_with_everything_in_it() {
    let a = action(COMPOSITE);
    let at = |place: &Place| place.excerpt(COMPOSITE).expect("inside");
    assert_eq!(
        a.name.as_ref().map(|n| n.value.as_str()),
        Some("Tell the team")
    );
    assert!(
        a.description.is_some(),
        "text for people may have braces in it"
    );
    assert!(a.inputs["channel"].required && a.inputs["channel"].default.is_none());
    assert_eq!(at(&a.inputs["channel"].id.place), "channel");
    assert!(a.input("CHANNEL").is_some() && a.input("chanel").is_none());
    let text = &a.inputs["text"];
    assert_eq!(text.default.as_ref().map(|d| d.references().len()), Some(1));
    let deprecated = text.deprecation_message.as_ref().expect("a message");
    assert_eq!(at(&deprecated.place), "say `body`");
    assert_eq!(at(&a.inputs["empty"].place), "empty");
    let id = a.outputs["id"].value.as_ref().expect("a value");
    assert_eq!(
        at(&id.expressions().next().expect("one").place),
        "${{ steps.post.outputs.id }}"
    );
    assert_eq!(at(&a.runs.using.place), "composite");
    assert_eq!(at(a.runs.keys.place("steps").expect("a key")), "steps");
    let [first, second] = a.steps() else {
        panic!("two steps")
    };
    assert!(matches!(&first.kind, StepKind::Uses { action, with }
        if action.value == ActionRef::SelfRepository("actions/prepare".into()) && with.len() == 1));
    let StepKind::Run {
        shell,
        working_directory,
        ..
    } = &second.kind
    else {
        panic!("run")
    };
    assert_eq!(shell.as_ref().and_then(|s| s.as_literal()), Some("bash"));
    assert!(working_directory.is_some() && second.continue_on_error.is_some());
    assert_eq!(
        a.branding
            .as_ref()
            .and_then(|b| b.icon.as_ref())
            .map(|i| at(&i.place)),
        Some("send")
    );
    let unread: Vec<&str> = a.unread.iter().map(|u| u.value.as_str()).collect();
    assert_eq!(unread, ["env"]);
}

#[test]
fn javascript_and_docker_actions_are_read() {
    let a = action(
        "name: a\nruns:\n  using: node24\n  main: dist/main.js\n  pre: dist/pre.js\n  pre-if: \
         runner.os == 'Linux'\n  post: dist/post.js\n  post-if: always()\n",
    );
    let RunsKind::JavaScript(runs) = &a.runs.kind else {
        panic!("JavaScript")
    };
    assert_eq!(a.runs.using.value, "node24");
    assert_eq!(runs.main.value, "dist/main.js");
    assert_eq!(
        runs.pre.as_ref().map(|p| p.value.as_str()),
        Some("dist/pre.js")
    );
    assert!(
        runs.post_if
            .as_ref()
            .is_some_and(|c| c.value.calls("always"))
    );
    assert_eq!(
        runs.pre_if.as_ref().map(|c| c.value.source()),
        Some("runner.os == 'Linux'")
    );

    let a = action(
        "runs:\n  using: Docker\n  image: docker://alpine:3\n  entrypoint: /run.sh\n  args: [one, \
         '${{ inputs.two }}']\n  env: { A: '${{ inputs.a }}' }\n  pre-entrypoint: /pre.sh\n  \
         post-entrypoint: /post.sh\n",
    );
    let RunsKind::Docker(runs) = &a.runs.kind else {
        panic!("Docker")
    };
    assert_eq!(runs.image.value, "docker://alpine:3");
    assert_eq!((runs.args.len(), runs.env.len()), (2, 1));
    assert!(runs.pre_entrypoint.is_some() && runs.post_entrypoint.is_some());
    assert!(a.name.is_none() && a.steps().is_empty());
}

#[test]
fn many_problems_are_found_at_once_with_a_way_out() {
    let found = problems(
        r#"name: a
inputs:
  x: { default: "${{ secrets.TOKEN }}" }
outputs:
  y: { value: "${{ steps.x.output }}" , }
runs:
  using: composite
  mian: x
  steps:
    - run: a
    - { run: b, shell: sh, background: true }
    - { uses: actions/checkout@v5, timeout-minutes: 1 }
    - wait-all:
    - { run: c, shell: bash, id: c }
    - { run: "${{ needs.x.result }}", shell: bash, id: C }
"#,
    );
    assert_eq!(
        found,
        [
            "3:22 Unrecognized named-value: 'secrets'. Located at position 1 within expression: \
             secrets.TOKEN (here only these contexts exist: github, strategy, matrix, job, runner)",
            "8:3 Unexpected value 'mian' (known keys here: using, steps)",
            "10:7 Required property is missing: shell",
            "11:28 Unexpected value 'background' (known keys here: name, id, if, run, shell, env, \
             continue-on-error, working-directory)",
            "12:36 Unexpected value 'timeout-minutes' (known keys here: name, id, if, uses, with, \
             env, continue-on-error)",
            "13:7 Unexpected value 'wait-all' (only steps of a job can be this)",
            "15:19 Unrecognized named-value: 'needs'. Located at position 1 within expression: \
             needs.x.result (here only these contexts exist: github, inputs, strategy, matrix, \
             steps, job, runner, env)",
        ]
    );
    assert_eq!(
        problems("runs: { using: nod24, main: x }"),
        ["1:16 Unexpected value 'nod24' (did you mean `node24`?)"]
    );
    assert_eq!(
        problems("name: a"),
        ["1:1 Required property is missing: runs"]
    );
    assert_eq!(
        problems("runs: { using: docker, main: x }"),
        [
            "1:7 Required property is missing: image",
            "1:24 Unexpected value 'main' (known keys here: using, image, entrypoint, args, env, \
             pre-entrypoint, pre-if, post-entrypoint, post-if)",
        ]
    );
}

#[test]
fn a_broken_pre_if_is_found_when_it_is_evaluated() {
    let text =
        "name: a\nruns: {using: node24, main: m.js, pre: p.js, pre-if: runner.os == linux}\n";
    let action = load_action("action.yml", text).unwrap_or_else(|p| panic!("{}", p[0]));
    let RunsKind::JavaScript(runs) = &action.runs.kind else {
        panic!("not JavaScript");
    };
    let condition = &runs.pre_if.as_ref().expect("a pre-if").value;
    assert!(condition.broken().is_some());
    let found = condition.eval(&Contexts::new(), &Status::SUCCESS);
    assert!(found.is_err_and(|e| e.to_string().contains("Unrecognized named-value: 'linux'")));
}
