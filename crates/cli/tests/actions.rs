//! Actions: composite ones, artifacts, caches, and what has no model.

mod trial;

use lockkeeper_rehearsal::trial::{Happens, Interference, Trial};
use lockkeeper_world::event::{Conclusion, What};
use trial::{files, interfere, play, trial};

const OUTER: &str = r#"
name: Outer
inputs:
  Word: {description: x, required: true}
  other: {description: x, default: "${{ github.job }}"}
outputs:
  said: {description: x, value: "${{ steps.s.outputs.said }}, ${{ steps.inner.outputs.deep }}"}
runs:
  using: composite
  steps:
    - id: s
      shell: bash
      run: |
        echo "${{ inputs.word }} ${{ inputs.other }} $OUTER $(basename "$GITHUB_ACTION_PATH") [${INPUT_WORD-}] $GITHUB_ACTION"
        "$GITHUB_ACTION_PATH/tool.sh"
        echo "said=${{ inputs.WORD }}!" >>"$GITHUB_OUTPUT"
        echo "LEFT=by outer" >>"$GITHUB_ENV"
        echo "OUTER=lost until it is over" >>"$GITHUB_ENV"
    - id: inner
      uses: ./actions/inner
      env: {NESTED: "${{ env.OUTER }}"}
    - shell: bash
      run: 'echo "status ${{ job.status }} $LEFT $OUTER"'
"#;

const INNER: &str = r#"
outputs: {deep: {value: "${{ steps.d.outputs.deep }}"}}
runs:
  using: composite
  steps:
    - {id: d, shell: sh, run: 'echo "deep=$NESTED" >>"$GITHUB_OUTPUT"'}
    - {shell: sh, run: exit 7, continue-on-error: true}
"#;

const FAILING: &str = r#"
runs:
  using: composite
  steps:
    - {id: f, shell: bash, run: exit 3}
    - {shell: bash, run: echo not said}
    - {if: failure(), shell: bash, run: 'echo "failed ${{ steps.f.outcome }} in ${{ job.status }}"'}
    - {if: always(), shell: bash, run: echo at the end}
"#;

#[test]
fn composite_actions_run_as_one_step() {
    let workflow = r#"
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - id: early
        continue-on-error: true
        uses: ./actions/outer
      - uses: actions/checkout@v7
      - id: o
        uses: ./actions/outer
        with: {word: hello, unknown: x}
        env: {OUTER: "set by the step"}
      - run: echo "${{ steps.o.outputs.said }} / $LEFT / $OUTER / ${{ steps.early.outcome }}"
      - id: f
        continue-on-error: true
        uses: ./actions/failing
      - run: echo "${{ steps.f.outcome }} ${{ job.status }}"
  b:
    runs-on: ubuntu-24.04
    steps:
      - {id: o, uses: $/actions/outer, with: {word: far}, env: {OUTER: o}}
      - uses: example/trial/actions/inner@main
      - uses: $/actions/script
      - uses: somebody/thing@v1
      - uses: docker://alpine
      - run: echo "${{ steps.o.outcome }}"
"#;
    let outcome = play(&trial(&[
        ("ci.yml", workflow),
        ("actions/outer/action.yml", OUTER),
        ("actions/outer/tool.sh", "#!/bin/sh\necho a tool\n"),
        ("actions/inner/action.yaml", INNER),
        ("actions/failing/action.yml", FAILING),
        (
            "actions/script/action.yml",
            "runs: {using: node24, main: x.js}",
        ),
    ]));
    let said = outcome.said();
    let wanted = [
        "hello a set by the step outer [] s",
        "a tool",
        "Error: Process completed with exit code 7.",
        "status success by outer set by the step",
        "hello!, set by the step / by outer / lost until it is over / failure",
        "Error: Process completed with exit code 3.",
        "failed failure in success",
        "at the end",
        "failure success",
    ];
    let first = said
        .iter()
        .position(|line| line.starts_with("Error: Can't find 'action.yml'"));
    assert!(first.is_some(), "{said:#?}");
    for line in wanted {
        assert!(said.contains(&line), "{line}: {said:#?}");
    }
    assert!(!said.contains(&"not said"));
    // `./` in an action is the workspace, where nothing was checked out in the second job.
    assert!(said.contains(&"far b o outer [] s"), "{said:#?}");
    assert_eq!(outcome.job("b"), Some(Conclusion::Failure));
    assert_eq!(outcome.job("a"), Some(Conclusion::Success));
    let notes = outcome.notes().join("\n");
    assert!(
        notes.contains("Unexpected input(s) 'unknown', valid inputs are ['Word', 'other']"),
        "{notes}"
    );
    // What it does inside belongs to the step that uses it.
    let steps = outcome
        .0
        .iter()
        .filter(|e| matches!(e.what, What::StepStarted { .. }));
    let of_first = steps.filter(|e| e.caller.is_some_and(|c| c.job.0 == 5001));
    assert_eq!(of_first.count(), 6);
}

#[test]
fn what_has_no_model_is_named_and_passes() {
    let workflow = r#"
on: push
jobs:
  b:
    runs-on: ubuntu-24.04
    steps:
      - uses: $/actions/script
      - uses: somebody/thing@v1
      - uses: docker://alpine
      - run: echo on it goes
"#;
    let outcome = play(&trial(&[
        ("ci.yml", workflow),
        (
            "actions/script/action.yml",
            "runs: {using: node24, main: x.js}",
        ),
    ]));
    assert_eq!(outcome.said(), ["on it goes"]);
    let named = outcome.not_modelled().join("\n");
    for name in [
        "$/actions/script (node24)",
        "somebody/thing@v1",
        "docker://alpine",
    ] {
        assert!(named.contains(name), "{name}: {named}");
    }
}

#[test]
fn artifacts_and_caches_go_from_job_to_job() {
    let workflow = r#"
on: push
jobs:
  make:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          mkdir -p out/a out/b; echo 1 >out/a/1.txt; echo 2 >out/b/2.txt; echo 3 >out/3.log; echo h >out/.hidden
      - {uses: actions/upload-artifact@v7, with: {name: all, path: out}}
      - {uses: actions/upload-artifact@v7, with: {name: texts, path: "out/**/*.txt"}}
      - {uses: actions/upload-artifact@v7, with: {name: two, path: "out/a/1.txt\nout/3.log\n!out/b"}}
      - {id: again, continue-on-error: true, uses: actions/upload-artifact@v7, with: {name: all, path: out/a}}
      - {uses: actions/upload-artifact@v7, with: {name: none, path: nowhere}}
      - {id: strict, continue-on-error: true, uses: actions/upload-artifact@v7, with: {name: strict, path: nowhere, if-no-files-found: error}}
      - {uses: actions/upload-artifact@v7, with: {name: two, path: out/b, overwrite: true}}
      - run: echo "${{ steps.again.outcome }} ${{ steps.strict.outcome }}"
      - {id: c, uses: actions/cache@v5, with: {key: k-1, path: kept}}
      - run: 'echo "hit [${{ steps.c.outputs.cache-hit }}]"; mkdir kept; echo cached >kept/file'
  use:
    needs: make
    runs-on: ubuntu-24.04
    steps:
      - {uses: actions/download-artifact@v8, with: {path: each}}
      - run: cd each && find . -type f | LC_ALL=C sort | tr '\n' ' '
      - {uses: actions/download-artifact@v8, with: {pattern: "t*", path: merged, merge-multiple: true}}
      - run: cd merged && find . -type f | LC_ALL=C sort | tr '\n' ' '
      - {uses: actions/download-artifact@v8, with: {name: all, path: one}}
      - run: cd one && find . -type f | LC_ALL=C sort | tr '\n' ' '
      - {id: missing, continue-on-error: true, uses: actions/download-artifact@v8, with: {name: none}}
      - {id: c, uses: actions/cache@v5, with: {key: k-1, path: kept}}
      - {id: r, uses: actions/cache@v5, with: {key: k-2, restore-keys: k-, path: kept}}
      - run: echo "${{ steps.missing.outcome }} ${{ steps.c.outputs.cache-hit }} ${{ steps.r.outputs.cache-hit }} $(cat kept/file)"
"#;
    let outcome = play(&trial(&[("ci.yml", workflow)]));
    let said = outcome.said();
    for line in [
        "failure failure",
        "hit []",
        "./all/3.log ./all/a/1.txt ./all/b/2.txt ./texts/a/1.txt ./texts/b/2.txt ./two/2.txt ",
        "./2.txt ./a/1.txt ./b/2.txt ",
        "./3.log ./a/1.txt ./b/2.txt ",
        "failure true false cached",
    ] {
        assert!(
            said.contains(&line),
            "{line}: {said:#?} {:?}",
            outcome.notes()
        );
    }
    assert_eq!(outcome.runs(), [Conclusion::Success], "{said:#?}");
}

const BACKGROUND: &str = r#"
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - id: server
        background: true
        run: |
          trap 'echo "server stops"; exit 0' INT
          echo "server up"
          for i in $(seq 100); do sleep 30 & wait $!; echo "still there $i"; done
      - id: one
        background: true
        run: |
          sleep 90
          echo "value=first" >>"$GITHUB_OUTPUT"
          echo "FROM=one" >>"$GITHUB_ENV"
          echo "one done"
      - id: two
        background: true
        continue-on-error: true
        run: sleep 10; exit 4
      - run: echo "goes on [${{ steps.one.outputs.value }}] [$FROM]"
      - wait: [one, two]
      - run: echo "waited [${{ steps.one.outputs.value }}] [$FROM] ${{ steps.two.outcome }}/${{ steps.two.conclusion }}"
      - cancel: server
      - parallel:
          - run: sleep 20; echo "p1 at $(date +%s)"
          - run: sleep 10; echo "p2 at $(date +%s)"
      - run: echo "after the group"
      - id: late
        background: true
        run: sleep 5; echo "late done"; exit 9
      - run: echo "last step"
      - if: always()
        wait-all:
"#;

#[test]
fn steps_run_beside_each_other() {
    let text = BACKGROUND.replace("      - if: always()\n        wait-all:\n", "");
    let outcome = play(&trial(&[("ci.yml", &text)]));
    let said: Vec<&str> = outcome
        .said()
        .into_iter()
        .filter(|line| !line.starts_with("still there") && !line.contains("background step"))
        .collect();
    let plain: Vec<String> = said
        .iter()
        .map(|line| line.split(" at ").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        plain,
        [
            "server up",
            "goes on [] []",
            "Error: Process completed with exit code 4.",
            "one done",
            "waited [first] [one] failure/success",
            "server stops",
            "p2",
            "p1",
            "after the group",
            "last step",
            "late done",
            "Error: Process completed with exit code 9.",
        ],
        "{:#?}",
        outcome.said()
    );
    // Nobody waited for it, and it failed: so did the job.
    assert_eq!(outcome.job("a"), Some(Conclusion::Failure));
}

#[test]
fn only_ten_run_at_once_and_a_wait_fails_with_what_it_waits_for() {
    let mut steps = String::new();
    for n in 0..12 {
        steps.push_str(&format!(
            "      - {{id: s{n}, background: true, run: 'echo \"{n} begins $(date +%M:%S)\"; sleep 60; [ {n} != 3 ]'}}\n"
        ));
    }
    let workflow = format!(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n{steps}      - {{id: w, wait: [s3], continue-on-error: true}}\n      - run: echo \"w ${{{{ steps.w.outcome }}}}\"\n      - wait-all:\n      - run: echo all fine\n"
    );
    let outcome = play(&trial(&[("ci.yml", &workflow)]));
    let said = outcome.said();
    let minute = |n: usize| {
        let prefix = format!("{n} begins ");
        let line = said.iter().find_map(|line| line.strip_prefix(&prefix));
        line.unwrap_or_else(|| panic!("{n}: {said:#?}"))[..2].to_owned()
    };
    assert_eq!(minute(0), minute(9));
    assert_ne!(minute(9), minute(10), "the eleventh waits for a slot");
    assert!(
        said.contains(&"w failure") && said.contains(&"all fine"),
        "{said:#?}"
    );
}

#[test]
fn the_same_seed_gives_the_same_log() {
    let mut trial = trial(&[("ci.yml", BACKGROUND)]);
    trial.seed = 7;
    let text = BACKGROUND.replace("      - if: always()\n        wait-all:\n", "");
    trial.files = files(&[(".github/workflows/ci.yml", &text)]);
    let first = play(&trial).log();
    assert!(first.contains("after the group"), "{first}");
    for _ in 0..3 {
        assert_eq!(play(&trial).log(), first);
    }
}

#[test]
fn cancelling_a_job_ends_what_is_in_the_background() {
    let workflow = r#"
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - background: true
        run: |
          trap 'echo "background stops"; exit 1' INT
          sleep 3600 & wait $!
      - run: echo ready; sleep 30 & wait $!
      - run: echo not said
      - if: always()
        run: echo cleaned
"#;
    let outcome = play(&interfere(
        trial(&[("ci.yml", workflow)]),
        "ready",
        Interference::Cancel,
    ));
    let said = outcome.said();
    for line in ["background stops", "cleaned"] {
        assert!(said.contains(&line), "{line}: {said:#?}");
    }
    assert!(!said.contains(&"not said"));
    assert_eq!(outcome.job("a"), Some(Conclusion::Cancelled));
}

fn pull_request(changes: &[(&str, &str)], meanwhile: &[(&str, &str)]) -> Trial {
    let workflow = r#"
on: {pull_request: {}, pull_request_target: {}}
jobs:
  a:
    if: github.event_name == 'pull_request'
    runs-on: ubuntu-24.04
    steps:
      - {uses: actions/checkout@v7, with: {fetch-depth: 0}}
      - run: |
          echo "files $(git ls-files | grep -v '^.github' | tr '\n' ' ')"
          echo "clean $(git status --porcelain | wc -l) parents $(git log -1 --format=%P | wc -w)"
          [ "$(git rev-parse HEAD)" = "$GITHUB_SHA" ] && echo "is GITHUB_SHA"
          [ "$(git rev-parse HEAD^2)" = "${{ github.event.pull_request.head.sha }}" ] && echo "merges the head"
          echo "$GITHUB_REF $GITHUB_HEAD_REF $GITHUB_BASE_REF $(git show HEAD:shared.txt | tr '\n' ,)"
          git fsck --no-dangling 2>&1 | grep -v "^Checking" | head -3
      - {uses: actions/checkout@v7, with: {ref: "${{ github.head_ref }}"}}
      - run: '[ "$(git rev-parse HEAD)" = "${{ github.event.pull_request.head.sha }}" ] && echo "the branch itself"'
  t:
    if: github.event_name == 'pull_request_target'
    runs-on: ubuntu-24.04
    steps: [{run: "echo target"}]
"#;
    let mut trial = trial(&[
        ("ci.yml", workflow),
        ("shared.txt", "one\n"),
        ("src/a", "a"),
    ]);
    trial.happens = Happens::PullRequest {
        changes: files(changes),
        meanwhile: files(meanwhile),
        fork: false,
    };
    trial
}

#[test]
fn pull_requests_run_on_the_merge() {
    let outcome = play(&pull_request(
        &[("new/file", "n"), ("shared.txt", "one\nmine\n")],
        &[("src/other", "o"), ("shared.txt", "one\ntheirs\n")],
    ));
    let said = outcome.said();
    for line in [
        "files new/file shared.txt src/a src/other ",
        "clean 0 parents 2",
        "is GITHUB_SHA",
        "merges the head",
        "refs/pull/1/merge change-1 main one,theirs,mine,",
        "the branch itself",
        "target",
    ] {
        assert!(
            said.contains(&line),
            "{line}: {said:#?} {:?}",
            outcome.notes()
        );
    }
    let plain = play(&pull_request(&[("new", "n")], &[]));
    assert!(
        plain.said().contains(&"clean 0 parents 2"),
        "{:#?}",
        plain.said()
    );
}

#[test]
fn a_pull_request_that_conflicts_runs_nothing_on_the_merge() {
    let outcome = play(&pull_request(
        &[("shared.txt", "mine\n")],
        &[("shared.txt", "theirs\n")],
    ));
    assert_eq!(outcome.said(), ["target"]);
}
