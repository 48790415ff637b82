//! Nothing that a file may hold makes the loader, expressions or globs panic or hang.

use lockkeeper_workflow::expr::{Contexts, Scope, Status, Value, parse};
use lockkeeper_workflow::plan::{Situation, plan};
use lockkeeper_workflow::{Event, StepKind, filter, graph, load, matrix, triggered};
use proptest::prelude::*;

/// Text made of what the grammars are made of, so that it gets past the first character.
fn yaml() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "on",
        "push",
        "jobs",
        "steps",
        "run",
        "uses",
        "with",
        "env",
        "if",
        "needs",
        "matrix",
        "strategy",
        "include",
        "- ",
        ": ",
        "\n",
        "\n  ",
        "\n    ",
        "\n      - ",
        "|",
        ">-",
        "'",
        "\"",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&a ",
        "*a",
        "<<",
        "!!int ",
        "!",
        "#",
        " ",
        "${{",
        "}}",
        "github.sha",
        "null",
        "1.5",
        "true",
        "é",
        "\u{feff}",
        "\t",
        "\\",
        "~",
        "? ",
        "--- ",
        "@",
        "name",
        "runs-on",
        "x",
        "%",
        "\r\n",
        "types",
        "branches",
        "cron",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|w| w.concat())
}

fn expression() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "github",
        ".",
        "*",
        "[",
        "]",
        "(",
        ")",
        ",",
        "!",
        "&&",
        "||",
        "==",
        "!=",
        "<",
        ">=",
        "'a'",
        "''",
        "'",
        "1",
        "0x1F",
        "-.5",
        "1e3",
        "NaN",
        "null",
        "true",
        "format",
        "contains",
        "join",
        "toJSON",
        "fromJSON",
        "case",
        "hashFiles",
        "success",
        "always",
        " ",
        "'{0}'",
        "'{'",
        "é",
        "env",
        "'[1,2]'",
        "+",
        "\n",
        "_a",
        "a-b",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|w| w.concat())
}

fn contexts() -> Contexts {
    let github = Value::object([
        ("ref", Value::from("refs/heads/main")),
        ("list", Value::array(["a", "B"])),
        ("nested", Value::object([("a", Value::array([1, 2]))])),
    ]);
    Contexts::new()
        .with("github", github)
        .with("env", Value::Null)
}

/// Uses every part of a workflow that loads.
fn exercise(text: &str) {
    let workflow = match load("w.yml", text) {
        Ok(workflow) => workflow,
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(problems.iter().all(|p| p.place.excerpt(text).is_some()));
            return;
        }
    };
    let ctx = contexts();
    assert_eq!(graph::order(&workflow).len(), workflow.jobs.len());
    let _ = triggered(
        &workflow,
        &Event::new("push", "refs/heads/main").changed(["a/b"]),
    );
    let itself = |_: &str| Some(&workflow);
    for event in [None, Some(Event::new("push", "refs/heads/main"))] {
        let situation = Situation {
            event,
            find: &itself,
            ..Situation::any()
        };
        assert_eq!(plan(&workflow, &situation).jobs.len(), workflow.jobs.len());
    }
    for job in workflow.jobs.values() {
        assert_eq!(
            job.place.excerpt(text).map(str::len),
            Some(job.place.span.len())
        );
        let _ = matrix::expand(job.strategy.as_ref(), &ctx);
        if let Some(condition) = &job.if_ {
            let _ = condition.value.eval(&ctx, &Status::SUCCESS);
        }
        for step in &job.steps {
            assert!(step.place.excerpt(text).is_some());
            if let StepKind::Run { script, .. } = &step.kind {
                let _ = script.eval_string(&ctx);
                for e in script.expressions() {
                    assert!(e.place.excerpt(text).is_some());
                }
            }
        }
    }
}

/// 2,000 cases, or as many as `PROPTEST_CASES` says.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: cases.and_then(|n| n.parse().ok()).unwrap_or(2000),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn loading_never_panics(text in yaml()) {
        exercise(&text);
        exercise(&format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: {text}\n"));
        exercise(&format!("on: push\njobs:\n  a:\n    runs-on: x\n    {text}"));
        exercise(&format!("on:\n  push:\n    {text}\njobs: {{a: {{runs-on: x}}}}"));
    }

    #[test]
    fn loading_any_text_never_panics(text in any::<String>()) {
        exercise(&text);
    }

    #[test]
    fn expressions_never_panic(text in expression()) {
        if let Ok(expr) = parse(&text, &Scope::ANY) {
            prop_assert!(text.get(expr.span.clone()).is_some());
            let _ = expr.eval(&contexts());
            for r in expr.references() {
                prop_assert!(text.get(r.span.clone()).is_some());
            }
        }
    }

    #[test]
    fn any_expression_never_panics(text in any::<String>()) {
        if let Ok(expr) = parse(&text, &Scope::ANY) {
            let _ = expr.eval(&contexts());
        }
    }

    #[test]
    fn globs_never_panic(pattern in "[ab/*?+!\\[\\]\\\\.é-]{0,24}", text in "[ab/.é]{0,24}") {
        let _ = filter::matches(&[&pattern], &text);
        if let Ok(read) = filter::Pattern::new(&pattern) {
            let alone = filter::matches(&[&pattern], &text);
            prop_assert_eq!(alone, !read.is_negated() && read.matches(&text));
        }
    }

    #[test]
    fn a_glob_of_plain_characters_matches_itself_alone(a in "[a-c/.]{1,12}", b in "[a-c/.]{1,12}") {
        prop_assert_eq!(filter::matches(&[&a], &b), a == b);
    }
}

#[test]
fn deep_and_long_input_ends_in_an_error() {
    let many = |text: &str| text.repeat(20_000 / text.len());
    for text in [
        many("("),
        many("!"),
        format!("1{}", many("==1")),
        format!("github{}", many(".a")),
        format!("github{}", many("[0]")),
        many("github["),
        many("contains("),
        "1".repeat(30_000),
    ] {
        assert!(parse(&text, &Scope::ANY).is_err());
    }
    let glob = "**/".repeat(1000);
    assert!(!filter::matches(
        &[&glob],
        &format!("{}b", "a/".repeat(2000))
    ));
    assert!(filter::Pattern::new(&"*".repeat(5000)).is_err());
}

#[test]
fn large_hostile_files_come_to_an_end() {
    let jobs = |n: usize, needs: &dyn Fn(usize) -> String| {
        let body: String = (0..n)
            .map(|i| format!("  job{i:05}: {{runs-on: x, needs: {}}}\n", needs(i)))
            .collect();
        format!("on: push\njobs:\n  first: {{runs-on: x}}\n{body}")
    };
    // A long chain, written backwards.
    let chain = jobs(10_000, &|i| match i {
        9_999 => "first".to_owned(),
        i => format!("job{:05}", i + 1),
    });
    let workflow = load("w.yml", &chain).unwrap_or_else(|p| panic!("{}", p[0]));
    assert_eq!(graph::order(&workflow).last(), Some(&"job00000"));
    assert_eq!(graph::ancestors(&workflow, "job00000").len(), 10_000);
    let all = plan(
        &workflow,
        &Situation::of(Event::new("push", "refs/heads/main")),
    );
    assert_eq!(all.jobs.len(), workflow.jobs.len());
    let ring = jobs(10_000, &|i| format!("job{:05}", (i + 1) % 10_000));
    let unknown = jobs(10_000, &|i| format!("joc{i:05}"));
    let alone = jobs(1, &|_| "job00000".to_owned());
    for text in [ring, unknown, alone] {
        assert!(load("w.yml", &text).is_err());
    }
    let line = format!("on: push\njobs: {{a: {{runs-on: x, env: {{{}}}}}}}", {
        let entries: Vec<String> = (0..40_000).map(|i| format!("é{i}: x")).collect();
        entries.join(", ")
    });
    assert!(load("w.yml", &line).is_ok());
    let unclosed = format!("on: push\nname: {}", "${{ ".repeat(250_000));
    assert!(load("w.yml", &unclosed).is_err());
    let many = format!("on: push\nrun-name: {}", "${{ x }}".repeat(120_000));
    assert!(load("w.yml", &many).is_err());
    let unknown_keys: String = (0..40_000).map(|i| format!("nam{i}: x\n")).collect();
    assert!(load("w.yml", &unknown_keys).is_err());
}

/// Found by `cargo xtask soak`: a block mapping whose first key is in brackets.
#[test]
fn a_key_in_brackets_leaves_places_inside_the_text() {
    for text in [
        "[]: x",
        "[]: services0x1F",
        "? {a: b}: c",
        "!^\u{2028}({a[: b&a ",
        "on: push\njobs:\n [0]:\n    runs-on: x\n    steps: []\n",
        "- [a]: b\n- {c: d}: é",
        "{[a]: b, {c}: d}",
        "[[a]: b, {c: d}: é]",
    ] {
        exercise(text);
        let places = lockkeeper_workflow::load_action("a.yml", text)
            .err()
            .unwrap_or_default();
        assert!(
            places.iter().all(|p| p.place.excerpt(text).is_some()),
            "{text}: {places:?}"
        );
    }
}

#[test]
fn anchored_collections_in_brackets_keep_their_places() {
    for (text, written) in [
        ("a: &x [b, c]\n", "[b, c]"),
        ("a: &x {b: c}\n", "{b: c}"),
        ("a: !!seq [b]  # c\n", "[b]"),
        ("a: !!map &x {b: c}", "{b: c}"),
        ("a: &x\n  [b, c]\n", "[b, c]"),
        ("a: [b, c]", "[b, c]"),
        ("a: &x\n  [b]: c\n", "[b]: c"),
    ] {
        let tree = lockkeeper_workflow::yaml::Tree::read("a.yml", text).expect("YAML");
        let lockkeeper_workflow::yaml::Kind::Mapping(entries) = &tree.root().kind else {
            panic!("{text}");
        };
        assert_eq!(&text[entries[0].1.span.range()], written, "{text}");
    }
}
