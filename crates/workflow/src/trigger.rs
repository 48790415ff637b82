//! Does an event start a workflow?

use crate::events;
use crate::filter;
use crate::model::{Filter, Filters, Workflow};
use crate::place::{Place, Spanned};

/// Something that happened in a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// `push`, `pull_request`, …
    pub name: String,
    /// The activity type, such as `opened`.
    pub activity: Option<String>,
    /// The full ref that branch and tag filters are about: what was pushed, the *base* of a pull
    /// request or merge group, the head branch of the run behind a `workflow_run`.
    pub git_ref: String,
    /// Changed files; `None` if no difference can be made, in which case path filters let it pass.
    pub changed_paths: Option<Vec<String>>,
    /// For `workflow_run`: the name of the workflow that ran.
    pub workflow: Option<String>,
}

impl Event {
    pub fn new(name: &str, git_ref: &str) -> Self {
        Self {
            name: name.to_owned(),
            git_ref: git_ref.to_owned(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn activity(mut self, activity: &str) -> Self {
        self.activity = Some(activity.to_owned());
        self
    }

    #[must_use]
    pub fn changed<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Self {
        self.changed_paths = Some(paths.into_iter().map(Into::into).collect());
        self
    }
}

/// Why an event does not start a workflow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTriggered {
    #[error("the workflow does not listen to `{event}`")]
    Event { event: String },
    #[error("the activity type `{activity}` is not among those listed")]
    Activity { activity: String, place: Place },
    #[error("the branch `{branch}` does not pass the filter")]
    Branch { branch: String, place: Place },
    #[error("the tag `{tag}` does not pass the filter")]
    Tag { tag: String, place: Place },
    #[error("no changed file passes the path filter")]
    Paths { place: Place },
    #[error("the workflow `{workflow}` is not among those listed")]
    Workflow { workflow: String, place: Place },
}

/// Whether `event` starts `workflow`, by the filters of `on`.
pub fn triggered(workflow: &Workflow, event: &Event) -> Result<(), NotTriggered> {
    let on = &workflow.on;
    let silent = || NotTriggered::Event {
        event: event.name.clone(),
    };
    match event.name.as_str() {
        "push" => push(on.push.as_ref().ok_or_else(silent)?, event),
        "pull_request" => based(on.pull_request.as_ref().ok_or_else(silent)?, event),
        "pull_request_target" => based(on.pull_request_target.as_ref().ok_or_else(silent)?, event),
        "merge_group" => based(on.merge_group.as_ref().ok_or_else(silent)?, event),
        "workflow_dispatch" if on.workflow_dispatch.is_some() => Ok(()),
        "workflow_call" if on.workflow_call.is_some() => Ok(()),
        "schedule" if !on.schedule.is_empty() => Ok(()),
        "workflow_run" => {
            let run = on.workflow_run.as_ref().ok_or_else(silent)?;
            activity("workflow_run", &run.types, &run.place, event)?;
            let name = event.workflow.clone().unwrap_or_default();
            if !filter::matches(
                &run.workflows.iter().map(|w| &w.value).collect::<Vec<_>>(),
                &name,
            ) && !run.workflows.iter().any(|w| w.value == name)
            {
                return Err(NotTriggered::Workflow {
                    workflow: name,
                    place: run.place.clone(),
                });
            }
            branch(run.branches.as_ref(), &run.place, event)
        }
        name => {
            let found = on.other.iter().find(|o| o.name.value == name);
            let found = found.ok_or_else(silent)?;
            activity(name, &found.types, &found.name.place, event)
        }
    }
}

fn push(filters: &Filters, event: &Event) -> Result<(), NotTriggered> {
    let place = &filters.place;
    if let Some(tag) = event.git_ref.strip_prefix("refs/tags/") {
        // Filters for branches alone leave tags out, and the other way round.
        let passes = match (&filters.tags, &filters.branches) {
            (Some(filter), _) => filter.passes(&[tag]),
            (None, Some(_)) => false,
            (None, None) => true,
        };
        if !passes {
            return Err(NotTriggered::Tag {
                tag: tag.to_owned(),
                place: place.clone(),
            });
        }
        // Path filters are not applied to tags.
        return Ok(());
    }
    if filters.branches.is_none() && filters.tags.is_some() {
        return Err(NotTriggered::Branch {
            branch: branch_name(event).to_owned(),
            place: place.clone(),
        });
    }
    branch(filters.branches.as_ref(), place, event)?;
    paths(filters, event)
}

/// Pull requests and merge groups, whose filters are about the base.
fn based(filters: &Filters, event: &Event) -> Result<(), NotTriggered> {
    activity(&event.name, &filters.types, &filters.place, event)?;
    branch(filters.branches.as_ref(), &filters.place, event)?;
    paths(filters, event)
}

fn activity(
    name: &str,
    types: &[Spanned<String>],
    place: &Place,
    event: &Event,
) -> Result<(), NotTriggered> {
    let Some(activity) = &event.activity else {
        return Ok(());
    };
    let passes = if types.is_empty() {
        let defaults = events::rule(name).map_or(&[][..], |r| r.default_types);
        defaults.is_empty() || defaults.contains(&activity.as_str())
    } else {
        types.iter().any(|t| t.value == *activity)
    };
    if passes {
        Ok(())
    } else {
        Err(NotTriggered::Activity {
            activity: activity.clone(),
            place: place.clone(),
        })
    }
}

fn branch_name(event: &Event) -> &str {
    let full = &event.git_ref;
    full.strip_prefix("refs/heads/").unwrap_or(full)
}

fn branch(filter: Option<&Filter>, place: &Place, event: &Event) -> Result<(), NotTriggered> {
    let name = branch_name(event);
    match filter {
        Some(filter) if !filter.passes(&[name]) => Err(NotTriggered::Branch {
            branch: name.to_owned(),
            place: place.clone(),
        }),
        _ => Ok(()),
    }
}

fn paths(filters: &Filters, event: &Event) -> Result<(), NotTriggered> {
    match (&filters.paths, &event.changed_paths) {
        (Some(filter), Some(paths)) if !filter.passes(paths) => Err(NotTriggered::Paths {
            place: filters.place.clone(),
        }),
        _ => Ok(()),
    }
}
