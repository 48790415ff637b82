//! Does an event start a workflow?
//! (<https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows>)

mod event;
mod filters;
mod skip;

pub use event::{Changes, DispatchInputs, Event};
pub use skip::skips_workflows;

use crate::events;
use crate::model::{Input, Workflow};
use crate::place::Place;

/// What an event does to a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The workflow starts.
    Starts,
    /// It does not, and why.
    Not(NotTriggered),
    /// It starts if what is not known lets it.
    Unknown(Untold),
}

/// What is not known of an event and decides whether it starts a workflow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// Which files changed.
    #[error("which files changed is not known, and `{filter}` filters by them")]
    Paths {
        /// The key of the filter.
        filter: &'static str,
        /// Where it stands.
        place: Place,
    },
    /// Which activity it was.
    #[error("the activity type is not known, and `types` lists some")]
    Activity {
        /// Where it stands.
        place: Place,
    },
    /// Which workflow ran.
    #[error("the workflow that ran is not known, and `workflows` lists some")]
    Workflow {
        /// Where it stands.
        place: Place,
    },
}

impl Untold {
    /// The filter that asks for it.
    pub fn place(&self) -> &Place {
        match self {
            Untold::Paths { place, .. }
            | Untold::Activity { place }
            | Untold::Workflow { place } => place,
        }
    }
}

/// Why an event does not start a workflow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTriggered {
    /// The event is not under `on`.
    #[error("the workflow does not listen to `{event}`")]
    Event {
        /// The event.
        event: String,
    },
    /// Its `types` leave the activity out.
    #[error("the activity type `{activity}` is not among those listed")]
    Activity {
        /// The activity type.
        activity: String,
        /// Where it stands.
        place: Place,
    },
    #[error(
        "the branch `{branch}` does not pass `{filter}`: {}",
        by("branches", filter, decides)
    )]
    /// `branches` or `branches-ignore` leave the branch out.
    Branch {
        /// The branch.
        branch: String,
        /// The key that did not let it pass, such as `branches-ignore`.
        filter: &'static str,
        /// The pattern that decided; `None` if none matches.
        decides: Option<String>,
        /// Where it stands.
        place: Place,
    },
    #[error(
        "the tag `{tag}` does not pass `{filter}`: {}",
        by("tags", filter, decides)
    )]
    /// `tags` or `tags-ignore` leave the tag out.
    Tag {
        /// The tag.
        tag: String,
        /// The key of the filter.
        filter: &'static str,
        /// The pattern that decides, if one does.
        decides: Option<String>,
        /// Where it stands.
        place: Place,
    },
    /// `paths` or `paths-ignore` leave every changed file out.
    #[error("no changed file passes `{filter}`")]
    Paths {
        /// The key of the filter.
        filter: &'static str,
        /// Where it stands.
        place: Place,
    },
    /// `workflows` leave the workflow out that ran.
    #[error("the workflow `{workflow}` is not among those listed")]
    Workflow {
        /// The name of the workflow.
        workflow: String,
        /// Where it stands.
        place: Place,
    },
    /// Such events start workflows of the default branch alone.
    #[error("the file is not on the default branch, where GitHub looks for `{event}`")]
    NotOnDefaultBranch {
        /// The event.
        event: String,
        /// Where it stands.
        place: Place,
    },
    /// The message of the commit asks that workflows are skipped.
    #[error("the message of the head commit asks for it: `{instruction}`")]
    SkipInstruction {
        /// The words that ask for it.
        instruction: String,
    },
    /// Events of GitHub's own token start no workflow.
    #[error("what is done with GITHUB_TOKEN starts no workflow, dispatches excepted")]
    Token,
    /// A pull request that cannot be merged starts no workflow.
    #[error("the pull request has a merge conflict")]
    Conflict,
    /// GitHub refuses to dispatch.
    #[error("the input `{input}` {why}")]
    Input {
        /// The name of the input.
        input: String,
        /// What is wrong with its value.
        why: String,
        /// Where it stands.
        place: Place,
    },
}

fn by(wanted: &str, filter: &str, pattern: &Option<String>) -> String {
    match pattern {
        _ if !filter.starts_with(wanted) => format!("a filter for {wanted} is missing beside it"),
        Some(pattern) => format!("`{pattern}` matches it"),
        None => "no pattern matches it".to_owned(),
    }
}

impl NotTriggered {
    /// What in the file keeps it from starting; `None` where that is not in the file.
    pub fn place(&self) -> Option<&Place> {
        match self {
            NotTriggered::Activity { place, .. }
            | NotTriggered::Branch { place, .. }
            | NotTriggered::Tag { place, .. }
            | NotTriggered::Paths { place, .. }
            | NotTriggered::Workflow { place, .. }
            | NotTriggered::NotOnDefaultBranch { place, .. }
            | NotTriggered::Input { place, .. } => Some(place),
            NotTriggered::Event { .. }
            | NotTriggered::SkipInstruction { .. }
            | NotTriggered::Token
            | NotTriggered::Conflict => None,
        }
    }
}

/// Whether `event` starts `workflow`. What is not known of the event is taken to let it pass;
/// [`trigger`] tells the two apart.
pub fn triggered(workflow: &Workflow, event: &Event) -> Result<(), NotTriggered> {
    match trigger(workflow, event) {
        Trigger::Not(why) => Err(why),
        Trigger::Starts | Trigger::Unknown(_) => Ok(()),
    }
}

/// What `event` does to `workflow`, by `on` and by what GitHub lets no event do.
pub fn trigger(workflow: &Workflow, event: &Event) -> Trigger {
    match decide(workflow, event) {
        Ok(None) => Trigger::Starts,
        Ok(Some(untold)) => Trigger::Unknown(untold),
        Err(why) => Trigger::Not(why),
    }
}

type Decision = Result<Option<Untold>, NotTriggered>;

fn decide(workflow: &Workflow, event: &Event) -> Decision {
    let untold = filters::by_filters(workflow, event)?;
    if event.by_token && !starts_by_token(event) {
        return Err(NotTriggered::Token);
    }
    if let ("push" | "pull_request", Some(message)) = (event.name.as_str(), &event.head_message)
        && let Some(instruction) = skips_workflows(message)
    {
        return Err(NotTriggered::SkipInstruction {
            instruction: instruction.to_owned(),
        });
    }
    if event.has_conflict && event.name == "pull_request" {
        return Err(NotTriggered::Conflict);
    }
    if needs_default_branch(&event.name) {
        let elsewhere = event.name == "schedule"
            && event
                .default_branch
                .as_ref()
                .is_some_and(|default| event.branch().is_some_and(|branch| branch != default));
        if event.file_on_default_branch == Some(false) || elsewhere {
            return Err(NotTriggered::NotOnDefaultBranch {
                event: event.name.clone(),
                place: workflow.on.place.clone(),
            });
        }
    }
    if event.name == "workflow_dispatch"
        && let (Some(given), Some(dispatch)) = (&event.inputs, &workflow.on.workflow_dispatch)
    {
        check_inputs(given, &dispatch.inputs, &dispatch.place)?;
    }
    Ok(untold)
}

/// Events that GITHUB_TOKEN may cause.
fn starts_by_token(event: &Event) -> bool {
    match event.name.as_str() {
        "workflow_dispatch" | "repository_dispatch" => true,
        _ => waits_for_approval(event),
    }
}

/// Whether the run waits until someone with write access approves it, since a workflow made the
/// pull request with GITHUB_TOKEN.
pub fn waits_for_approval(event: &Event) -> bool {
    let kind = event.activity.as_deref().unwrap_or("opened");
    event.by_token
        && event.name == "pull_request"
        && matches!(kind, "opened" | "synchronize" | "reopened")
}

/// Whether GitHub looks for the workflow on the default branch only.
pub fn needs_default_branch(event: &str) -> bool {
    !matches!(
        event,
        "push"
            | "pull_request"
            | "pull_request_review"
            | "pull_request_review_comment"
            | "merge_group"
            | "create"
            | "deployment"
            | "deployment_status"
            | "release"
            | "workflow_call"
    )
}

/// What GitHub holds against the inputs of a dispatch.
fn check_inputs(
    given: &DispatchInputs,
    declared: &indexmap::IndexMap<String, Input>,
    place: &Place,
) -> Result<(), NotTriggered> {
    let refuse = |input: &str, why: &str, place: &Place| NotTriggered::Input {
        input: input.to_owned(),
        why: why.to_owned(),
        place: place.clone(),
    };
    for (name, text) in given {
        let found = declared
            .iter()
            .find(|(id, _)| id.eq_ignore_ascii_case(name));
        let Some((_, input)) = found else {
            return Err(refuse(name, "is not declared", place));
        };
        let listed = input.options.iter().any(|option| option.value == *text);
        if !input.options.is_empty() && !listed {
            return Err(refuse(name, &format!("cannot be `{text}`"), &input.place));
        }
        if input.kind.read(text).is_none() {
            return Err(refuse(name, &format!("cannot be `{text}`"), &input.place));
        }
    }
    for (name, input) in declared {
        let is_given = given.iter().any(|(id, _)| id.eq_ignore_ascii_case(name));
        if input.required && input.default.is_none() && !is_given {
            return Err(refuse(name, "is required", &input.place));
        }
    }
    Ok(())
}

/// The events that start workflows.
pub fn event_names() -> impl Iterator<Item = &'static str> {
    events::EVENTS.iter().map(|rule| rule.name)
}

/// The activity types of an event; empty where it has none or takes any.
pub fn activity_types(event: &str) -> &'static [&'static str] {
    events::rule(event).map_or(&[], |rule| rule.types)
}

/// The activity type that an event has where it has only one; `None` where there are several or
/// none.
pub fn only_activity(event: &str) -> Option<&'static str> {
    match events::rule(event)?.types {
        [only] => Some(only),
        _ => None,
    }
}
