//! What is said of a value before all is known holds once all is known.

use lockkeeper_workflow::expr::{Contexts, Object, Value};
use lockkeeper_workflow::partial::{Decided, Known, Members, Scope};
use lockkeeper_workflow::{Condition, Workflow, load};
use proptest::prelude::*;

fn workflow(condition: &str) -> Option<Workflow> {
    let quoted = condition.replace('\'', "''");
    let text = format!(
        "on: push\njobs:\n  a: {{runs-on: x}}\n  b:\n    runs-on: x\n    needs: a\n    if: '${{{{ {quoted} }}}}'\n"
    );
    load("w.yml", &text).ok()
}

fn condition(workflow: &Workflow) -> &Condition {
    &workflow.jobs["b"].if_.as_ref().expect("an if").value
}

const NAMES: [&str; 4] = ["w", "x", "y", "z"];

/// Expressions over four members of `github`, each of which may be hidden.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(NAMES.to_vec()).prop_map(|name| format!("github.{name}")),
        prop::sample::select(vec![
            "true",
            "false",
            "null",
            "0",
            "1",
            "'1'",
            "''",
            "'main'",
            "'MAIN'",
            "'ma'",
            "github.none",
            "github['x']",
            "github.*",
            "github.w.k",
            "github.w.*",
            "github[github.x]",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 32, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            (
                inner.clone(),
                inner.clone(),
                prop::sample::select(vec!["==", "!=", "<", ">="])
            )
                .prop_map(|(a, b, op)| format!("({a} {op} {b})")),
            inner.clone().prop_map(|a| format!("!{a}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("contains({a}, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("startsWith({a}, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("endsWith({a}, {b})")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("format('{{0}}-{{1}}', {a}, {b})")),
            inner.clone().prop_map(|a| format!("fromJSON(toJSON({a}))")),
            inner.clone().prop_map(|a| format!("fromJSON({a})")),
            inner.clone().prop_map(|a| format!("({a}).k")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("join({a}, {b})")),
            inner.clone().prop_map(|a| format!("join({a}, '+')")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("case({a}, {b}, {c})")),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..3).prop_map(Value::from),
        prop::sample::select(vec!["", "main", "MAIN", "domain", "1", "x", "k", "ma-1-in"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            inner.prop_map(|v| Value::object([("k", v)])),
        ]
    })
}

/// What is known of a value: it all, its ends, that it is one of some, or nothing.
fn hidden(value: &Value, how: u8) -> Known {
    match (how % 5, value) {
        (0, value) => Known::Value(value.clone()),
        (1, Value::String(text)) if !text.is_empty() => {
            let half = text.len() / 2;
            Known::text_like(&text[..half], &text[half..])
        }
        (2, Value::String(text)) => Known::one_of([text.as_str(), "main"]),
        (3, Value::Object(object)) => {
            let mut members = Members::closed();
            for (name, _) in object.iter() {
                members.set(name, Known::unknown());
            }
            Known::Object(members)
        }
        (3, Value::Array(items)) => Known::Array(items.iter().map(|_| Known::unknown()).collect()),
        (4, value) if value.is_truthy() => Known::truthy(),
        _ => Known::unknown(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_guessed(
        expression in expression(),
        values in prop::collection::vec(value(), 4),
        how in prop::collection::vec(any::<u8>(), 4),
        open in any::<bool>(),
    ) {
        let Some(workflow) = workflow(&expression) else { return Ok(()) };
        let condition = condition(&workflow);
        let mut whole = Object::new();
        let mut part = if open { Members::open() } else { Members::closed() };
        for ((name, value), how) in NAMES.iter().zip(&values).zip(&how) {
            whole.insert(*name, value.clone());
            // An open mapping may have more members than it lists.
            if !(open && how % 7 == 6) {
                part.set(name, hidden(value, *how));
            }
        }
        let contexts = Members::closed().with("github", part);
        let scope = Scope::new(&contexts);
        let decided = scope.condition(condition);
        let real = condition
            .expr()
            .expect("an expression")
            .eval(&Contexts::new().with("github", whole));
        match (&decided, real.as_ref().map(Value::is_truthy)) {
            (Ok(Decided::Yes), real) => prop_assert_eq!(real, Ok(true), "{}", expression),
            (Ok(Decided::No(_)), real) => prop_assert_eq!(real, Ok(false), "{}", expression),
            (Ok(Decided::Unknown(reads)), _) => prop_assert!(!reads.is_empty(), "{}", expression),
            (Err(_), real) => prop_assert!(real.is_err(), "{}", expression),
        }
        // With nothing hidden nothing is unknown.
        if how.iter().all(|how| how % 5 == 0) && !open {
            prop_assert!(!matches!(decided, Ok(Decided::Unknown(_))), "{}", expression);
        }
    }
}

fn decide(text: &str, contexts: &Members) -> Decided {
    let workflow = workflow(text).unwrap_or_else(|| panic!("{text} is no expression"));
    let scope = Scope::new(contexts);
    scope
        .condition(condition(&workflow))
        .unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn known_parts_settle_what_they_can() {
    let result = |texts: [&str; 2]| Members::closed().with("result", Known::one_of(texts));
    let contexts = Members::closed()
        .with(
            "github",
            Members::closed()
                .with("ref", Known::text_like("refs/pull/", "/merge"))
                .with("event_name", "pull_request")
                .with("event", Known::unknown()),
        )
        .with(
            "needs",
            Members::closed()
                .with("a", result(["success", "skipped"]))
                .with("b", Members::closed().with("result", "success")),
        );
    let yes = [
        "github.ref != 'refs/heads/main'",
        "startsWith(github.ref, 'refs/pull/')",
        "endsWith(github.ref, 'MERGE')",
        "contains(github.ref, 'pull')",
        "github.event_name == 'pull_request' || github.event.x",
        "contains(needs.*.result, 'success')",
        "!contains(needs.*.result, 'failure')",
        "needs.a.result != 'failure'",
        "needs.a.result",
        "github.nothing == null",
    ];
    for text in yes {
        assert_eq!(decide(text, &contexts), Decided::Yes, "{text}");
    }
    let no = [
        "github.ref == 'refs/pull//x'",
        "github.event.x && false",
        "!github.ref",
        "needs.c.result",
    ];
    for text in no {
        assert!(matches!(decide(text, &contexts), Decided::No(_)), "{text}");
    }
    let unknown = [
        ("github.ref == 'refs/pull/1/merge'", "github.ref"),
        (
            "github.event.pull_request.draft == false",
            "github.event.pull_request.draft",
        ),
        ("contains(needs.*.result, 'skipped')", "needs.*.result"),
        (
            "github.event_name == 'pull_request' && github.event['x']",
            "github.event['x']",
        ),
        ("fromJSON(github.event.x) && false", "github.event.x"),
    ];
    for (text, read) in unknown {
        assert_eq!(
            decide(text, &contexts),
            Decided::Unknown(vec![read.to_owned()]),
            "{text}"
        );
    }
}

#[test]
fn the_part_that_decides_is_named_with_what_it_read() {
    let github = Members::closed()
        .with("ref", "refs/heads/topic")
        .with("event_name", "push");
    let contexts = Members::closed().with("github", github);
    let text =
        "github.event_name == 'push' && (github.ref == 'refs/heads/main' || github.ref == 'x')";
    let Decided::No(Some(deciding)) = decide(text, &contexts) else {
        panic!("it is false");
    };
    assert_eq!(
        deciding.part,
        "(github.ref == 'refs/heads/main' || github.ref == 'x')"
    );
    assert_eq!(
        deciding.values,
        [("github.ref".to_owned(), Value::from("refs/heads/topic"))]
    );
}
