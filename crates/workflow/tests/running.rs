//! What a runner asks of the language: values, conditions, triggers, order, matrices.

use lockkeeper_workflow::expr::{Context, Contexts, Object, Status, Value};
use lockkeeper_workflow::{
    Condition, Event, NotTriggered, StepKind, Template, Workflow, graph, load, matrix, triggered,
};

fn workflow(text: &str) -> Workflow {
    load("ci.yml", text).unwrap_or_else(|p| panic!("{p:#?}"))
}

/// The `env` values of one step, by the YAML that is written for them.
fn templates(values: &[&str]) -> Vec<Template> {
    let mut text =
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: x\n        env:\n"
            .to_owned();
    for (i, value) in values.iter().enumerate() {
        text += &format!("          V{i}: {value}\n");
    }
    let w = workflow(&text);
    let env = &w.jobs["a"].steps[0].env;
    env.iter().map(|(_, t)| t.clone()).collect()
}

fn condition(text: &str) -> Condition {
    let text = format!(
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: x\n        if: {text}\n"
    );
    let w = workflow(&text);
    w.jobs["a"].steps[0].if_.clone().expect("a condition").value
}

fn contexts() -> Contexts {
    let github = Value::object([("sha", "abc"), ("ref", "refs/heads/main")]);
    let build = Value::object([
        ("result", Value::from("success")),
        ("outputs", Value::object([("digest", "sha256:1")])),
    ]);
    Contexts::new()
        .with("github", github)
        .with("needs", Value::object([("build", build)]))
        .with("inputs", Value::object([("dry", true)]))
        .with("steps", Value::Null)
}

#[test]
fn templates_keep_kinds_and_put_values_into_text() {
    let all = templates(&[
        "1.10",
        "true",
        "",
        "'1.10'",
        "${{ inputs.dry }}",
        "a ${{ github.sha }}-${{ inputs.dry }}",
        "${{ needs.build.outputs.digest }}",
        "${{ github.event.nothing }}",
        "${{ '}}' }} and ''quotes''",
        "${{ toJSON(needs.*.result) }}",
    ]);
    let ctx = contexts();
    let texts: Vec<String> = all
        .iter()
        .map(|t| t.eval_string(&ctx).expect("a value"))
        .collect();
    assert_eq!(
        texts,
        [
            "1.1",
            "true",
            "",
            "1.10",
            "true",
            "a abc-true",
            "sha256:1",
            "",
            "}} and ''quotes''",
            "[\n  \"success\"\n]",
        ]
    );
    assert_eq!(all[4].eval(&ctx), Ok(Value::Bool(true)));
    assert_eq!(all[4].eval_bool(&ctx), Ok(true));
    assert_eq!(all[0].eval_number(&ctx), Ok(1.1));
    assert!(all[5].eval_number(&ctx).is_err());
    assert_eq!(all[0].as_literal(), Some("1.1"));
    assert_eq!(all[5].as_literal(), None);
}

#[test]
fn references_say_what_a_template_reads() {
    let all = templates(&[
        "${{ secrets.TOKEN }}${{ secrets['other'] }}${{ secrets.TOKEN }}",
        "${{ secrets[inputs.which] }}",
        "${{ github['token'] || github.event.pull_request.head.sha }}",
        "${{ toJSON(secrets) }}",
    ]);
    assert_eq!(all[0].secrets(), ["TOKEN", "other"]);
    assert_eq!(all[1].secrets(), ["*"]);
    assert_eq!(all[3].secrets(), ["*"]);
    let paths: Vec<String> = all[2]
        .references()
        .iter()
        .map(|r| format!("{}.{}", r.context, r.path.join(".")))
        .collect();
    assert_eq!(
        paths,
        ["github.token", "github.event.pull_request.head.sha"]
    );
    let contexts: Vec<String> = all[1].references().into_iter().map(|r| r.context).collect();
    assert_eq!(contexts, ["secrets", "inputs"]);
}

#[test]
fn conditions_imply_success() {
    let ctx = contexts();
    let runs = |text: &str| {
        let c = condition(text);
        [
            Status::SUCCESS,
            Status::FAILURE,
            Status::CANCELLED,
            Status::SKIPPED,
        ]
        .map(|s| c.eval(&ctx, &s).expect("a value"))
    };
    assert_eq!(
        runs("github.ref == 'refs/heads/main'"),
        [true, false, false, false]
    );
    assert_eq!(runs("${{ github.ref == 'x' }}"), [false; 4]);
    assert_eq!(runs("always()"), [true; 4]);
    assert_eq!(runs("${{ failure() }}"), [false, true, false, false]);
    assert_eq!(runs("cancelled()"), [false, false, true, false]);
    assert_eq!(runs("\"!cancelled()\""), [true, true, false, true]);
    assert_eq!(runs("success() || failure()"), [true, true, false, false]);
    assert_eq!(runs("true"), [true, false, false, false]);
    assert_eq!(runs("false"), [false; 4]);
    assert_eq!(runs("always() && steps.x.outcome == 'failure'"), [false; 4]);
    assert_eq!(runs(""), [true, false, false, false]);
    // Text around braces is a string, and a string is true.
    let text = condition("${{ github.ref == 'x' }} && true");
    assert!(text.is_always_true_text());
    assert_eq!(text.eval(&ctx, &Status::SUCCESS), Ok(true));
    assert!(!condition("github.ref == 'x'").is_always_true_text());
    assert!(condition("always() && inputs.dry").calls_status_function());
    assert!(condition("always()").calls("always"));
    assert!(!condition("contains('always()', 'a')").calls_status_function());
}

#[test]
fn an_error_names_the_place() {
    let all = templates(&["${{ fromJSON('{') }}"]);
    let error = all[0].eval_string(&contexts()).expect_err("no JSON");
    assert!(
        error
            .to_string()
            .starts_with("ci.yml:8:15: Error parsing fromJson"),
        "{error}"
    );
}

#[test]
fn files_are_hashed_by_the_caller() {
    struct Files(Contexts);
    impl Context for Files {
        fn context(&self, name: &str) -> Option<Value> {
            self.0.context(name)
        }
        fn hash_files(&self, patterns: &[String]) -> Result<String, String> {
            Ok(format!("hash of {}", patterns.join(" ")))
        }
    }
    let all = templates(&["k-${{ hashFiles('**/a', format('{0}/b', github.sha)) }}"]);
    let found = all[0].eval_string(&Files(contexts()));
    assert_eq!(found.as_deref(), Ok("k-hash of **/a abc/b"));
    assert!(all[0].eval_string(&contexts()).is_err());
}

#[test]
fn env_of_linux_differs_by_case() {
    let mut env = Object::case_sensitive();
    env.insert("Path", "a");
    let ctx = contexts().with("env", env);
    let all = templates(&["${{ env.Path }}|${{ env.PATH }}|${{ GITHUB.SHA }}"]);
    assert_eq!(all[0].eval_string(&ctx).as_deref(), Ok("a||abc"));
}

#[test]
fn events_start_workflows_by_their_filters() {
    let w = workflow(
        r#"on:
  push:
    branches: ["main", "release/**", "!release/old/**"]
    paths: ["src/**", "!src/**.md"]
  pull_request:
    branches-ignore: ["wip/**"]
  merge_group:
  workflow_run: { workflows: [CI], types: [completed], branches: [main] }
  release: { types: [published] }
jobs: { a: { runs-on: x } }
"#,
    );
    let push = |branch: &str| Event::new("push", &format!("refs/heads/{branch}"));
    let ok = |e: &Event| triggered(&w, e).is_ok();
    assert!(ok(&push("main").changed(["README.md", "src/a.rs"])));
    assert!(ok(&push("release/1/2").changed(["src/a.rs"])));
    assert!(
        ok(&push("main")),
        "no difference can be made: path filters let it pass"
    );
    assert!(matches!(
        triggered(&w, &push("main").changed(["src/a.md"])),
        Err(NotTriggered::Paths { .. })
    ));
    assert!(matches!(
        triggered(&w, &push("release/old/1").changed(["src/a.rs"])),
        Err(NotTriggered::Branch { .. })
    ));
    assert!(matches!(
        triggered(&w, &Event::new("push", "refs/tags/v1")),
        Err(NotTriggered::Tag { .. })
    ));
    let pull = Event::new("pull_request", "refs/heads/main");
    assert!(ok(&pull.clone().activity("opened")));
    assert!(matches!(
        triggered(&w, &pull.activity("closed")),
        Err(NotTriggered::Activity { .. })
    ));
    assert!(!ok(
        &Event::new("pull_request", "refs/heads/wip/x").activity("opened")
    ));
    assert!(ok(
        &Event::new("merge_group", "refs/heads/main").activity("checks_requested")
    ));
    let mut run = Event::new("workflow_run", "refs/heads/main").activity("completed");
    assert!(ok(&run), "which workflow ran is not told");
    run.workflow = Some("Nightly".into());
    assert!(!ok(&run));
    run.workflow = Some("CI".into());
    assert!(ok(&run));
    assert!(ok(
        &Event::new("release", "refs/tags/v1").activity("published")
    ));
    assert!(!ok(
        &Event::new("release", "refs/tags/v1").activity("created")
    ));
    assert!(matches!(
        triggered(&w, &Event::new("workflow_dispatch", "refs/heads/main")),
        Err(NotTriggered::Event { .. })
    ));

    let tags = workflow("on: {push: {tags: ['v*']}}\njobs: {a: {runs-on: x}}");
    assert!(triggered(&tags, &Event::new("push", "refs/tags/v1")).is_ok());
    assert!(triggered(&tags, &Event::new("push", "refs/heads/main")).is_err());
    let any = workflow("on: push\njobs: {a: {runs-on: x}}");
    assert!(triggered(&any, &Event::new("push", "refs/tags/v1")).is_ok());
}

#[test]
fn jobs_come_after_what_they_need() {
    let w = workflow(
        "on: push\njobs:\n  z: {runs-on: x, needs: [b, c]}\n  b: {runs-on: x, needs: a}\n  c: {runs-on: x}\n  a: {runs-on: x}\n",
    );
    assert_eq!(graph::order(&w), ["c", "a", "b", "z"]);
    assert_eq!(graph::ancestors(&w, "z"), ["b", "c", "a"]);
    assert_eq!(graph::dependents(&w, "a"), ["b"]);
}

fn expanded(strategy: &str) -> Result<Vec<String>, String> {
    let w = workflow(&format!(
        "on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix: {strategy}\n"
    ));
    let ctx = contexts().with("inputs", Value::object([("axes", r#"{"a":[1,2]}"#)]));
    let jobs = matrix::expand(w.jobs["a"].strategy.as_ref(), &ctx).map_err(|e| e.to_string())?;
    let one = |o: &Object| {
        let pairs: Vec<String> = o
            .iter()
            .map(|(k, v)| format!("{k}={}", v.to_text()))
            .collect();
        pairs.join(" ")
    };
    Ok(jobs.iter().map(one).collect())
}

#[test]
fn matrices_expand_as_documented() {
    let jobs = |text: &str| expanded(text).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        jobs("{os: [u, w], node: [20, 22], exclude: [{os: w, node: 20}]}"),
        ["os=u node=20", "os=u node=22", "os=w node=22"]
    );
    // The example of GitHub's documentation on `include`.
    assert_eq!(
        jobs(
            "{fruit: [apple, pear], animal: [cat, dog], include: [{color: green}, \
             {color: pink, animal: cat}, {fruit: apple, shape: circle}, {fruit: banana}, \
             {fruit: banana, animal: cat}]}"
        ),
        [
            "fruit=apple animal=cat color=pink shape=circle",
            "fruit=apple animal=dog color=green shape=circle",
            "fruit=pear animal=cat color=pink",
            "fruit=pear animal=dog color=green",
            "fruit=banana",
            "fruit=banana animal=cat",
        ]
    );
    assert_eq!(jobs("{include: [{a: 1}, {a: 2}]}"), ["a=1", "a=2"]);
    assert_eq!(jobs("${{ fromJSON(inputs.axes) }}"), ["a=1", "a=2"]);
    assert!(
        expanded("{a: []}")
            .expect_err("empty")
            .contains("does not contain any values")
    );
    let many = format!("{{a: [{}], b: [1, 2]}}", vec!["1"; 200].join(", "));
    assert!(expanded(&many).expect_err("400 jobs").contains("400 jobs"));

    let mut job = Object::new();
    job.insert("os", "ubuntu-24.04");
    job.insert("node", Value::object([("v", 22)]));
    assert_eq!(matrix::name_suffix(&job), " (ubuntu-24.04, 22)");
    assert_eq!(matrix::name_suffix(&Object::new()), "");
}

#[test]
fn steps_have_names() {
    let w = workflow(
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n\n          make x\n          y\n      - uses: actions/checkout@v5\n      - {name: N, run: x}\n",
    );
    let names: Vec<Option<String>> = w.jobs["a"].steps.iter().map(|s| s.literal_name()).collect();
    let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
    assert_eq!(names, ["Run make x", "Run actions/checkout@v5", "N"]);
    assert!(matches!(w.jobs["a"].steps[0].kind, StepKind::Run { .. }));
}

#[test]
fn expressions_are_found_in_every_style_of_scalar() {
    let text = r#"on: push
jobs:
  a:
    runs-on: x
    name: "\"é\" ${{ github.sha }} \x41 ${{ github.ref }}"
    if: >-
      github.ref == 'x' ||
      github.sha == 'y'
    env:
      folded: >
        a ${{ github.sha
        }} b
        ${{ github.ref }}
      single: '${{ ''it''''s'' }}'
    steps:
      - run: |-
          ${{ github.sha }} ${{ github.sha }}
            ${{ github.ref }}
"#;
    let w = workflow(text);
    let job = &w.jobs["a"];
    let StepKind::Run { script, .. } = &job.steps[0].kind else {
        panic!("run");
    };
    let name = job.name.as_ref().expect("a name");
    let mut found = Vec::new();
    for template in [name, &job.env[0].1, &job.env[1].1, script] {
        for e in template.expressions() {
            let excerpt = e.place.excerpt(text).expect("inside");
            found.push((e.place.line, e.place.column, excerpt));
        }
    }
    assert_eq!(
        found,
        [
            (5, 18, "${{ github.sha }}"),
            (5, 41, "${{ github.ref }}"),
            (11, 11, "${{ github.sha\n        }}"),
            (13, 9, "${{ github.ref }}"),
            // Doubled quotes are not what is read, so the place is the whole scalar.
            (14, 15, "'${{ ''it''''s'' }}'"),
            (17, 11, "${{ github.sha }}"),
            (17, 29, "${{ github.sha }}"),
            (18, 13, "${{ github.ref }}"),
        ]
    );
    let text = name.eval_string(&contexts());
    assert_eq!(text.as_deref(), Ok("\"é\" abc A refs/heads/main"));
}
