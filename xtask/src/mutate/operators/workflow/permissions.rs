//! `permissions:`

use super::super::{Operator, Over};

pub(crate) const DROP: Operator = Operator {
    id: "workflow-drop-permission",
    does: "takes a permission of the token away from a job",
    over: Over::Workflow(|document, edits| {
        document.at("jobs.*.permissions.*", &mut |spot| {
            spot.remove(edits, document.text)
        });
    }),
};

pub(crate) const WIDEN: Operator = Operator {
    id: "workflow-widen-permission",
    does: "turns `read` of a permission into `write`",
    over: Over::Workflow(|document, edits| {
        document.at("jobs.*.permissions.*", &mut |spot| {
            if spot.text() == "read" {
                spot.set(edits, "write");
            }
        });
    }),
};

pub(crate) const ALL: Operator = Operator {
    id: "workflow-permissions-write-all",
    does: "gives a job, or by default every job, a token that may do everything",
    over: Over::Workflow(|document, edits| {
        for path in ["permissions", "jobs.*.permissions"] {
            document.at(path, &mut |spot| spot.set(edits, "write-all"));
        }
    }),
};
