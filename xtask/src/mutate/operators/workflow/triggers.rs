//! `on:`

use super::super::{Operator, Over};

pub(crate) const FILTER: Operator = Operator {
    id: "workflow-drop-trigger-filter",
    does: "takes `branches:` out of a trigger",
    over: Over::Workflow(|document, edits| {
        document.at("on.*.branches", &mut |spot| {
            spot.remove(edits, document.text)
        });
    }),
};

pub(crate) const EVENT: Operator = Operator {
    id: "workflow-drop-trigger",
    does: "takes an event out of `on:`",
    over: Over::Workflow(|document, edits| {
        document.at("on.*", &mut |spot| spot.remove(edits, document.text));
    }),
};
