//! Jobs: matrices, called workflows, time limits, cancellation.

mod trial;

use lockkeeper_rehearsal::trial::Interference;
use lockkeeper_world::event::{Conclusion, What};
use trial::{dispatch, interfere, play, trial};

#[test]
fn a_matrix_is_made_of_what_came_before() {
    let workflow = r#"
on: push
jobs:
  list:
    runs-on: ubuntu-24.04
    outputs: {words: "${{ steps.w.outputs.words }}"}
    steps: [{id: w, run: "echo 'words=[\"a\",\"b\",\"c\"]' >>$GITHUB_OUTPUT"}]
  each:
    needs: list
    name: Each ${{ matrix.word }}
    runs-on: ubuntu-24.04
    strategy: {max-parallel: 2, matrix: {word: "${{ fromJSON(needs.list.outputs.words) }}"}}
    outputs: {last: "${{ matrix.word }}"}
    steps:
      - run: |
          echo "${{ matrix.word }} ${{ strategy.job-index }}/${{ strategy.job-total }} begins at $(date +%M:%S)"
          sleep 60
  plain:
    needs: list
    name: Plain
    runs-on: ubuntu-24.04
    strategy: {matrix: {n: [1, 2]}}
    steps: [{run: "true"}]
  none:
    needs: list
    runs-on: ubuntu-24.04
    strategy: {matrix: {n: "${{ fromJSON('[]') }}"}}
    steps: [{run: "echo not said"}]
  after:
    needs: [each, none]
    if: always()
    runs-on: ubuntu-24.04
    steps: [{run: "echo '${{ needs.each.result }} ${{ needs.none.result }}'"}]
"#;
    let outcome = play(&trial(&[("ci.yml", workflow)]));
    let said = outcome.said();
    let begins: Vec<&&str> = said.iter().filter(|line| line.contains("begins")).collect();
    let minute = |line: &str| line.rsplit(' ').next().unwrap()[..2].to_owned();
    assert_eq!(begins.len(), 3, "{said:?}");
    assert!(
        begins[0].starts_with("a 0/3") && begins[2].starts_with("c 2/3"),
        "{said:?}"
    );
    assert_eq!(minute(begins[0]), minute(begins[1]));
    assert_ne!(minute(begins[1]), minute(begins[2]), "two at a time");
    assert_eq!(said.last(), Some(&"success failure"));
    for (name, conclusion) in [
        ("Each b", Conclusion::Success),
        ("Plain (2)", Conclusion::Success),
        ("none", Conclusion::Failure),
    ] {
        assert_eq!(
            outcome.job(name),
            Some(conclusion),
            "{name}: {:?}",
            outcome.jobs()
        );
    }
}

#[test]
fn one_failure_ends_a_matrix_unless_it_is_told_otherwise() {
    let workflow = |strategy: &str, forgiven: &str| {
        format!(
            r#"
on: push
jobs:
  m:
    runs-on: ubuntu-24.04
    continue-on-error: {forgiven}
    strategy: {{{strategy} matrix: {{n: [1, 2, 3, 4]}}}}
    steps:
      - run: |
          sleep ${{{{ matrix.n }}}}0
          [ ${{{{ matrix.n }}}} != 2 ]
      - if: cancelled()
        run: echo "cleaned ${{{{ matrix.n }}}}"
  after:
    needs: m
    if: always()
    runs-on: ubuntu-24.04
    steps: [{{run: "echo 'm ${{{{ needs.m.result }}}}'"}}]
"#
        )
    };
    let ends = |text: &str| {
        let outcome = play(&trial(&[("ci.yml", text)]));
        let of_matrix: Vec<String> = (1..=4)
            .map(|n| format!("{:?}", outcome.job(&format!("m ({n})")).unwrap()))
            .collect();
        let said: Vec<String> = outcome.said().into_iter().map(str::to_owned).collect();
        (of_matrix.join(" "), outcome.runs()[0], said)
    };
    let (legs, run, said) = ends(&workflow("", "false"));
    assert_eq!(legs, "Success Failure Cancelled Cancelled");
    assert_eq!(run, Conclusion::Failure);
    for line in ["cleaned 3", "cleaned 4", "m failure"] {
        assert!(said.iter().any(|said| said == line), "{line}: {said:?}");
    }
    let (legs, ..) = ends(&workflow("max-parallel: 1,", "false"));
    assert_eq!(legs, "Success Failure Cancelled Cancelled");
    let (legs, run, _) = ends(&workflow("fail-fast: false,", "false"));
    assert_eq!(
        (legs.as_str(), run),
        ("Success Failure Success Success", Conclusion::Failure)
    );
    let (legs, run, said) = ends(&workflow("", "${{ matrix.n == 2 }}"));
    assert_eq!(
        (legs.as_str(), run),
        ("Success Failure Success Success", Conclusion::Success)
    );
    assert!(said.iter().any(|said| said == "m success"), "{said:?}");
}

const CALLED: &str = r#"
on:
  workflow_call:
    inputs:
      word: {type: string, required: true}
      times: {type: number, default: 2}
      loud: {type: boolean}
    secrets:
      token: {required: true}
      other: {}
    outputs:
      said: {value: "${{ jobs.say.outputs.said }}"}
permissions: {contents: read}
env: {LEVEL: called}
jobs:
  say:
    name: Say it
    runs-on: ubuntu-24.04
    outputs: {said: "${{ steps.s.outputs.said }}"}
    steps:
      - id: s
        env: {TOKEN: "${{ secrets.token }}", OTHER: "${{ secrets.other }}", HIDDEN: "${{ secrets.FULL }}"}
        run: |
          echo "${{ inputs.word }} ${{ inputs.times == 3 }} ${{ inputs.loud }} $LEVEL [${CALLER-}] ${#TOKEN} ${#OTHER} ${#HIDDEN}"
          echo "${{ github.workflow }} $GITHUB_JOB ${{ github.event_name }} ${GITHUB_WORKFLOW_REF#*workflows/}"
          echo "said=${{ inputs.word }}!" >>"$GITHUB_OUTPUT"
  deeper:
    needs: say
    uses: ./.github/workflows/deeper.yml
    secrets: inherit
"#;

#[test]
fn called_workflows_are_run() {
    let caller = r#"
name: Caller
on: {push: {}, workflow_dispatch: {}}
env: {CALLER: caller}
permissions: {contents: read, id-token: write}
jobs:
  call:
    strategy: {matrix: {word: [hello, bye]}}
    uses: ./.github/workflows/called.yml
    with: {word: "${{ matrix.word }}", times: 3}
    secrets: {token: "${{ secrets.FULL }}"}
  skipped:
    if: false
    uses: ./.github/workflows/called.yml
    with: {word: never}
    secrets: {token: x}
  elsewhere:
    uses: somebody/else/.github/workflows/x.yml@v1
  after:
    needs: [call, skipped]
    if: always()
    runs-on: ubuntu-24.04
    steps: [{run: "echo '${{ needs.call.result }} ${{ needs.call.outputs.said }} ${{ needs.skipped.result }}'"}]
"#;
    let deeper = r#"
on: {workflow_call: {secrets: {token: {}}}}
jobs:
  d:
    runs-on: ubuntu-24.04
    steps: [{run: "echo 'deeper ${{ secrets.token != '' }}'"}]
"#;
    let mut trial = trial(&[
        ("ci.yml", caller),
        ("called.yml", CALLED),
        ("deeper.yml", deeper),
    ]);
    trial
        .secrets
        .insert("FULL".parse().unwrap(), "abcdefgh".into());
    let outcome = play(&trial);
    let said = outcome.said();
    for line in [
        "hello true false called [] 8 0 0",
        "bye true false called [] 8 0 0",
        "Caller say push ci.yml@refs/heads/main",
        "deeper true",
        "success bye! skipped",
    ] {
        assert!(
            said.contains(&line),
            "{line}: {said:#?} {:#?}",
            outcome.notes()
        );
    }
    let names: Vec<String> = outcome.jobs().into_iter().map(|(name, _)| name).collect();
    for name in [
        "call (hello) / Say it",
        "call (bye) / deeper / d",
        "skipped",
    ] {
        assert!(names.iter().any(|other| other == name), "{name}: {names:?}");
    }
    assert_eq!(outcome.runs(), [Conclusion::Success]);
    let named = outcome.not_modelled();
    assert!(
        named.iter().any(|text| text.contains("somebody/else")),
        "{named:?}"
    );
}

#[test]
fn what_a_call_may_not_ask_for_starts_nothing() {
    let broken = |with: &str, permissions: &str| {
        let caller = format!(
            "on: push\npermissions: {permissions}\njobs:\n  call:\n    uses: ./.github/workflows/called.yml\n    with: {with}\n    secrets: {{token: x}}\n"
        );
        let called = CALLED.replace("  deeper:\n    needs: say\n    uses: ./.github/workflows/deeper.yml\n    secrets: inherit\n", "");
        let outcome = play(&trial(&[("ci.yml", &caller), ("called.yml", &called)]));
        (
            outcome.runs(),
            outcome.jobs().len(),
            outcome.notes().join(" "),
        )
    };
    let (runs, jobs, notes) = broken("{}", "{contents: read}");
    assert_eq!((runs, jobs), (vec![Conclusion::Failure], 0));
    assert!(notes.contains("Input word is required"), "{notes}");
    let (runs, jobs, notes) = broken("{word: x}", "{}");
    assert_eq!((runs, jobs), (vec![Conclusion::Failure], 0));
    assert!(notes.contains("contents: read"), "{notes}");
    let (runs, ..) = broken("{word: x}", "{contents: read}");
    assert_eq!(runs, [Conclusion::Success]);
}

const CANCELLED: &str = r#"
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          trap 'echo "asked to stop"; exit 3' INT
          sleep 10
          echo ready
          sleep 3600 & wait $!
      - run: echo not said
      - if: always()
        run: echo "always ${{ job.status }} at $(date +%H:%M)"
      - if: failure()
        run: echo not said either
      - if: cancelled()
        run: |
          echo cleaning
          sleep 3600
  b:
    runs-on: ubuntu-24.04
    steps:
      - if: always()
        run: |
          sleep 60
          echo "went on"
      - run: echo not said
  c:
    needs: a
    if: always()
    runs-on: ubuntu-24.04
    steps: [{run: "echo 'after ${{ needs.a.result }}'"}]
  d:
    needs: a
    if: "!cancelled()"
    runs-on: ubuntu-24.04
    steps: [{run: echo not said}]
"#;

#[test]
fn a_cancelled_job_cleans_up_within_its_time() {
    let outcome = play(&interfere(
        trial(&[("ci.yml", CANCELLED)]),
        "ready",
        Interference::Cancel,
    ));
    let said = outcome.said();
    let wanted = [
        "ready",
        "asked to stop",
        "cleaning",
        "went on",
        "after cancelled",
    ];
    for line in wanted {
        assert!(said.contains(&line), "{line}: {said:?}");
    }
    assert!(
        !said.iter().any(|line| line.contains("not said")),
        "{said:?}"
    );
    assert!(
        said.iter().any(|line| line.starts_with("always cancelled")),
        "{said:?}"
    );
    assert_eq!(outcome.job("a"), Some(Conclusion::Cancelled));
    assert_eq!(outcome.job("d"), Some(Conclusion::Skipped));
    assert_eq!(outcome.runs(), [Conclusion::Cancelled]);
    // Five minutes after it was asked to, the job is over.
    let at = |wanted: &dyn Fn(&What) -> bool| {
        let event = outcome.0.iter().find(|event| wanted(&event.what)).unwrap();
        event.at
    };
    let asked = at(&|what| matches!(what, What::CancelRequested { .. }));
    let ended = at(&|what| matches!(what, What::JobCompleted { key, .. } if key == "a"));
    assert_eq!(ended.since(asked).as_secs(), 300);
}

#[test]
fn a_job_may_state_how_long_it_takes_to_be_cancelled() {
    let text = CANCELLED.replace("  a:\n", "  a:\n    cancel-timeout-minutes: 2\n");
    let outcome = play(&interfere(
        trial(&[("ci.yml", &text)]),
        "ready",
        Interference::Cancel,
    ));
    let of = |wanted: &dyn Fn(&What) -> bool| {
        outcome
            .0
            .iter()
            .find(|event| wanted(&event.what))
            .unwrap()
            .at
    };
    let asked = of(&|what| matches!(what, What::CancelRequested { .. }));
    let ended = of(&|what| matches!(what, What::JobCompleted { key, .. } if key == "a"));
    assert_eq!(ended.since(asked).as_secs(), 120);
}

#[test]
fn a_lost_runner_does_nothing_more() {
    let outcome = play(&interfere(
        trial(&[("ci.yml", CANCELLED)]),
        "ready",
        Interference::LoseRunner,
    ));
    let said = outcome.said();
    assert!(
        !said
            .iter()
            .any(|line| line.starts_with("always") || *line == "asked to stop")
    );
    assert!(said.contains(&"after failure"), "{said:?}");
    assert_eq!(outcome.job("a"), Some(Conclusion::Failure));
    let lost = outcome
        .notes()
        .into_iter()
        .any(|note| note.contains("lost communication"));
    assert!(lost, "{:?}", outcome.notes());
    assert_eq!(outcome.runs(), [Conclusion::Failure]);
}

#[test]
fn limits_are_kept_in_virtual_time() {
    let workflow = r#"
on: {workflow_dispatch: {inputs: {minutes: {type: number, default: 3}}}}
jobs:
  slow:
    runs-on: ubuntu-24.04
    timeout-minutes: ${{ fromJSON(inputs.minutes) }}
    steps:
      - run: sleep 100000
      - if: always()
        run: echo "after ${{ job.status }}"
  fine:
    runs-on: ubuntu-24.04
    steps: [{run: "echo ${{ github.event.inputs.minutes }} ${{ inputs.minutes + 1 > 2 }}"}]
"#;
    let outcome = play(&dispatch(
        trial(&[(
            "ci.yml",
            &workflow.replace("inputs.minutes + 1", "inputs.minutes"),
        )]),
        "ci.yml",
        &[("minutes", "7")],
    ));
    let said = outcome.said();
    assert!(said.contains(&"after cancelled"), "{said:?}");
    assert!(said.contains(&"7 true"), "{said:?}");
    assert_eq!(outcome.job("slow"), Some(Conclusion::Cancelled));
    let started = outcome
        .0
        .iter()
        .find(|e| matches!(e.what, What::JobStarted { .. }))
        .unwrap();
    let ended = outcome
        .0
        .iter()
        .find(|e| matches!(&e.what, What::JobCompleted { key, .. } if key == "slow"))
        .unwrap();
    // bash may end at the second signal, and must at the third.
    let took = ended.at.since(started.at).as_secs();
    assert!((7 * 60..=7 * 60 + 10).contains(&took), "{took}");
}
