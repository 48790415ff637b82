//! Jobs as a whole
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobs>).

use std::collections::BTreeSet;

use super::site::{Key, Text};
use super::{Check, Report, Subject};
use crate::expr::{Value, fold};
use crate::model::{CallSecrets, Pairs, Step, StepKind, Workflow};
use crate::place::Place;

const NEEDS_TWICE: &str = "needs-duplicate";
const NO_STEPS: &str = "job-without-steps";
const EMPTY_STEPS: &str = "empty-steps";
const EMPTY: &str = "empty-section";
const TIMEOUT: &str = "timeout-minutes";

pub(super) const CHECK: Check = Check {
    kinds: &[NEEDS_TWICE, NO_STEPS, EMPTY_STEPS, EMPTY, TIMEOUT],
    run,
};

/// What is left out because it is refused may be what is missed here.
pub(super) const OF_WHOLE_FILES: &[&str] = &[EMPTY_STEPS, EMPTY];

fn run(subject: &Subject<'_>, report: &mut Report) {
    for job in subject.workflow.jobs.values() {
        let mut seen = BTreeSet::new();
        for need in &job.needs {
            if !seen.insert(fold(&need.value)) {
                report.warning(
                    NEEDS_TWICE,
                    &need.place,
                    format!("`{}` is named twice: ids of jobs have no case", need.value),
                    Some("leave one of them out".to_owned()),
                );
            }
        }
        let of_either = ["steps", "uses", "with", "secrets"];
        if of_either.iter().all(|key| job.keys.place(key).is_none()) {
            report.warning(
                NO_STEPS,
                &job.id.place,
                format!(
                    "the job `{}` has no steps: it takes a runner to do nothing",
                    job.id.value
                ),
                Some("give it `steps`, or `uses` to call a workflow".to_owned()),
            );
        }
    }
    sections(subject.workflow, report);
    for site in &subject.sites {
        let (Key::TimeoutMinutes, Text::Template(template)) = (site.key, site.text) else {
            continue;
        };
        if let Some(Value::Number(minutes)) = template.literal()
            && *minutes <= 0.0
        {
            report.error(
                TIMEOUT,
                template.place(),
                format!("nothing can be done in {minutes} minutes"),
                None,
            );
        }
    }
}

/// Mappings and lists with nothing in them.
fn sections(workflow: &Workflow, report: &mut Report) {
    pairs("env", &workflow.env, report);
    for job in workflow.jobs.values() {
        if let (Some(place), true) = (job.keys.place("steps"), job.steps.is_empty()) {
            report.warning(
                EMPTY_STEPS,
                place,
                "a job without steps takes a runner to do nothing",
                None,
            );
        }
        pairs("env", &job.env, report);
        pairs("outputs", &job.outputs, report);
        if let Some(call) = &job.call {
            pairs("with", &call.with, report);
            if let CallSecrets::Given(secrets) = &call.secrets {
                pairs("secrets", secrets, report);
            }
        }
        for container in job.container.iter().chain(job.services.values()) {
            pairs("env", &container.env, report);
        }
        if let Some(strategy) = &job.strategy {
            if strategy.whole.is_none() && strategy.keys.iter().next().is_none() {
                empty("strategy", &strategy.place, report);
            }
            if let Some(matrix) = &strategy.matrix
                && matrix.axes.is_empty()
                && matrix.whole.is_none()
                && matrix.include.is_none()
                && matrix.exclude.is_none()
            {
                empty("matrix", &matrix.place, report);
            }
        }
        steps(&job.steps, report);
    }
}

fn steps(all: &[Step], report: &mut Report) {
    for step in all {
        pairs("env", &step.env, report);
        match &step.kind {
            StepKind::Uses { with, .. } => pairs("with", with, report),
            StepKind::Parallel { steps: inner } => steps(inner, report),
            _ => {}
        }
    }
}

fn pairs(key: &str, pairs: &Pairs, report: &mut Report) {
    if let Some(place) = &pairs.place
        && pairs.is_empty()
        && pairs.is_literal()
    {
        empty(key, place, report);
    }
}

fn empty(key: &str, place: &Place, report: &mut Report) {
    report.warning(
        EMPTY,
        place,
        format!("`{key}` has nothing in it"),
        Some("leave it out".to_owned()),
    );
}
