//! Actions of this repository that steps use
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#example-using-an-action-in-the-same-repository-as-the-workflow>).

use std::collections::BTreeSet;

use super::metadata;
use super::repository::Local;
use super::uses::{Interface, InterfaceInput};
use super::{Check, Report, Subject};
use crate::model::{ActionFile, ActionRef, Pairs, RunsKind, Step, StepKind};
use crate::place::Spanned;

const BROKEN: &str = "action-refused";
const MISSING: &str = "action-without-file";
const METADATA: &str = "action-metadata";

pub(super) const CHECK: Check = Check {
    kinds: &[BROKEN, MISSING, METADATA],
    run,
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let mut judged = BTreeSet::new();
    for job in subject.workflow.jobs.values() {
        steps(&job.steps, subject, &mut judged, report);
    }
}

/// `judged`: folders of actions whose own faults are told already.
fn steps<'w>(
    all: &'w [Step],
    subject: &Subject<'_>,
    judged: &mut BTreeSet<&'w str>,
    report: &mut Report,
) {
    for step in all {
        match &step.kind {
            StepKind::Uses { action, with } => {
                let folder = match &action.value {
                    ActionRef::Local(folder) | ActionRef::SelfRepository(folder) => folder,
                    _ => continue,
                };
                let first = judged.insert(folder);
                local(action, folder, with, first, subject, report);
            }
            StepKind::Parallel { steps: inner } => steps(inner, subject, judged, report),
            _ => {}
        }
    }
}

fn local(
    action: &Spanned<ActionRef>,
    folder: &str,
    with: &Pairs,
    first: bool,
    subject: &Subject<'_>,
    report: &mut Report,
) {
    match subject.repository.action(folder) {
        Local::Unknown => {}
        // A step before this one may bring the action there.
        Local::Missing if matches!(action.value, ActionRef::Local(_)) => {}
        Local::Missing => report.error(
            MISSING,
            &action.place,
            format!("this repository has no `action.yml` in `{folder}`"),
            None,
        ),
        Local::Broken(why, _) if first => report.error(
            BROKEN,
            &action.place,
            format!("the runner refuses this action: {why}"),
            None,
        ),
        Local::Broken(..) => {}
        Local::Partly(file) | Local::Found(file) => {
            if first {
                own_faults(action, folder, &file, subject, report);
            }
            interface(&action.value, &file).check(&action.place, with, report);
        }
    }
}

/// What is wrong with the action itself concerns whoever uses it.
fn own_faults(
    action: &Spanned<ActionRef>,
    folder: &str,
    file: &ActionFile,
    subject: &Subject<'_>,
    report: &mut Report,
) {
    let mut faults = Report::default();
    metadata::faults(file, folder, subject.repository, &mut faults);
    for finding in faults.finish() {
        let message = format!("{}: {}", finding.place, finding.message);
        let tell = match finding.kind {
            metadata::FILE => Report::error,
            _ => Report::warning,
        };
        tell(report, METADATA, &action.place, message, finding.suggestion);
    }
}

fn interface<'a>(action: &ActionRef, file: &'a ActionFile) -> Interface<'a> {
    Interface {
        what: action.to_string(),
        inputs: file
            .inputs
            .iter()
            .map(|(name, input)| InterfaceInput {
                name,
                required: input.required && input.default.is_none(),
                deprecated: input.deprecation_message.as_ref().map(|m| m.value.as_str()),
            })
            .collect(),
        open: false,
        docker: matches!(file.runs.kind, RunsKind::Docker(_)),
    }
}
