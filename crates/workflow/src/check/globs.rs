//! Filters that nothing can pass
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#filter-pattern-cheat-sheet>).

use super::{Check, Report, Subject};
use crate::filter::{self, Dialect};
use crate::model::{Filter, Filters};

const PATTERN: &str = "filter-pattern";

pub(super) const CHECK: Check = Check {
    kinds: &[PATTERN],
    run,
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let on = &subject.workflow.on;
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
            ..
        } = event;
        patterns(branches.as_ref(), Dialect::Ref, report);
        patterns(tags.as_ref(), Dialect::Ref, report);
        patterns(paths.as_ref(), Dialect::Path, report);
    }
    if let Some(event) = &on.workflow_run {
        patterns(event.branches.as_ref(), Dialect::Ref, report);
    }
}

fn patterns(filter: Option<&Filter>, dialect: Dialect, report: &mut Report) {
    let Some(Filter::Include(patterns) | Filter::Ignore(patterns)) = filter else {
        return;
    };
    for pattern in patterns {
        // What is no pattern at all is refused while the file is read.
        if filter::Pattern::new(&pattern.value).is_err() {
            continue;
        }
        if dialect == Dialect::Ref
            && let Some(c) = escaped(&pattern.value)
        {
            report.warning(
                PATTERN,
                &pattern.place,
                format!("`\\{c}` is the character `{c}` itself: these are no regular expressions"),
                Some("a class is written `[0-9]`".to_owned()),
            );
        } else if let Err(error) = filter::check(&pattern.value, dialect) {
            report.warning(
                PATTERN,
                &pattern.place,
                format!("this pattern matches nothing: {}", error.why),
                Some("these are globs, not regular expressions or paths of a shell".to_owned()),
            );
        }
    }
}

/// The first character that is escaped and has no special meaning.
fn escaped(pattern: &str) -> Option<char> {
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c == '\\'
            && let Some(next) = chars.next()
            && !"[]?+*\\!".contains(next)
        {
            return Some(next);
        }
    }
    None
}
