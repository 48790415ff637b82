//! Whole entries taken out of a workflow.

use super::super::{Operator, Over};
use crate::mutate::document::Document;
use crate::mutate::edit::Edits;

macro_rules! removal {
    ($name:ident, $id:literal, $does:literal, $($path:literal),+) => {
        pub(crate) const $name: Operator = Operator {
            id: $id,
            does: $does,
            over: Over::Workflow(|document, edits| remove(document, edits, &[$($path),+])),
        };
    };
}

removal!(
    ENV,
    "workflow-drop-env",
    "takes a variable out of an `env:`",
    "env.*",
    "jobs.*.env.*",
    "jobs.*.steps.*.env.*",
    "jobs.*.services.*.env.*"
);
removal!(
    WITH,
    "workflow-drop-input",
    "takes an input out of a step's `with:`",
    "jobs.*.steps.*.with.*"
);
removal!(
    OUTPUT,
    "workflow-drop-output",
    "takes an output out of a job",
    "jobs.*.outputs.*"
);
removal!(
    SERVICE,
    "workflow-drop-service",
    "takes a service container out, or one of its settings",
    "jobs.*.services",
    "jobs.*.services.*.ports",
    "jobs.*.services.*.options"
);
removal!(
    ID,
    "workflow-drop-id",
    "takes the `id:` of a step out",
    "jobs.*.steps.*.id"
);
removal!(
    TIMEOUT,
    "workflow-drop-timeout",
    "takes the `timeout-minutes:` of a job out",
    "jobs.*.timeout-minutes"
);
removal!(
    ENVIRONMENT,
    "workflow-drop-environment",
    "takes the `environment:` of a job out",
    "jobs.*.environment"
);
removal!(
    ENVIRONMENT_ENTRY,
    "workflow-drop-environment-entry",
    "takes `url:` or `deployment:` out of an `environment:`",
    "jobs.*.environment.url",
    "jobs.*.environment.deployment"
);
removal!(
    NEED,
    "workflow-drop-need",
    "takes a job out of another's `needs:`",
    "jobs.*.needs.*"
);
removal!(
    STEP,
    "workflow-drop-step",
    "takes a step out",
    "jobs.*.steps.*"
);
removal!(JOB, "workflow-drop-job", "takes a job out", "jobs.*");

fn remove(document: &Document<'_>, edits: &mut Edits<'_>, paths: &[&str]) {
    for path in paths {
        document.at(path, &mut |spot| spot.remove(edits, document.text));
    }
}
