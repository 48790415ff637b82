//! Workflows of this repository that jobs call
//! (<https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows>).

use super::repository::Local;
use super::{Check, Report, Subject};
use crate::expr::fold;
use crate::model::{CallSecrets, JobCall, Pairs, Workflow};
use crate::suggest;

const MISSING_FILE: &str = "call-without-workflow";
const NOT_CALLABLE: &str = "call-not-callable";
const INPUT: &str = "call-input";
const SECRET: &str = "call-secret";

pub(super) const CHECK: Check = Check {
    kinds: &[MISSING_FILE, NOT_CALLABLE, INPUT, SECRET],
    run,
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    for job in subject.workflow.jobs.values() {
        let Some(call) = &job.call else {
            continue;
        };
        let uses = &call.uses;
        let Some(path) = ["./", "$/"].iter().find_map(|p| uses.value.strip_prefix(p)) else {
            continue;
        };
        match subject.repository.workflow(path) {
            Local::Unknown => {}
            // A version behind a path is refused while the file is read.
            Local::Missing if path.contains('@') => {}
            Local::Missing => report.error(
                MISSING_FILE,
                &uses.place,
                format!("there is no workflow `{path}` in this repository"),
                None,
            ),
            Local::Broken(why, _) => report.error(
                NOT_CALLABLE,
                &uses.place,
                format!("`{path}` cannot be called: {why}"),
                None,
            ),
            Local::Partly(called) => interface(call, &called, false, report),
            Local::Found(called) => interface(call, &called, true, report),
        }
    }
}

/// `whole`: all inputs, outputs and secrets of the called workflow could be read.
fn interface(call: &JobCall, called: &Workflow, whole: bool, report: &mut Report) {
    let uses = &call.uses;
    let Some(interface) = &called.on.workflow_call else {
        report.error(
            NOT_CALLABLE,
            &uses.place,
            format!(
                "`{}` cannot be called: it is not `on: workflow_call`",
                uses.value
            ),
            None,
        );
        return;
    };
    for (name, _) in &call.with {
        let same = |id: &&String| fold(id) == fold(&name.value);
        if whole && !interface.inputs.keys().any(|id| same(&id)) {
            let known = interface.inputs.keys().map(String::as_str);
            report.error(
                INPUT,
                &name.place,
                format!("`{}` has no input `{}`", uses.value, name.value),
                suggest::did_you_mean(&name.value, known),
            );
        }
    }
    for (id, input) in &interface.inputs {
        let given = call
            .with
            .iter()
            .any(|(name, _)| fold(&name.value) == fold(id));
        if input.required && input.default.is_none() && !given {
            report.error(
                INPUT,
                &uses.place,
                format!("`{}` wants the input `{id}`", uses.value),
                Some(format!("give it `{id}` under `with`")),
            );
        }
    }
    let none = Pairs::default();
    let secrets = match &call.secrets {
        CallSecrets::Inherit => return,
        CallSecrets::Given(secrets) => secrets,
        CallSecrets::None => &none,
    };
    for (name, _) in secrets {
        if whole
            && !interface
                .secrets
                .keys()
                .any(|id| fold(id) == fold(&name.value))
        {
            let known = interface.secrets.keys().map(String::as_str);
            report.error(
                SECRET,
                &name.place,
                format!("`{}` has no secret `{}`", uses.value, name.value),
                suggest::did_you_mean(&name.value, known),
            );
        }
    }
    for (id, secret) in &interface.secrets {
        let given = secrets
            .iter()
            .any(|(name, _)| fold(&name.value) == fold(id));
        if secret.required && !given {
            report.error(
                SECRET,
                &uses.place,
                format!("`{}` wants the secret `{id}`", uses.value),
                Some(format!(
                    "give it `{id}` under `secrets`, or write `secrets: inherit`"
                )),
            );
        }
    }
}
