//! `continue-on-error: true`

use super::super::{Operator, Over};

pub(crate) const STEP: Operator = Operator {
    id: "workflow-continue-on-error-step",
    does: "lets a job go on when a step of it failed",
    over: Over::Workflow(|document, edits| {
        document.at("jobs.*.steps.*", &mut |spot| {
            spot.put_first(edits, document.text, "continue-on-error: true");
        });
    }),
};

pub(crate) const JOB: Operator = Operator {
    id: "workflow-continue-on-error-job",
    does: "lets a run go on, green, when a job of it failed",
    over: Over::Workflow(|document, edits| {
        document.at("jobs.*", &mut |spot| {
            spot.put_first(edits, document.text, "continue-on-error: true");
        });
    }),
};
