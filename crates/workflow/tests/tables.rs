//! The tables and the loader say the same.

use lockkeeper_workflow::check::Repository;
use lockkeeper_workflow::expr::Scope;
use lockkeeper_workflow::{Access, load, load_action, tables};

fn loads(on: &str, rest: &str) -> bool {
    load(
        "ci.yml",
        &format!("on: {on}\n{rest}jobs: {{ a: {{ runs-on: x }} }}\n"),
    )
    .is_ok()
}

#[test]
fn every_event_is_read_with_its_types_and_no_others() {
    assert!(tables::events().len() >= 37);
    for event in tables::events() {
        let name = event.name;
        if name != "schedule" {
            assert!(loads(name, ""), "{name}");
        }
        for kind in event.types {
            assert!(
                loads(&format!("{{ {name}: {{ types: [{kind}] }} }}"), ""),
                "{name} {kind}"
            );
        }
        for kind in event.default_types {
            assert!(event.types.contains(kind), "{name} {kind}");
        }
        if !event.types.is_empty() {
            assert!(
                !loads(&format!("{{ {name}: {{ types: [unheard] }} }}"), ""),
                "{name}"
            );
        }
    }
    assert!(tables::event("repository_dispatch").is_some_and(|e| e.types.is_empty()));
    assert!(!loads("push_request", ""));
}

#[test]
fn every_permission_is_read_with_its_levels_and_no_others() {
    let mut seen = 0;
    for (scope, levels) in tables::permissions() {
        for level in [Access::Read, Access::Write, Access::None] {
            let fits = level == Access::None || levels.contains(&level);
            let line = format!("permissions: {{ {scope}: {} }}\n", level.as_str());
            assert_eq!(loads("push", &line), fits, "{line}");
            seen += 1;
        }
    }
    assert!(seen >= 60);
    let levels = |scope: &str| tables::permissions().find(|(name, _)| *name == scope);
    assert_eq!(
        levels("id-token").map(|(_, l)| l),
        Some(&[Access::Write][..])
    );
    assert_eq!(levels("models").map(|(_, l)| l), Some(&[Access::Read][..]));
    assert!(levels("attestations").is_some_and(|(_, l)| l.len() == 2));
}

#[test]
fn places_are_github_s_table_of_availability() {
    assert_eq!(
        Scope::JOB_IF.contexts,
        ["github", "inputs", "vars", "needs"]
    );
    let functions =
        |scope: &Scope<'_>| -> Vec<&str> { scope.functions.iter().map(|f| f.name).collect() };
    assert_eq!(
        functions(&Scope::JOB_IF),
        ["always", "failure", "cancelled", "success"]
    );
    assert_eq!(functions(&Scope::STEP), ["hashFiles"]);
    assert!(Scope::STEP.contexts.contains(&"secrets"));
    assert!(!Scope::STEP_IF.contexts.contains(&"secrets"));
    assert!(!Scope::ACTION_STEP.contexts.contains(&"secrets"));
    for context in Scope::STEP
        .contexts
        .iter()
        .chain(Scope::CALL_OUTPUT.contexts)
    {
        assert!(tables::contexts().contains(context), "{context}");
    }
    let mut everywhere: Vec<&str> = tables::functions().iter().map(|f| f.name).collect();
    everywhere.sort_unstable();
    assert_eq!(
        everywhere,
        [
            "case",
            "contains",
            "endsWith",
            "format",
            "fromJson",
            "join",
            "startsWith",
            "toJson"
        ]
    );
    assert!(tables::context_members("github").contains(&"ref_name"));
    assert!(tables::context_members("strategy").contains(&"job-index"));
    assert!(tables::context_members("env").is_empty());
    assert!(tables::runner_labels().contains(&"ubuntu-24.04"));
}

#[test]
fn payloads_have_an_end_and_what_is_documented() {
    fn depth(payload: tables::Payload) -> usize {
        1 + payload
            .members()
            .map(|(_, member)| depth(member))
            .max()
            .unwrap_or(0)
    }
    let mut payloads = 0;
    for event in tables::events() {
        for kind in tables::Payload::types(event.name) {
            let payload = tables::Payload::of(event.name, kind).expect("listed");
            assert!((2..20).contains(&depth(payload)), "{} {kind}", event.name);
            payloads += 1;
        }
    }
    assert!(payloads > 100, "{payloads}");
    let opened = tables::Payload::of("pull_request_target", "opened").expect("known");
    let head = opened.member("pull_request").and_then(|p| p.member("HEAD"));
    assert!(
        head.and_then(|h| h.member("sha"))
            .is_some_and(tables::Payload::is_leaf)
    );
    assert!(tables::Payload::of("push", "opened").is_none());
    assert!(tables::Payload::of("schedule", "default").is_some());
}

#[test]
fn what_actions_may_use_is_read() {
    for using in tables::action_using() {
        let rest = match *using {
            "composite" => "steps: []",
            "docker" => "image: Dockerfile",
            _ => "main: x.js",
        };
        let text = format!("runs: {{ using: {using}, {rest} }}");
        assert!(load_action("action.yml", &text).is_ok(), "{using}");
    }
    assert!(tables::branding_icons().contains(&"anchor"));
    assert!(tables::branding_colors().contains(&"gray-dark"));
    for package in tables::packages() {
        let known = package.name.starts_with("@actions/") && package.published.len() == 10;
        assert!(known && !package.version.is_empty(), "{package:?}");
    }
}

#[test]
fn members_of_contexts_have_types() {
    let mut seen = 0;
    for context in ["github", "runner", "strategy", "job"] {
        for member in tables::context_members(context) {
            if member.contains('.') {
                continue;
            }
            let text = format!(
                "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    container: node:24\n    steps:\n      - env: {{ X: \"${{{{ toJSON({context}.{member}) }}}}\" }}\n        run: echo\n"
            );
            let workflow = load("ci.yml", &text).unwrap_or_else(|p| panic!("{p:?}"));
            let found = lockkeeper_workflow::check(&workflow, &Repository::unknown());
            assert!(found.is_empty(), "{context}.{member}: {found:?}");
            seen += 1;
        }
    }
    assert!(seen > 55, "{seen}");
}
