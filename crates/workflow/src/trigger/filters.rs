//! The filters under `on`.

use super::{Decision, Event, NotTriggered, Untold};
use crate::events;
use crate::filter;
use crate::model::{Filter, Filters, Workflow, WorkflowRun};
use crate::place::{Place, Spanned};
use crate::trigger::Changes;

pub(super) fn by_filters(workflow: &Workflow, event: &Event) -> Decision {
    let on = &workflow.on;
    let silent = || NotTriggered::Event {
        event: event.name.clone(),
    };
    match event.name.as_str() {
        "push" => push(on.push.as_ref().ok_or_else(silent)?, event),
        "pull_request" => based(on.pull_request.as_ref().ok_or_else(silent)?, event),
        "pull_request_target" => based(on.pull_request_target.as_ref().ok_or_else(silent)?, event),
        "merge_group" => based(on.merge_group.as_ref().ok_or_else(silent)?, event),
        "workflow_dispatch" if on.workflow_dispatch.is_some() => Ok(None),
        "workflow_call" if on.workflow_call.is_some() => Ok(None),
        "schedule" if !on.schedule.is_empty() => Ok(None),
        "workflow_run" => after_run(on.workflow_run.as_ref().ok_or_else(silent)?, event),
        name => {
            let found = on.other.iter().find(|o| o.name.value == name);
            let found = found.ok_or_else(silent)?;
            activity(name, &found.types, &found.name.place, event)
        }
    }
}

fn push(filters: &Filters, event: &Event) -> Decision {
    let place = &filters.place;
    if let Some(tag) = event.tag() {
        // Filters for branches alone leave tags out, and the other way round.
        let (filter, decides, at) = match (&filters.tags, &filters.branches) {
            (Some(tags), _) => {
                let judged = tags.judge(tag);
                if judged.passes {
                    return Ok(None);
                }
                let by = judged.by.map(|by| by.value.clone());
                let at = judged.by.map(|by| &by.place).or(tags.place());
                (key(tags, "tags"), by, at)
            }
            (None, Some(branches)) => (key(branches, "branches"), None, branches.place()),
            (None, None) => return Ok(None),
        };
        // Path filters are not applied to tags.
        return Err(NotTriggered::Tag {
            tag: tag.to_owned(),
            filter,
            decides,
            place: at.unwrap_or(place).clone(),
        });
    }
    if let (None, Some(tags)) = (&filters.branches, &filters.tags) {
        return Err(NotTriggered::Branch {
            branch: event.branch().unwrap_or(&event.git_ref).to_owned(),
            filter: key(tags, "tags"),
            decides: None,
            place: tags.place().unwrap_or(place).clone(),
        });
    }
    branch(filters.branches.as_ref(), place, event)?;
    paths(filters, event)
}

/// Pull requests and merge groups, whose filters are about the base.
fn based(filters: &Filters, event: &Event) -> Decision {
    branch(filters.branches.as_ref(), &filters.place, event)?;
    let types = activity(&event.name, &filters.types, &filters.place, event)?;
    let paths = paths(filters, event)?;
    Ok(types.or(paths))
}

fn after_run(run: &WorkflowRun, event: &Event) -> Decision {
    branch(run.branches.as_ref(), &run.place, event)?;
    let types = activity("workflow_run", &run.types, &run.place, event)?;
    let place = run
        .workflows
        .first()
        .map_or(&run.place, |first| &first.place);
    let Some(name) = &event.workflow else {
        return Ok(Some(Untold::Workflow {
            place: place.clone(),
        }));
    };
    let names: Vec<&String> = run.workflows.iter().map(|w| &w.value).collect();
    if filter::matches(&names, name) || names.contains(&name) {
        return Ok(types);
    }
    Err(NotTriggered::Workflow {
        workflow: name.clone(),
        place: place.clone(),
    })
}

fn activity(name: &str, types: &[Spanned<String>], place: &Place, event: &Event) -> Decision {
    let place = types.first().map_or(place, |first| &first.place).clone();
    let rule = events::rule(name);
    let defaults = rule.map_or(&[][..], |r| r.default_types);
    let Some(activity) = &event.activity else {
        let any = types.is_empty() && defaults.is_empty();
        return Ok((!any).then_some(Untold::Activity { place }));
    };
    let passes = if types.is_empty() {
        defaults.is_empty() || defaults.contains(&activity.as_str())
    } else {
        types.iter().any(|t| t.value == *activity)
    };
    if passes {
        Ok(None)
    } else {
        Err(NotTriggered::Activity {
            activity: activity.clone(),
            place,
        })
    }
}

fn branch(filter: Option<&Filter>, place: &Place, event: &Event) -> Result<(), NotTriggered> {
    let name = event.branch().unwrap_or(&event.git_ref);
    let Some(filter) = filter else {
        return Ok(());
    };
    let judged = filter.judge(name);
    if judged.passes {
        return Ok(());
    }
    let at = judged.by.map(|by| &by.place).or(filter.place());
    Err(NotTriggered::Branch {
        branch: name.to_owned(),
        filter: key(filter, "branches"),
        decides: judged.by.map(|by| by.value.clone()),
        place: at.unwrap_or(place).clone(),
    })
}

fn paths(filters: &Filters, event: &Event) -> Decision {
    let Some(filter) = &filters.paths else {
        return Ok(None);
    };
    let place = filter.place().unwrap_or(&filters.place).clone();
    let filter_key = key(filter, "paths");
    match (&event.changes, event.changes.seen()) {
        (Changes::Unknown, _) => Ok(Some(Untold::Paths {
            filter: filter_key,
            place,
        })),
        (_, Some(paths)) if !filter.passes(paths) => Err(NotTriggered::Paths {
            filter: filter_key,
            place,
        }),
        _ => Ok(None),
    }
}

/// The key as it is written in the file.
fn key(filter: &Filter, include: &'static str) -> &'static str {
    match (filter, include) {
        (Filter::Include(_), key) => key,
        (Filter::Ignore(_), "branches") => "branches-ignore",
        (Filter::Ignore(_), "tags") => "tags-ignore",
        (Filter::Ignore(_), _) => "paths-ignore",
    }
}
