//! What inputs are put through.

use lockkeeper_workflow::check::Repository;
use lockkeeper_workflow::expr::{Contexts, Scope, Status, Value, parse};
use lockkeeper_workflow::filter::{self, Dialect, Pattern};
use lockkeeper_workflow::{
    Event, Problem, StepKind, Workflow, check, graph, load, load_action_what_is_legal,
    load_what_is_legal, matrix, triggered,
};

/// A reader, or several that belong together.
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) run: fn(&str),
}

pub(super) const WORKFLOW: Subject = Subject {
    name: "workflows: loaded, checked, evaluated",
    run: workflow,
};
pub(super) const ACTION: Subject = Subject {
    name: "action metadata",
    run: |text| {
        let (_, problems) = load_action_what_is_legal("action.yml", text);
        places(&problems, text);
    },
};
pub(super) const EXPRESSION: Subject = Subject {
    name: "expressions",
    run: expression,
};
pub(super) const GLOB: Subject = Subject {
    name: "globs",
    run: glob,
};
pub(super) const CRON: Subject = Subject {
    name: "cron",
    run: |text| {
        let text = text.replace('\'', "''").replace(['\n', '\r', '\0'], " ");
        let file = format!("on: {{schedule: [{{cron: '{text}'}}]}}\njobs: {{a: {{runs-on: x}}}}\n");
        workflow(&file);
    },
};

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

/// Every place of a problem is a piece of the text.
fn places(problems: &[Problem], text: &str) {
    for problem in problems {
        assert!(
            problem.place.excerpt(text).is_some(),
            "a place outside the text: {problem}"
        );
    }
}

fn workflow(text: &str) {
    let (legal, problems) = load_what_is_legal("w.yml", text);
    places(&problems, text);
    let whole = load("w.yml", text);
    assert_eq!(whole.is_ok(), legal.is_some() && problems.is_empty());
    if let Some(workflow) = &legal {
        for finding in check(workflow, &Repository::unknown()) {
            assert!(
                finding.place.excerpt(text).is_some(),
                "a place outside the text"
            );
        }
    }
    if let Ok(workflow) = &whole {
        used(workflow, text);
    }
}

/// Uses every part of a workflow that loads.
fn used(workflow: &Workflow, text: &str) {
    let ctx = contexts();
    assert_eq!(graph::order(workflow).len(), workflow.jobs.len());
    let event = Event::new("push", "refs/heads/main").changed(["a/b"]);
    let _ = triggered(workflow, &event);
    for job in workflow.jobs.values() {
        let _ = matrix::expand(job.strategy.as_ref(), &ctx);
        if let Some(condition) = &job.if_ {
            let _ = condition.value.eval(&ctx, &Status::SUCCESS);
        }
        for step in &job.steps {
            assert!(step.place.excerpt(text).is_some());
            if let StepKind::Run { script, .. } = &step.kind {
                let _ = script.eval_string(&ctx);
            }
        }
    }
}

fn expression(text: &str) {
    let Ok(expr) = parse(text, &Scope::ANY) else {
        return;
    };
    assert!(text.get(expr.span.clone()).is_some());
    for reference in expr.references() {
        assert!(text.get(reference.span.clone()).is_some());
    }
    if let Ok(value) = expr.eval(&contexts()) {
        let _ = value.to_json();
        let _ = Value::from_json(&value.to_text());
    }
}

/// The pattern is the first line, what it is held against the second.
fn glob(text: &str) {
    let (pattern, name) = text.split_once('\n').unwrap_or((text, text));
    let _ = filter::check(pattern, Dialect::Ref);
    let _ = filter::check(pattern, Dialect::Path);
    let alone = filter::matches(&[pattern], name);
    if let Ok(read) = Pattern::new(pattern) {
        assert_eq!(alone, !read.is_negated() && read.matches(name));
    }
}
