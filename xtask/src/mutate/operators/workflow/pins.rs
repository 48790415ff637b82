//! What is pinned to a commit or a digest.

use super::super::{Operator, Over};

pub(crate) const ACTION: Operator = Operator {
    id: "workflow-unpin-action",
    does: "calls an action by a branch instead of its commit",
    over: Over::Workflow(|document, edits| {
        document.at("jobs.*.steps.*.uses", &mut |spot| {
            if let Some((name, _)) = spot.text().split_once('@') {
                spot.set(edits, &format!("{name}@main"));
            }
        });
    }),
};

pub(crate) const IMAGE: Operator = Operator {
    id: "workflow-unpin-image",
    does: "names a service's image by its tag instead of its digest",
    over: Over::Workflow(|document, edits| {
        document.at("jobs.*.services.*.image", &mut |spot| {
            if let Some((name, _)) = spot.text().split_once('@') {
                spot.set(edits, name);
            }
        });
    }),
};
