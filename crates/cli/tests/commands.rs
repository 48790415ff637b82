//! Workflow commands and the files through which steps speak to the runner.

mod trial;

use lockkeeper_world::event::{Conclusion, What};
use trial::{play, trial};

#[test]
fn commands_and_files_do_what_github_does() {
    let workflow = r#"
on: push
env: {GITHUB_SHA: mine, SHOWN: workflow}
jobs:
  a:
    runs-on: ubuntu-24.04
    outputs: {plain: "${{ steps.o.outputs.plain }}", hidden: "${{ steps.o.outputs.hidden }}"}
    steps:
      - run: |
          echo "::error file=src/a.js,line=3,col=2,title=Odd%2C really::first%0Asecond"
          echo "::warning file=$GITHUB_WORKSPACE/b.js::below the workspace"
          echo "  ::NOTICE::any case"
          echo "see ##[warning]the older form"
          echo "::debug::nobody asked"
          echo "::group::Part one"
          echo inside
          echo "::endgroup::"
          echo "::unknown::kept as it is"
      - run: |
          echo "::add-mask::hunter2"
          echo "hunter2 and $(printf hunter2 | base64)"
          echo "::stop-commands::enough-of-this"
          echo "::error::not a command"
          echo "::enough-of-this::"
          echo "::error::a command again"
      - id: o
        run: |
          echo "plain=one" >>"$GITHUB_OUTPUT"
          echo "hidden=xhunter2x" >>"$GITHUB_OUTPUT"
          echo "A=x=y" >>"$GITHUB_ENV"
          printf 'B<<END\n1\n\n2\nEND\n' >>"$GITHUB_ENV"
          echo "NODE_OPTIONS=--require /x" >>"$GITHUB_ENV"
          echo "GITHUB_SHA=theirs" >>"$GITHUB_ENV"
          echo "/one" >>"$GITHUB_PATH"
          echo "/two" >>"$GITHUB_PATH"
          echo "Done, hunter2" >>"$GITHUB_STEP_SUMMARY"
      - env: {SHOWN: "${{ env.A }}"}
        if: env.SHOWN == 'x=y'
        run: |
          echo "$SHOWN/$B/${NODE_OPTIONS-unset}/${#GITHUB_SHA}/$GITHUB_ACTION"
          echo "$PATH" | tr : '\n' | sed -n '2,3p'
      - id: blocked
        continue-on-error: true
        run: echo "::set-env name=C::d"
      - id: format
        continue-on-error: true
        run: printf 'fine=1\nnot fine\n' >>"$GITHUB_OUTPUT"
      - env: {ACTIONS_ALLOW_UNSECURE_COMMANDS: true}
        run: echo "::set-env name=C::allowed"
      - run: echo "$C ${{ steps.blocked.outcome }} ${{ steps.format.outcome }} [${{ steps.format.outputs.fine }}]"
      - run: head -c 1100000 /dev/zero | tr '\0' x >>"$GITHUB_STEP_SUMMARY"
"#;
    let outcome = play(&trial(&[("ci.yml", workflow)]));
    assert_eq!(
        outcome.said(),
        [
            "##[group]Part one",
            "inside",
            "::unknown::kept as it is",
            "*** and ***",
            "::stop-commands::***",
            "::error::not a command",
            "::***::",
            "x=y/1",
            "",
            "2/unset/40/__run_3",
            "/two",
            "/one",
            "allowed failure failure []",
        ]
    );
    let notes = outcome.notes();
    assert_eq!(
        notes[..5],
        [
            "error src/a.js:3 [Odd, really] first\nsecond",
            "warning b.js below the workspace",
            "notice any case",
            "warning the older form",
            "error a command again",
        ]
    );
    for wanted in [
        "error Can't store NODE_OPTIONS output parameter",
        "error Unable to process command '::set-env name=C::d' successfully.",
        "error The `set-env` command is disabled.",
        "error Unable to process file command 'output' successfully.",
        "error Invalid format 'not fine'",
        "error $GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got 1074k.",
        "warning Skip output 'hidden' since it may contain secret.",
    ] {
        let found = notes.iter().any(|note| note.starts_with(wanted));
        assert!(found, "{wanted}: {notes:#?}");
    }
    let summaries = outcome.0.iter().filter_map(|event| match &event.what {
        What::SummaryWritten { text, .. } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(summaries.collect::<Vec<_>>(), ["Done, ***"]);
    assert_eq!(outcome.runs(), [Conclusion::Success]);
}

#[test]
fn problem_matchers_make_annotations_of_output() {
    let matcher = r#"{"problemMatcher": [{"owner": "lint", "pattern": [
        {"regexp": "^(\\S+):(\\d+): (\\w+): (.*)$", "file": 1, "line": 2, "severity": 3, "message": 4}]}]}"#;
    let workflow = r#"
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - run: |
          echo "src/a.c:3: error: before"
          echo "::add-matcher::tools/matcher.json"
          echo "src/a.c:4: warning: unused"
          echo "::remove-matcher owner=lint::"
          echo "src/a.c:5: error: after"
      - continue-on-error: true
        run: echo "::add-matcher::nowhere.json"
"#;
    let outcome = play(&trial(&[
        ("ci.yml", workflow),
        ("tools/matcher.json", matcher),
    ]));
    let notes = outcome.notes();
    assert_eq!(notes[0], "warning src/a.c:4 unused");
    assert!(
        notes[1].contains("add-matcher::nowhere.json' successfully"),
        "{notes:?}"
    );
    assert_eq!(outcome.runs(), [Conclusion::Success]);
}

#[test]
fn shells_are_those_that_are_asked_for() {
    let workflow = r#"
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    defaults: {run: {shell: sh}}
    steps:
      - run: '[ -z "${BASH+x}" ] && echo "default sh"'
      - shell: bash
        run: 'echo "bash $(set -o | grep pipefail | tr -d "\t ")"'
      - shell: python
        run: |
          import os
          print("python", os.environ["GITHUB_JOB"])
      - shell: 'bash -c "echo custom; cat {0}"'
        run: never run
      - shell: 'awk "{{print NR, $0}}" {0}'
        run: one line
      - id: none
        continue-on-error: true
        shell: no-such-shell {0}
        run: x
      - id: invalid
        continue-on-error: true
        shell: awk
        run: x
      - run: echo "${{ steps.none.outcome }} ${{ steps.invalid.outcome }}"
      - working-directory: nowhere
        continue-on-error: true
        run: echo not said
      - run: echo done
"#;
    let outcome = play(&trial(&[("ci.yml", workflow)]));
    let said = outcome.said();
    assert_eq!(said[..3], ["default sh", "bash pipefailon", "python a"]);
    for line in ["custom", "never run", "1 one line"] {
        assert!(said.contains(&line), "{line}: {said:?}");
    }
    assert!(
        said.contains(&"Error: no-such-shell: command not found"),
        "{said:?}"
    );
    assert!(
        said.iter()
            .any(|line| line.starts_with("Error: Invalid shell option."))
    );
    assert!(said.contains(&"failure failure"), "{said:?}");
    assert_eq!(said.last(), Some(&"done"));
    assert_eq!(outcome.runs(), [Conclusion::Success]);
}
