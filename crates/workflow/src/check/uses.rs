//! Actions that steps use, held against what is known of them
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobsjob_idstepsuses>).

use super::known::{self, KnownAction};
use super::{Check, Report, Subject};
use crate::model::{ActionRef, Pairs, Step, StepKind};
use crate::place::{Place, Spanned};
use crate::suggest;

pub(super) const UNKNOWN_INPUT: &str = "unknown-input";
pub(super) const MISSING_INPUT: &str = "missing-input";
pub(super) const DEPRECATED_INPUT: &str = "deprecated-input";
const OUTDATED: &str = "outdated-action";
const RUNTIME: &str = "deprecated-runtime";
const DOCKER_TAG: &str = "docker-without-tag";

pub(super) const CHECK: Check = Check {
    kinds: &[
        UNKNOWN_INPUT,
        MISSING_INPUT,
        DEPRECATED_INPUT,
        OUTDATED,
        RUNTIME,
        DOCKER_TAG,
    ],
    run,
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    for job in subject.workflow.jobs.values() {
        steps(&job.steps, report);
    }
}

fn steps(all: &[Step], report: &mut Report) {
    for step in all {
        match &step.kind {
            StepKind::Uses { action, with } => {
                docker(action, report);
                if let Some(known) = known::known(&action.value) {
                    published(known, action, with, report);
                }
            }
            StepKind::Parallel { steps: inner } => steps(inner, report),
            _ => {}
        }
    }
}

fn docker(action: &Spanned<ActionRef>, report: &mut Report) {
    if let ActionRef::Docker(image) = &action.value
        && let Some(image) = image.strip_suffix(':')
    {
        report.error(
            DOCKER_TAG,
            &action.place,
            format!("the tag of the image `{image}` is empty"),
            Some("write a tag or a digest behind the colon, or leave it out".to_owned()),
        );
    }
}

fn published(
    known: &'static KnownAction,
    action: &Spanned<ActionRef>,
    with: &Pairs,
    report: &mut Report,
) {
    match known.using {
        "node12" | "node16" => {
            report.warning(
                OUTDATED,
                &action.place,
                format!(
                    "`{}` was made for Node.js {}, which runners no longer have: it is run on a \
                     newer one that it was never tried on",
                    action.value,
                    known.using.trim_start_matches("node")
                ),
                Some("use a newer major version".to_owned()),
            );
            return;
        }
        "node20" => report.warning(
            RUNTIME,
            &action.place,
            format!(
                "`{}` was made for Node.js 20, in whose place runners use Node.js 24 since June \
                 2026",
                action.value
            ),
            Some("use a newer major version".to_owned()),
        ),
        _ => {}
    }
    let interface = Interface {
        what: action.value.to_string(),
        inputs: known
            .inputs
            .iter()
            .map(|input| InterfaceInput {
                name: input.name,
                required: input.required,
                deprecated: input.deprecated,
            })
            .collect(),
        open: known.open_inputs,
        docker: known.using == "docker",
    };
    interface.check(&action.place, with, report);
}

/// The inputs of an action, wherever they are known from.
pub(super) struct Interface<'a> {
    /// The action, for a message.
    pub(super) what: String,
    pub(super) inputs: Vec<InterfaceInput<'a>>,
    /// There are inputs that its metadata does not name.
    pub(super) open: bool,
    pub(super) docker: bool,
}

pub(super) struct InterfaceInput<'a> {
    pub(super) name: &'a str,
    /// Required, and without a default.
    pub(super) required: bool,
    pub(super) deprecated: Option<&'a str>,
}

/// What the runner reads from `with` itself, for actions in containers.
const OF_CONTAINERS: &[&str] = &["args", "entrypoint"];

impl Interface<'_> {
    pub(super) fn check(&self, uses: &Place, with: &Pairs, report: &mut Report) {
        for (name, _) in with {
            let same = |other: &str| other.eq_ignore_ascii_case(&name.value);
            let known = self.inputs.iter().find(|input| same(input.name));
            match known {
                None if self.open || self.docker && OF_CONTAINERS.iter().any(|n| same(n)) => {}
                None => {
                    let names = self.inputs.iter().map(|i| i.name);
                    let way_out = suggest::did_you_mean(&name.value, names.clone());
                    let all: Vec<&str> = names.take(24).collect();
                    report.warning(
                        UNKNOWN_INPUT,
                        &name.place,
                        format!(
                            "`{}` has no input `{}` and never sees it",
                            self.what, name.value
                        ),
                        way_out.or_else(|| Some(format!("its inputs: {}", all.join(", ")))),
                    );
                }
                Some(InterfaceInput {
                    deprecated: Some(message),
                    ..
                }) => report.warning(
                    DEPRECATED_INPUT,
                    &name.place,
                    format!(
                        "`{}` deprecates the input `{}`: {message}",
                        self.what, name.value
                    ),
                    None,
                ),
                Some(_) => {}
            }
        }
        // What is computed may be any input.
        if !with.is_literal() {
            return;
        }
        for input in self.inputs.iter().filter(|i| i.required) {
            let given = with
                .iter()
                .any(|(name, _)| name.value.eq_ignore_ascii_case(input.name));
            if !given {
                report.error(
                    MISSING_INPUT,
                    uses,
                    format!("`{}` wants the input `{}`", self.what, input.name),
                    Some(format!("give it `{}` under `with`", input.name)),
                );
            }
        }
    }
}
