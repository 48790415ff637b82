//! What is wrong with a workflow that GitHub reads: things that fail when the workflow runs, and
//! things that work and are almost surely not meant.
//!
//! What GitHub refuses while it reads the file is a [`crate::Problem`] of [`crate::load`]. A
//! [`Finding`] is about a workflow that was read, held against the files beside it, known actions
//! and GitHub's runners. Nothing is read from disk: [`Files`] gives what the repository holds.
//!
//! One check is one file with a `CHECK`, and a line in [`CHECKS`].

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
mod matrices;
mod names;
mod repository;
mod runners;
mod shells;
mod site;
mod types;
mod untrusted;
mod uses;

pub use finding::{Finding, Severity};
pub use repository::{Files, Repository};

use finding::Report;
use site::Site;

use crate::model::Workflow;

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
    calls::CHECK,
    commands::CHECK,
    conditions::CHECK,
    credentials::CHECK,
    cron::CHECK,
    events::CHECK,
    expressions::CHECK,
    globs::CHECK,
    jobs::CHECK,
    matrices::CHECK,
    names::CHECK,
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

/// The kinds of findings that there are, in a fixed order.
pub fn kinds() -> Vec<&'static str> {
    let mut kinds: Vec<&str> = CHECKS.iter().flat_map(|c| c.kinds).copied().collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
