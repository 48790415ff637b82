//! What is wrong with a workflow that GitHub reads: things that fail when the workflow runs, and
//! things that work and are almost surely not meant.
//!
//! What GitHub refuses while it reads the file is a [`crate::Problem`] of [`crate::load`]. A
//! [`Finding`] is about a workflow that was read, held against the files beside it, known actions
//! and GitHub's runners. Nothing is read from disk: [`Files`] gives what the repository holds.
//!
//! One check is one file with a `CHECK`, and a line in [`CHECKS`].

mod anchors;
mod calls;
mod commands;
mod conditions;
mod credentials;
mod cron;
mod events;
mod expressions;
mod finding;
mod globs;
mod jobs;
mod known;
mod local_actions;
mod matrices;
mod metadata;
mod names;
mod payloads;
mod repository;
mod runners;
mod shells;
mod site;
mod types;
mod untrusted;
mod uses;

pub use finding::{Finding, Severity};
pub use metadata::check_action;
pub use repository::{Files, Repository};

use finding::Report;
use site::Site;

use crate::model::Workflow;
use crate::place::Problem;

/// A check: the kinds of findings that it makes, and how.
struct Check {
    kinds: &'static [&'static str],
    run: fn(&Subject<'_>, &mut Report),
}

/// What checks look at.
pub(crate) struct Subject<'w> {
    pub(crate) workflow: &'w Workflow,
    pub(crate) repository: &'w Repository<'w>,
    /// Every place of the workflow where expressions may stand, in the order of the model.
    pub(crate) sites: Vec<Site<'w>>,
}

const CHECKS: &[Check] = &[
    anchors::CHECK,
    calls::CHECK,
    commands::CHECK,
    conditions::CHECK,
    credentials::CHECK,
    cron::CHECK,
    events::CHECK,
    expressions::CHECK,
    globs::CHECK,
    jobs::CHECK,
    local_actions::CHECK,
    matrices::CHECK,
    names::CHECK,
    payloads::CHECK,
    runners::CHECK,
    shells::CHECK,
    untrusted::CHECK,
    uses::CHECK,
];

/// Checks a workflow. `repository` holds the files that the workflow may name; with
/// [`Repository::unknown`] nothing is said about them.
///
/// Findings come in the order of the file.
pub fn check(workflow: &Workflow, repository: &Repository<'_>) -> Vec<Finding> {
    let subject = Subject {
        workflow,
        repository,
        sites: site::sites(workflow),
    };
    let mut report = Report::default();
    for check in CHECKS {
        (check.run)(&subject, &mut report);
    }
    report.finish()
}

/// A workflow file with all that is wrong with it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What could be read; what GitHub refuses is left out of it.
    pub workflow: Option<Workflow>,
    /// For these GitHub refuses the file.
    pub problems: Vec<Problem>,
    /// What checks found, in the order of the file.
    pub findings: Vec<Finding>,
}

/// Reads and checks a workflow file, even if GitHub refuses parts of it. `file` is the name that
/// places carry.
///
/// Nothing is found about a part that could not be read whole.
pub fn check_text(file: &str, text: &str, repository: &Repository<'_>) -> Checked {
    let (workflow, problems) = crate::load_what_is_legal(file, text);
    let mut findings = match &workflow {
        Some(workflow) => check(workflow, repository),
        None => Vec::new(),
    };
    // Problems are in the order of the file.
    findings.retain(|finding| {
        let span = &finding.place.span;
        let next = problems.partition_point(|p| p.place.span.start < span.start);
        // What is empty may stand at the very end.
        let inside = problems
            .get(next)
            .filter(|p| p.place.span.start < span.end || p.place.span == (span.end..span.end));
        let whole = inside.is_none_or(|p| p.place.span == *span);
        whole && (problems.is_empty() || !of_whole_file(finding.kind))
    });
    Checked {
        workflow,
        problems,
        findings,
    }
}

/// Whether a finding is about something that is not there.
fn of_whole_file(kind: &str) -> bool {
    let lists = [events::OF_WHOLE_FILES, jobs::OF_WHOLE_FILES];
    lists.iter().any(|kinds| kinds.contains(&kind))
}

/// The kinds of findings that there are, in a fixed order.
pub fn kinds() -> Vec<&'static str> {
    let of_workflows = CHECKS.iter().flat_map(|c| c.kinds);
    let mut kinds: Vec<&str> = of_workflows.chain(metadata::KINDS).copied().collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
