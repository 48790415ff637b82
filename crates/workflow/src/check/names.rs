//! Names of environment variables.

use super::{Check, Report, Subject};
use crate::model::StepKind;
use crate::place::Spanned;
use crate::template::Template;

const ENV_NAME: &str = "env-name";

pub(super) const CHECK: Check = Check {
    kinds: &[ENV_NAME],
    run,
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let workflow = subject.workflow;
    env(&workflow.env, report);
    for job in workflow.jobs.values() {
        env(&job.env, report);
        for container in job.container.iter().chain(job.services.values()) {
            env(&container.env, report);
        }
        steps(&job.steps, report);
    }
}

fn steps(all: &[crate::Step], report: &mut Report) {
    for step in all {
        env(&step.env, report);
        if let StepKind::Parallel { steps: inner } = &step.kind {
            steps(inner, report);
        }
    }
}

fn env(variables: &[(Spanned<String>, Template)], report: &mut Report) {
    for (name, _) in variables {
        let wrong = |c: char| c == '=' || c == '&' || c.is_whitespace();
        if let Some(found) = name.value.chars().find(|c| wrong(*c)) {
            report.error(
                ENV_NAME,
                &name.place,
                format!(
                    "`{}` is no name of a variable: it has {} in it, and no shell can read it",
                    name.value,
                    match found {
                        '=' => "an equals sign",
                        '&' => "an ampersand",
                        _ => "a blank",
                    }
                ),
                Some("use letters, digits and `_`".to_owned()),
            );
        }
    }
}
