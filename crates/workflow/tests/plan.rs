//! Workflows and events, and which jobs run.

use std::fmt::Write as _;

use lockkeeper_workflow::expr::Value;
use lockkeeper_workflow::partial::{Known, Members};
use lockkeeper_workflow::plan::{
    Assumptions, Facts, JobPlan, Outcome, Situation, Skip, Verdict, WorkflowPlan, plan,
};
use lockkeeper_workflow::{Event, Trigger, Workflow, graph, load};
use proptest::prelude::*;

fn read(file: &str, text: &str) -> Workflow {
    load(file, text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

fn push(branch: &str) -> Event {
    Event::new("push", &format!("refs/heads/{branch}"))
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Runs => "runs".to_owned(),
        Verdict::Unknown(reads) => format!("unknown: {}", reads.join(", ")),
        Verdict::Fails(why) => format!("fails: {why}"),
        Verdict::Skipped(Skip::NotTriggered) => "not triggered".to_owned(),
        Verdict::Skipped(Skip::NeedFailed(need)) => format!("skipped: {need} fails"),
        Verdict::Skipped(Skip::NeedSkipped(need)) => format!("skipped: {need} is skipped"),
        Verdict::Skipped(Skip::NeedCancelled(need)) => format!("skipped: {need} is cancelled"),
        Verdict::Skipped(Skip::Condition { place, decided, .. }) => {
            let mut text = format!("skipped: line {}", place.line);
            if let Some(decided) = decided {
                write!(text, " {}", decided.part).expect("a String takes all");
                for (name, value) in &decided.values {
                    write!(text, " [{name} = {}]", value.to_text()).expect("a String takes all");
                }
            }
            text
        }
    }
}

fn lines(jobs: &[JobPlan], depth: usize, out: &mut Vec<String>) {
    for job in jobs {
        let indent = "  ".repeat(depth);
        out.push(format!(
            "{indent}{}: {}",
            job.name.shown,
            verdict(&job.verdict)
        ));
        for instance in &job.instances {
            let mut line = format!("{indent}- {}", instance.name.shown);
            if let Some(gate) = &instance.environment {
                write!(line, " gate={}", gate.name.shown).expect("a String takes all");
            }
            if let Some(lock) = &instance.lock {
                write!(line, " lock={}", lock.group.shown).expect("a String takes all");
            }
            if job.instances.len() > 1 || instance.environment.is_some() || instance.lock.is_some()
            {
                out.push(line);
            }
            if let Some(call) = &instance.call {
                lines(&call.jobs, depth + 1, out);
                if let Some(why) = &call.unexplored {
                    out.push(format!("{indent}  ({why})"));
                }
            }
        }
    }
}

fn shown(plan: &WorkflowPlan) -> Vec<String> {
    let mut out = Vec::new();
    lines(&plan.jobs, 0, &mut out);
    out
}

#[track_caller]
fn check(jobs: &str, situation: &Situation<'_>, expected: &[&str]) {
    let workflow = read("w.yml", &format!("on: [push, pull_request]\njobs:\n{jobs}"));
    let text = &format!("on: [push, pull_request]\njobs:\n{jobs}");
    // The look-up of the situation outlives this workflow, so plan one that is as long-lived.
    let workflow: &'static Workflow = Box::leak(Box::new(workflow));
    let situation: &Situation<'static> = &Situation {
        event: situation.event.clone(),
        facts: situation.facts.clone(),
        token: situation.token,
        assumptions: situation.assumptions.clone(),
        find: &|_| None,
    };
    assert_eq!(shown(&plan(workflow, situation)), expected, "{text}");
}

fn failing(path: &str) -> Situation<'static> {
    Situation {
        assumptions: Assumptions::success().but(path, Outcome::Failure),
        ..Situation::of(push("main"))
    }
}

#[test]
fn conditions_and_needs() {
    let chain = "  a: {runs-on: x}\n  b: {runs-on: x, needs: a}\n  c: {runs-on: x, needs: b}\n  d: {runs-on: x, needs: [b, c], if: always()}\n  e: {runs-on: x, needs: a, if: failure()}\n  f: {runs-on: x, needs: d}\n";
    check(
        chain,
        &Situation::of(push("main")),
        &[
            "a: runs",
            "b: runs",
            "c: runs",
            "d: runs",
            "e: skipped: line 7 failure() [failure() = false]",
            "f: runs",
        ],
    );
    check(
        chain,
        &failing("a"),
        &[
            "a: runs",
            "b: skipped: a fails",
            "c: skipped: a fails",
            "d: runs",
            "e: runs",
            // `d` ran and succeeded; what it needs counts all the same.
            "f: skipped: a fails",
        ],
    );
    let gated = "  a:\n    runs-on: x\n    if: github.ref == 'refs/heads/main' && github.actor != 'dependabot[bot]'\n  b: {runs-on: x, needs: a}\n  c: {runs-on: x, needs: a, if: \"!cancelled() && needs.a.result != 'failure'\"}\n  d: {runs-on: x, needs: b, if: \"!failure()\"}\n";
    check(
        gated,
        &Situation::of(push("topic")),
        &[
            "a: skipped: line 5 github.ref == 'refs/heads/main' [github.ref = refs/heads/topic]",
            "b: skipped: a is skipped",
            "c: runs",
            "d: runs",
        ],
    );
    check(
        gated,
        &Situation::of(push("main")),
        &[
            "a: unknown: github.actor",
            "b: unknown: needs.a.result",
            "c: runs",
            "d: runs",
        ],
    );
    let result = "  a: {runs-on: x}\n  gate:\n    runs-on: x\n    needs: a\n    if: always()\n  after:\n    runs-on: x\n    needs: [a, gate]\n    if: always() && contains(needs.*.result, 'failure')\n";
    check(
        result,
        &failing("a"),
        &["a: runs", "gate: runs", "after: runs"],
    );
    check(
        result,
        &Situation::of(push("x")),
        &[
            "a: runs",
            "gate: runs",
            "after: skipped: line 11 contains(needs.*.result, 'failure')",
        ],
    );
    let lenient = "  a: {runs-on: x, continue-on-error: true}\n  b: {runs-on: x, needs: a}\n";
    check(lenient, &failing("a"), &["a: runs", "b: runs"]);
}

#[test]
fn outputs_are_never_guessed() {
    let jobs = "  a:\n    runs-on: x\n    outputs: {fixed: main, found: \"${{ steps.x.outputs.y }}\"}\n    steps: [{id: x, run: y}]\n  b: {runs-on: x, needs: a, if: needs.a.outputs.found == 'true'}\n  c: {runs-on: x, needs: a, if: needs.a.outputs.fixed == 'other'}\n  d: {runs-on: x, needs: a, if: needs.a.outputs.absent}\n  e: {runs-on: x, needs: b}\n  f: {runs-on: x, needs: [b], if: needs.b.result == 'failure'}\n  g: {runs-on: x, needs: [a], if: \"needs.a.outputs.found && github.event_name == 'pull_request'\"}\n";
    check(
        jobs,
        &Situation::of(push("main")),
        &[
            "a: runs",
            "b: unknown: needs.a.outputs.found",
            "c: skipped: line 8 needs.a.outputs.fixed == 'other' [needs.a.outputs.fixed = main]",
            "d: skipped: line 9 needs.a.outputs.absent [needs.a.outputs.absent = ]",
            "e: unknown: needs.b.result",
            "f: skipped: line 11 needs.b.result == 'failure'",
            "g: skipped: line 12 github.event_name == 'pull_request' [github.event_name = push]",
        ],
    );
}

#[test]
fn matrices_have_githubs_names() {
    let jobs = "  a:\n    runs-on: x\n    outputs: {all: \"${{ steps.s.outputs.all }}\"}\n    steps: [{id: s, run: x}]\n    strategy: {matrix: {os: [u, w], node: [22, 24], exclude: [{os: w, node: 22}], include: [{os: m}]}}\n  b: {runs-on: x, name: Test, strategy: {matrix: {n: [1, 2]}}}\n  c: {runs-on: x, name: \"T${{ matrix.n }}\", strategy: {matrix: {n: [1, 2]}}}\n  d: {runs-on: x, name: \"T${{ matrix.n }}\", if: false, strategy: {matrix: {n: [1, 2]}}}\n  e: {runs-on: x, needs: a, strategy: {matrix: {n: \"${{ fromJSON(needs.a.outputs.all) }}\"}}}\n  f: {runs-on: x, strategy: {matrix: {n: []}}}\n  g: {runs-on: x, environment: \"${{ matrix.to }}\", concurrency: \"d-${{ matrix.to }}\", strategy: {max-parallel: 1, matrix: {to: [eu, us]}}}\n";
    check(
        jobs,
        &Situation::of(push("main")),
        &[
            "a: runs",
            "- a (u, 22)",
            "- a (u, 24)",
            "- a (w, 24)",
            "- a (m)",
            "Test: runs",
            "- Test (1)",
            "- Test (2)",
            "T${{ matrix.n }}: runs",
            "- T1",
            "- T2",
            "T${{ matrix.n }}: skipped: line 10 false",
            "e: runs",
            "f: fails: w.yml:12:38: Matrix vector 'n' does not contain any values",
            "g: runs",
            "- g (eu) gate=eu lock=d-eu",
            "- g (us) gate=us lock=d-us",
        ],
    );
}

#[test]
fn matrices_stop_at_githubs_limit() {
    let axis = |n: usize| vec!["1"; n].join(",");
    let text = format!(
        "on: push\njobs:\n  a: {{runs-on: x, strategy: {{matrix: {{a: [{}], b: [1, 2]}}}}}}\n  b: {{runs-on: x, strategy: {{fail-fast: false, max-parallel: 3, matrix: {{a: [{}]}}}}}}\n",
        axis(129),
        axis(256)
    );
    let workflow = read("w.yml", &text);
    let plan = plan(&workflow, &Situation::of(push("main")));
    assert!(matches!(&plan.jobs[0].verdict, Verdict::Fails(why) if why.contains("258 jobs")));
    assert!(plan.jobs[0].results.must(Outcome::Failure));
    assert_eq!(plan.jobs[1].instances.len(), 256);
    let matrix = plan.jobs[1].matrix.as_ref().expect("a matrix");
    assert_eq!(matrix.fail_fast, Some(false));
    assert_eq!(
        matrix.max_parallel.as_ref().and_then(|text| text.known()),
        Some("3")
    );
}

const DEPLOY: &str = "
on:
  workflow_call:
    inputs:
      to: { type: string, required: true }
      dry: { type: boolean, default: false }
    outputs:
      url: { value: '${{ jobs.ship.outputs.url }}' }
permissions: { contents: write, id-token: write }
jobs:
  check: { runs-on: x }
  ship:
    needs: check
    if: '!inputs.dry'
    runs-on: x
    environment: { name: '${{ inputs.to }}', url: 'https://${{ inputs.to }}.example.com' }
    concurrency: { group: 'deploy-${{ inputs.to }}' }
    outputs: { url: 'https://${{ inputs.to }}.example.com' }
  report: { needs: ship, runs-on: x, if: \"failure()\", permissions: { issues: write } }
";

const CALLER: &str = "
on: { push: { branches: [main] } }
permissions: { contents: read, id-token: write, issues: write }
jobs:
  test: { runs-on: x }
  staging:
    needs: test
    uses: ./.github/workflows/deploy.yml
    with: { to: staging }
  production:
    name: Production
    needs: staging
    strategy: { matrix: { region: [eu, us] } }
    uses: ./.github/workflows/deploy.yml
    with: { to: '${{ matrix.region }}', dry: '${{ github.ref != ''refs/heads/main'' }}' }
  look: { needs: staging, runs-on: x, if: \"needs.staging.outputs.url == 'https://staging.example.com'\" }
  gone: { uses: example/other/.github/workflows/x.yml@v1 }
  after: { needs: gone, runs-on: x, if: needs.gone.outputs.x }
";

#[test]
fn called_workflows_are_expanded() {
    let (caller, deploy) = (read("ci.yml", CALLER), read("deploy.yml", DEPLOY));
    let find = |uses: &str| (uses == "./.github/workflows/deploy.yml").then_some(&deploy);
    let on = |event: Event, assumptions: Assumptions| Situation {
        assumptions,
        find: &find,
        ..Situation::of(event)
    };
    let all = plan(&caller, &on(push("main"), Assumptions::success()));
    assert_eq!(
        shown(&all),
        [
            "test: runs",
            "staging: runs",
            "  staging / check: runs",
            "  staging / ship: runs",
            "  - staging / ship gate=staging lock=deploy-staging",
            "  staging / report: skipped: line 19 failure() [failure() = false]",
            "Production: runs",
            "- Production (eu)",
            "  Production (eu) / check: runs",
            "  Production (eu) / ship: runs",
            "  - Production (eu) / ship gate=eu lock=deploy-eu",
            "  Production (eu) / report: skipped: line 19 failure() [failure() = false]",
            "- Production (us)",
            "  Production (us) / check: runs",
            "  Production (us) / ship: runs",
            "  - Production (us) / ship gate=us lock=deploy-us",
            "  Production (us) / report: skipped: line 19 failure() [failure() = false]",
            "look: runs",
            "gone: runs",
            "  (its file is not here)",
            "after: unknown: needs.gone.outputs.x",
        ]
    );
    // The called workflow asks for more than the caller has, which GitHub refuses.
    assert!(
        all.refused[0].message.contains("contents: write"),
        "{:?}",
        all.refused
    );
    let jobs = all.every_job();
    let report = jobs
        .iter()
        .find(|job| job.path == "staging/report")
        .expect("a job");
    let scopes: Vec<String> = report
        .permissions
        .scopes
        .iter()
        .map(|(scope, access)| format!("{scope}:{}", access.as_str()))
        .collect();
    assert_eq!(scopes, ["issues:write"]);
    let check = jobs
        .iter()
        .find(|job| job.path == "staging/check")
        .expect("a job");
    assert!(
        check.permissions.reduced,
        "contents: write is capped by the caller"
    );
    assert_eq!(check.permissions.scopes.len(), 2);

    let failed = Assumptions::success().but("staging/ship", Outcome::Failure);
    let failed = plan(&caller, &on(push("main"), failed));
    assert_eq!(
        shown(&failed)[4..8],
        [
            "  - staging / ship gate=staging lock=deploy-staging",
            "  staging / report: runs",
            "Production: skipped: staging fails",
            "look: skipped: staging fails",
        ]
    );

    let idle = plan(&caller, &on(push("topic"), Assumptions::success()));
    assert!(matches!(idle.trigger, Some(Trigger::Not(_))));
    assert!(
        shown(&idle)
            .iter()
            .all(|line| line.ends_with(": not triggered"))
    );
    assert_eq!(idle.jobs.len(), caller.jobs.len());
}

#[test]
fn calls_end_at_githubs_depth() {
    let text = "on: [push, workflow_call]\njobs: {a: {uses: ./.github/workflows/w.yml}}\n";
    let workflow = read("w.yml", text);
    let find = |_: &str| Some(&workflow);
    let plan = plan(
        &workflow,
        &Situation {
            find: &find,
            ..Situation::of(push("main"))
        },
    );
    let shown = shown(&plan);
    assert_eq!(shown.len(), 11);
    assert_eq!(shown[10].trim(), "(calls nest deeper than 10 workflows)");
    assert!(
        plan.refused
            .iter()
            .any(|p| p.message.contains("nest deeper"))
    );

    // Ten calls in each of ten levels would be 10^10 jobs.
    let mut text = "on: [push, workflow_call]\njobs:\n".to_owned();
    for n in 0..10 {
        writeln!(text, "  j{n}: {{uses: ./.github/workflows/w.yml}}").expect("a String takes all");
    }
    let workflow = read("w.yml", &text);
    let find = |_: &str| Some(&workflow);
    let plan = crate::plan(
        &workflow,
        &Situation {
            find: &find,
            ..Situation::of(push("main"))
        },
    );
    assert!(plan.every_job().len() < 100_000);
}

#[test]
fn events_fill_the_contexts() {
    let jobs = "  fork: {runs-on: x, if: github.event.pull_request.head.repo.fork}\n  same: {runs-on: x, if: github.event.pull_request.head.repo.full_name == github.repository}\n  draft: {runs-on: x, if: \"github.event_name != 'pull_request' || !github.event.pull_request.draft\"}\n  base: {runs-on: x, if: \"github.base_ref == 'main' && startsWith(github.head_ref, 'release/')\"}\n  merge: {runs-on: x, if: \"github.ref != 'refs/heads/main' && endsWith(github.ref, '/merge')\"}\n  label: {runs-on: x, if: github.event.label.name == 'deploy'}\n  var: {runs-on: x, if: vars.ON == 'yes'}\n";
    let pull = Event::new("pull_request", "refs/heads/main").activity("opened");
    let facts = Facts {
        from_fork: Some(true),
        head_ref: Some("release/1".to_owned()),
        ..Facts::default()
    };
    let fork = Situation {
        facts: facts.clone(),
        ..Situation::of(pull.clone())
    };
    check(
        jobs,
        &fork,
        &[
            "fork: runs",
            "same: unknown: github.event.pull_request.head.repo.full_name, github.repository",
            "draft: unknown: github.event.pull_request.draft",
            "base: runs",
            "merge: runs",
            "label: skipped: line 8 github.event.label.name == 'deploy' [github.event.label.name = ]",
            "var: unknown: vars.ON",
        ],
    );
    let known = Facts {
        from_fork: Some(false),
        repository: Some("o/r".to_owned()),
        vars: Known::Object(Members::closed().with("ON", "yes")),
        payload: None,
        ..facts
    };
    let same = Situation {
        facts: known.clone(),
        ..Situation::of(pull.activity("labeled"))
    };
    let workflow = read(
        "w.yml",
        &format!("on: {{pull_request: {{types: [labeled]}}}}\njobs:\n{jobs}"),
    );
    assert_eq!(
        shown(&plan(&workflow, &same)),
        [
            "fork: unknown: github.event.pull_request.head.repo.fork",
            "same: runs",
            "draft: unknown: github.event.pull_request.draft",
            "base: runs",
            "merge: runs",
            "label: unknown: github.event.label.name",
            "var: runs",
        ]
    );
    check(
        jobs,
        &Situation {
            facts: known,
            ..Situation::of(push("main"))
        },
        &[
            "fork: skipped: line 3 github.event.pull_request.head.repo.fork [github.event.pull_request.head.repo.fork = ]",
            "same: skipped: line 4 github.event.pull_request.head.repo.full_name == github.repository [github.event.pull_request.head.repo.full_name = ] [github.repository = o/r]",
            "draft: runs",
            "base: skipped: line 6 github.base_ref == 'main' [github.base_ref = ]",
            "merge: skipped: line 7 github.ref != 'refs/heads/main' [github.ref = refs/heads/main]",
            "label: skipped: line 8 github.event.label.name == 'deploy' [github.event.label.name = ]",
            "var: runs",
        ],
    );
    let payload =
        Value::from_json(r#"{"label": {"name": "deploy"}, "pull_request": {"draft": false}}"#);
    let facts = Facts {
        payload: payload.ok(),
        ..Facts::default()
    };
    let pull = Event::new("pull_request", "refs/heads/main").activity("opened");
    let text = "  draft: {runs-on: x, if: \"!github.event.pull_request.draft\"}\n  label: {runs-on: x, if: github.event.label.name == 'deploy'}\n";
    check(
        text,
        &Situation {
            facts,
            ..Situation::of(pull)
        },
        &["draft: runs", "label: runs"],
    );
}

#[test]
fn dispatched_inputs_have_their_types() {
    let text = "on:\n  workflow_dispatch:\n    inputs:\n      dry: {type: boolean}\n      to: {type: choice, options: [a, b], default: b}\n      n: {type: number}\njobs:\n  a: {runs-on: x, if: inputs.dry}\n  b: {runs-on: x, if: \"!inputs.dry && github.event.inputs.dry == 'false'\", environment: \"${{ inputs.to }}\"}\n  c: {runs-on: x, if: inputs.n == 3}\n";
    let workflow = read("w.yml", text);
    let mut event = Event::new("workflow_dispatch", "refs/heads/main");
    let unknown = plan(&workflow, &Situation::of(event.clone()));
    assert_eq!(shown(&unknown)[0], "a: unknown: inputs.dry");
    event.inputs = Some([("n".to_owned(), "3".to_owned())].into_iter().collect());
    assert_eq!(
        shown(&plan(&workflow, &Situation::of(event))),
        [
            "a: skipped: line 8 inputs.dry [inputs.dry = false]",
            "b: runs",
            "- b gate=b",
            "c: runs",
        ]
    );
}

#[test]
fn tokens_of_forks_and_of_dependabot_may_not_write() {
    let text = "on: [push, pull_request, pull_request_target]\npermissions: write-all\njobs:\n  a: {runs-on: x}\n  b: {runs-on: x, permissions: {}}\n";
    let workflow = read("w.yml", text);
    let access = |event: &str, fork: bool, actor: &str| {
        let facts = Facts {
            from_fork: Some(fork),
            actor: Some(actor.to_owned()),
            ..Facts::default()
        };
        let event = Event::new(event, "refs/heads/main").activity("opened");
        let plan = plan(
            &workflow,
            &Situation {
                facts,
                ..Situation::of(event)
            },
        );
        assert!(plan.jobs[1].permissions.scopes.is_empty());
        let token = &plan.jobs[0].permissions;
        format!(
            "{} {}",
            token.access("contents").as_str(),
            token.access("id-token").as_str()
        )
    };
    assert_eq!(access("pull_request", true, "mona"), "read none");
    assert_eq!(access("pull_request", false, "mona"), "write write");
    assert_eq!(access("pull_request_target", true, "mona"), "write write");
    assert_eq!(
        access("push", false, "dependabot[bot]"),
        "write write",
        "it is written down"
    );
}

/// Workflows whose jobs need earlier ones, with conditions of every kind.
fn some_workflow() -> impl Strategy<Value = String> {
    let condition = prop::sample::select(vec![
        "",
        "always()",
        "failure()",
        "!cancelled()",
        "github.ref == 'refs/heads/main'",
        "false",
        "needs.j0.outputs.x",
        "vars.X",
        "success() || vars.X",
        "contains(needs.*.result, 'skipped')",
    ]);
    let job = (
        prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        condition,
        0..3_u8,
    );
    prop::collection::vec(job, 1..9).prop_map(|jobs| {
        let mut text = "on: push\njobs:\n".to_owned();
        for (n, (needs, condition, matrix)) in jobs.iter().enumerate().rev() {
            write!(text, "  j{n}:\n    runs-on: x\n").expect("a String takes all");
            let needs: Vec<String> = needs
                .iter()
                .filter(|_| n > 0)
                .map(|need| format!("j{}", need.index(n)))
                .collect();
            if !needs.is_empty() {
                writeln!(text, "    needs: [{}]", needs.join(", ")).expect("a String takes all");
            }
            if !condition.is_empty() {
                writeln!(text, "    if: \"{condition}\"").expect("a String takes all");
            }
            if *matrix > 0 {
                let axis = ["[1, 2]", "'${{ fromJSON(vars.N) }}'"][usize::from(*matrix) - 1];
                writeln!(text, "    strategy: {{matrix: {{n: {axis}}}}}")
                    .expect("a String takes all");
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plans_are_total_ordered_and_the_same_every_time(
        text in some_workflow(),
        branch in prop::sample::select(vec!["main", "topic"]),
        fails in 0..9_usize,
        on in prop::option::of(Just(Value::from("yes"))),
    ) {
        let Ok(workflow) = load("w.yml", &text) else { return Ok(()) };
        let situation = |known: bool| Situation {
            assumptions: Assumptions::success().but(&format!("j{fails}"), Outcome::Failure),
            facts: Facts {
                vars: match &on {
                    _ if !known => Known::unknown(),
                    Some(on) => Known::Object(Members::closed().with("X", on.clone()).with("N", "[1]")),
                    None => Known::Object(Members::closed().with("N", "[1]")),
                },
                ..Facts::default()
            },
            ..Situation::of(push(branch))
        };
        let first = plan(&workflow, &situation(false));
        prop_assert_eq!(&first, &plan(&workflow, &situation(false)));
        let ids: Vec<&str> = first.jobs.iter().map(|job| job.id.as_str()).collect();
        prop_assert_eq!(&ids, &graph::order(&workflow), "every job, in the order of needs");
        for (at, job) in first.jobs.iter().enumerate() {
            for need in &job.needs {
                prop_assert!(ids[..at].contains(&need.as_str()), "{}", text);
            }
            let runs = matches!(job.verdict, Verdict::Runs | Verdict::Unknown(_));
            prop_assert_eq!(runs, !job.instances.is_empty(), "{}", text);
            prop_assert!(runs || job.results.iter().count() == 1, "{}", text);
            if let Verdict::Unknown(reads) = &job.verdict {
                prop_assert!(!reads.is_empty(), "{}", text);
                prop_assert!(job.results.may(Outcome::Skipped), "{}", text);
            }
        }
        // Knowing more changes nothing that was certain.
        let known = plan(&workflow, &situation(true));
        for (before, after) in first.jobs.iter().zip(&known.jobs) {
            if !matches!(before.verdict, Verdict::Unknown(_)) && before.matrix.as_ref().is_none_or(|m| m.unknown.is_empty()) {
                let kind = std::mem::discriminant::<Verdict>;
                prop_assert_eq!(kind(&before.verdict), kind(&after.verdict), "{}", text);
            }
            for outcome in after.results.iter() {
                prop_assert!(before.results.may(outcome), "{} {}", text, before.id);
            }
        }
    }
}
