//! What `on` says to no effect
//! (<https://docs.github.com/actions/reference/events-that-trigger-workflows>).

use super::{Check, Report, Subject};
use crate::model::{Filter, Filters};
use crate::place::Spanned;

const IGNORED: &str = "ignored-filter";
const EMPTY: &str = "empty-filter";
const NO_CRON: &str = "schedule-without-cron";
const INPUTS: &str = "too-many-inputs";
const DEFAULT: &str = "default-never-used";

pub(super) const CHECK: Check = Check {
    kinds: &[IGNORED, EMPTY, NO_CRON, INPUTS, DEFAULT],
    run,
};

/// How many inputs a form has at most.
const MAX_INPUTS: usize = 25;

fn run(subject: &Subject<'_>, report: &mut Report) {
    let on = &subject.workflow.on;
    for key in &subject.workflow.unmodelled {
        let mut path = key.key.split('.');
        match (path.next(), path.next(), path.next()) {
            (Some("on"), Some("schedule"), None) => report.warning(
                NO_CRON,
                &key.place,
                "a schedule without `cron` never starts anything",
                Some("write `schedule: [{cron: '30 5 * * *'}]`".to_owned()),
            ),
            (Some("on"), Some(event), Some(filter)) if key.why.starts_with("GitHub ignores") => {
                report.warning(
                    IGNORED,
                    &key.place,
                    format!("`{event}` has no filter `{filter}`: GitHub reads over it"),
                    Some("leave it out, or ask in an `if`".to_owned()),
                );
            }
            _ => {}
        }
    }
    let events = [
        &on.push,
        &on.pull_request,
        &on.pull_request_target,
        &on.merge_group,
    ];
    for event in events.into_iter().flatten() {
        let Filters {
            branches,
            tags,
            paths,
            place,
            ..
        } = event;
        for (name, filter) in [("branches", branches), ("tags", tags), ("paths", paths)] {
            let (Some(Filter::Include(patterns)) | Some(Filter::Ignore(patterns))) = filter else {
                continue;
            };
            empty(name, patterns, place, report);
        }
    }
    if let Some(dispatch) = &on.workflow_dispatch
        && dispatch.inputs.len() > MAX_INPUTS
    {
        let inputs = dispatch.inputs.len();
        report.error(
            INPUTS,
            &dispatch.place,
            format!("{inputs} inputs are too many: GitHub takes {MAX_INPUTS} at most"),
            Some("put several values into one input, as JSON".to_owned()),
        );
    }
    let inputs = on.workflow_call.iter().flat_map(|call| &call.inputs);
    for (name, input) in inputs {
        if let (true, Some(default)) = (input.required, &input.default) {
            report.warning(
                DEFAULT,
                default.place(),
                format!("the input `{name}` is required, so nobody ever gets this default"),
                Some("leave out `required` or the default".to_owned()),
            );
        }
    }
}

fn empty(name: &str, patterns: &[Spanned<String>], place: &crate::Place, report: &mut Report) {
    if patterns.is_empty() {
        report.warning(
            EMPTY,
            place,
            format!("`{name}` lists nothing"),
            Some("leave it out, or list patterns".to_owned()),
        );
    }
}
