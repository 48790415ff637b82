//! Jobs as a whole
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobs>).

use std::collections::BTreeSet;

use super::site::{Key, Text};
use super::{Check, Report, Subject};
use crate::expr::{Value, fold};

const NEEDS_TWICE: &str = "needs-duplicate";
const NO_STEPS: &str = "job-without-steps";
const TIMEOUT: &str = "timeout-minutes";

pub(super) const CHECK: Check = Check {
    kinds: &[NEEDS_TWICE, NO_STEPS, TIMEOUT],
    run,
};

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
