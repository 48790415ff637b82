//! `timeout-minutes: 1`

use super::super::{Operator, Over};

pub(crate) const OPERATOR: Operator = Operator {
    id: "workflow-short-timeout",
    does: "gives a job one minute",
    over: Over::Workflow(|document, edits| {
        document.at("jobs.*.timeout-minutes", &mut |spot| spot.set(edits, "1"));
    }),
};
