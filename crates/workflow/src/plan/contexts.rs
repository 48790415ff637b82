//! The contexts that conditions and templates of jobs see, as far as they are known before the run
//! (<https://docs.github.com/actions/reference/workflows-and-actions/contexts>).

use crate::expr::Value;
use crate::model::{Input, Workflow};
use crate::partial::{Known, Members, Scope};
use crate::plan::{Facts, Situation};
use crate::trigger::{Event, needs_default_branch};

/// `github.workflow`.
pub(super) fn workflow_name(workflow: &Workflow) -> String {
    match &workflow.name {
        Some(name) if !name.value.is_empty() => name.value.clone(),
        _ => workflow.place.file.to_string(),
    }
}

/// Members of `github` that are texts in every run; their values are known to GitHub alone.
const TEXTS: &[&str] = &[
    "actor",
    "actor_id",
    "event_path",
    "path",
    "ref",
    "ref_name",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repositoryUrl",
    "retention_days",
    "run_attempt",
    "run_id",
    "run_number",
    "secret_source",
    "sha",
    "token",
    "triggering_actor",
    "workflow",
    "workflow_ref",
    "workflow_sha",
];

/// Members that may be empty.
const MORE: &[&str] = &[
    "action",
    "action_path",
    "action_ref",
    "action_repository",
    "action_status",
    "base_ref",
    "env",
    "head_ref",
    "job",
    "ref_protected",
    "ref_type",
    "workspace",
];

pub(super) fn github(workflow: &Workflow, situation: &Situation<'_>) -> Members {
    let mut github = Members::closed();
    for name in TEXTS {
        github.set(name, some_text());
    }
    for name in MORE {
        github.set(name, Known::unknown());
    }
    github.set("workflow", workflow_name(workflow));
    github.set("server_url", "https://github.com");
    github.set("api_url", "https://api.github.com");
    github.set("graphql_url", "https://api.github.com/graphql");
    let facts = &situation.facts;
    match &situation.event {
        Some(event) => of_event(&mut github, event, facts, workflow),
        None => {
            let mut events = workflow.on.events();
            events.retain(|event| *event != "workflow_call");
            github.set("event_name", named(&events));
            github.set("event", Known::unknown());
        }
    }
    if let Some(actor) = &facts.actor {
        github.set("actor", actor.as_str());
        github.set("triggering_actor", actor.as_str());
    }
    if let Some(repository) = &facts.repository {
        github.set("repository", repository.as_str());
        if let Some((owner, _)) = repository.split_once('/') {
            github.set("repository_owner", owner);
        }
    }
    for (name, value) in &facts.github {
        github.set(name, value.clone());
    }
    github
}

fn named(events: &[&str]) -> Known {
    match events {
        [] => some_text(),
        [only] => Known::from(*only),
        several => Known::one_of(several.iter().copied()),
    }
}

/// A text that is not empty.
fn some_text() -> Known {
    Known::truthy()
}

fn of_event(github: &mut Members, event: &Event, facts: &Facts, workflow: &Workflow) {
    github.set("event_name", event.name.as_str());
    let git_ref = run_ref(event, facts);
    if let Known::Value(Value::String(full)) = &git_ref {
        let name = ["refs/heads/", "refs/tags/", "refs/pull/"]
            .iter()
            .find_map(|prefix| full.strip_prefix(prefix));
        github.set("ref_name", name.unwrap_or(full));
    } else if is_pull(&event.name) {
        github.set("ref_name", Known::text_like("", "/merge"));
    }
    let is_tag = match &git_ref {
        Known::Value(Value::String(full)) => Some(full.starts_with("refs/tags/")),
        _ => (event.name == "release").then_some(true),
    };
    if let Some(is_tag) = is_tag {
        github.set("ref_type", if is_tag { "tag" } else { "branch" });
    }
    github.set("ref", git_ref);
    let pull = matches!(event.name.as_str(), "pull_request" | "pull_request_target");
    github.set(
        "base_ref",
        match event.branch() {
            Some(branch) if pull => Known::from(branch),
            _ if pull => Known::unknown(),
            _ => Known::from(""),
        },
    );
    github.set(
        "head_ref",
        match &facts.head_ref {
            Some(head) if pull => Known::from(head.as_str()),
            None if pull => some_text(),
            _ => Known::from(""),
        },
    );
    github.set(
        "event",
        match &facts.payload {
            Some(payload) => Known::from(payload.clone()),
            None => payload(event, facts, workflow),
        },
    );
}

fn is_pull(event: &str) -> bool {
    matches!(
        event,
        "pull_request" | "pull_request_review" | "pull_request_review_comment"
    )
}

/// `github.ref`: for most events not the ref that filters are about.
fn run_ref(event: &Event, facts: &Facts) -> Known {
    let full = |branch: &str| Known::from(format!("refs/heads/{branch}"));
    let given = match event.branch() {
        Some(branch) => full(branch),
        None => Known::from(event.git_ref.as_str()),
    };
    match event.name.as_str() {
        name if is_pull(name) => match (facts.number, event.activity.as_deref()) {
            // After a merge it is the branch that was merged into.
            (_, Some("closed")) => Known::text_like("refs/", ""),
            (Some(number), _) => Known::from(format!("refs/pull/{number}/merge")),
            (None, _) => Known::text_like("refs/pull/", "/merge"),
        },
        "merge_group" => {
            let base = event.branch().unwrap_or_default();
            Known::text_like(&format!("refs/heads/gh-readonly-queue/{base}/pr-"), "")
        }
        "workflow_dispatch" => given,
        "release" if event.tag().is_none() => Known::text_like("refs/tags/", ""),
        name if needs_default_branch(name) => match &event.default_branch {
            Some(branch) => full(branch),
            None => Known::text_like("refs/heads/", ""),
        },
        _ => given,
    }
}

/// `github.event` where no payload was given: what is certain of it.
fn payload(event: &Event, facts: &Facts, workflow: &Workflow) -> Known {
    let mut payload = Members::closed();
    for name in [
        "repository",
        "sender",
        "organization",
        "enterprise",
        "installation",
    ] {
        payload.set(name, Known::unknown());
    }
    let mut repository = Members::open();
    if let Some(branch) = &event.default_branch {
        repository.set("default_branch", branch.as_str());
    }
    if let Some(name) = &facts.repository {
        repository.set("full_name", name.as_str());
    }
    payload.set("repository", repository);
    let unknown = |payload: &mut Members, names: &[&str]| {
        for name in names {
            payload.set(name, Known::unknown());
        }
    };
    match event.name.as_str() {
        "push" => {
            let names = [
                "after", "before", "base_ref", "commits", "compare", "created", "deleted",
            ];
            unknown(&mut payload, &names);
            unknown(&mut payload, &["forced", "pusher"]);
            payload.set("ref", run_ref(event, facts));
            payload.set(
                "head_commit",
                match &event.head_message {
                    Some(message) => Known::from(Members::open().with("message", message.as_str())),
                    None => Known::unknown(),
                },
            );
        }
        "workflow_dispatch" => {
            unknown(&mut payload, &["workflow"]);
            payload.set("ref", run_ref(event, facts));
            payload.set("inputs", dispatch_inputs(event, workflow, &as_text));
        }
        "schedule" => {
            unknown(&mut payload, &["workflow"]);
            payload.set(
                "schedule",
                match workflow.on.schedule.as_slice() {
                    [only] => Known::from(only.cron.value.as_str()),
                    several => Known::one_of(several.iter().map(|entry| entry.cron.value.as_str())),
                },
            );
        }
        "pull_request" | "pull_request_target" => {
            let names = [
                "assignee",
                "changes",
                "reason",
                "milestone",
                "requested_reviewer",
            ];
            unknown(&mut payload, &names);
            unknown(
                &mut payload,
                &["requested_team", "before", "after", "number"],
            );
            if event.activity.is_none()
                || matches!(event.activity.as_deref(), Some("labeled" | "unlabeled"))
            {
                unknown(&mut payload, &["label"]);
            }
            payload.set(
                "action",
                match &event.activity {
                    Some(activity) => Known::from(activity.as_str()),
                    None => some_text(),
                },
            );
            payload.set("pull_request", pull_request(event, facts));
            if let Some(number) = facts.number {
                payload.set("number", Known::Value(Value::Number(number as f64)));
            }
        }
        _ => {
            // What other events carry is not listed here.
            let mut open = Members::open();
            for (name, value) in payload.iter() {
                open.set(name, value.clone());
            }
            if let Some(activity) = &event.activity {
                open.set("action", activity.as_str());
            }
            payload = open;
        }
    }
    Known::Object(payload)
}

fn pull_request(event: &Event, facts: &Facts) -> Known {
    let mut pull = Members::open();
    let mut base = Members::open();
    if let Some(branch) = event.branch() {
        base.set("ref", branch);
    }
    let mut head = Members::open();
    if let Some(branch) = &facts.head_ref {
        head.set("ref", branch.as_str());
    }
    let mut repository = Members::open();
    match (facts.from_fork, &facts.repository) {
        // The base may itself be a fork, so that `fork` says nothing where both are the same.
        (Some(true), _) => repository.set("fork", true),
        (Some(false), Some(name)) => repository.set("full_name", name.as_str()),
        _ => {}
    }
    head.set("repo", repository);
    if let Some(number) = facts.number {
        pull.set("number", Known::Value(Value::Number(number as f64)));
    }
    pull.set("base", base);
    pull.set("head", head);
    Known::Object(pull)
}

/// `inputs` of a workflow that an event starts.
pub(super) fn inputs(workflow: &Workflow, situation: &Situation<'_>) -> Known {
    let on = &workflow.on;
    match &situation.event {
        Some(event) if event.name == "workflow_dispatch" => {
            dispatch_inputs(event, workflow, &|input, text| {
                Known::from(input.kind.read(text).unwrap_or_default())
            })
        }
        Some(event) if event.name == "workflow_call" => Known::unknown(),
        Some(_) => Known::Object(Members::closed()),
        None if on.workflow_dispatch.is_some() || on.workflow_call.is_some() => Known::unknown(),
        None => Known::Object(Members::closed()),
    }
}

fn as_text(_: &Input, text: &str) -> Known {
    Known::from(text)
}

/// What was given, else the defaults.
fn dispatch_inputs(
    event: &Event,
    workflow: &Workflow,
    read: &dyn Fn(&Input, &str) -> Known,
) -> Known {
    let mut inputs = Members::closed();
    let declared = workflow
        .on
        .workflow_dispatch
        .as_ref()
        .map(|dispatch| &dispatch.inputs);
    for (name, input) in declared.into_iter().flatten() {
        let Some(given) = &event.inputs else {
            inputs.set(name, Known::unknown());
            continue;
        };
        let given = given.iter().find(|(id, _)| id.eq_ignore_ascii_case(name));
        let default = input.default.as_ref().map(|default| default.source());
        inputs.set(
            name,
            match given.map(|(_, text)| text.as_str()).or(default) {
                Some(text) => read(input, text),
                None => match input.kind.unset() {
                    // GitHub fills in a boolean, and leaves out a number.
                    Value::Bool(no) => read(input, &no.to_string()),
                    _ => Known::from(""),
                },
            },
        );
    }
    Known::Object(inputs)
}

/// `inputs` of a called workflow: what the call gives, else the defaults.
pub(super) fn call_inputs(
    called: &Workflow,
    given: &[(String, Known)],
    github: &Known,
    vars: &Known,
) -> Known {
    let mut inputs = Members::closed();
    let Some(call) = &called.on.workflow_call else {
        return Known::Object(inputs);
    };
    let contexts = Members::closed()
        .with("github", github.clone())
        .with("vars", vars.clone())
        .with("inputs", Known::unknown());
    let scope = Scope::new(&contexts);
    for (name, input) in &call.inputs {
        let value = given.iter().find(|(id, _)| id.eq_ignore_ascii_case(name));
        let value = match (value, &input.default) {
            (Some((_, value)), _) => value.clone(),
            (None, Some(default)) => scope.template(default).unwrap_or_else(|_| Known::unknown()),
            (None, None) => Known::from(input.kind.unset()),
        };
        inputs.set(name, value);
    }
    Known::Object(inputs)
}
