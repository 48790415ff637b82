//! What `on` says to no effect
//! (<https://docs.github.com/actions/reference/events-that-trigger-workflows>).

use super::{Check, Report, Subject};
use crate::model::{Filter, Keys};
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

/// What is left out because it is refused may be what is missed here.
pub(super) const OF_WHOLE_FILES: &[&str] = &[EMPTY];

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
        let filters = [
            (&event.branches, ["branches", "branches-ignore"]),
            (&event.tags, ["tags", "tags-ignore"]),
            (&event.paths, ["paths", "paths-ignore"]),
        ];
        for (filter, keys) in filters {
            let (Some(Filter::Include(patterns)) | Some(Filter::Ignore(patterns))) = filter else {
                continue;
            };
            empty(patterns, &keys, &event.keys, report);
        }
        empty(&event.types, &["types"], &event.keys, report);
    }
    for event in &on.other {
        empty(&event.types, &["types"], &event.keys, report);
        empty(&event.names, &["names"], &event.keys, report);
        empty(&event.versions, &["versions"], &event.keys, report);
    }
    if let Some(event) = &on.workflow_run {
        empty(&event.types, &["types"], &event.keys, report);
        empty(&event.workflows, &["workflows"], &event.keys, report);
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

/// A list without entries, under the first of these keys that is written.
fn empty(entries: &[Spanned<String>], names: &[&str], keys: &Keys, report: &mut Report) {
    let written = names
        .iter()
        .find_map(|name| Some((name, keys.place(name)?)));
    if let (true, Some((name, place))) = (entries.is_empty(), written) {
        report.warning(
            EMPTY,
            place,
            format!("`{name}` lists nothing"),
            Some("leave it out, or list something".to_owned()),
        );
    }
}
