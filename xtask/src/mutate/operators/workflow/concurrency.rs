//! `concurrency:` of workflows and jobs.

use super::super::{Operator, Over};
use crate::mutate::document::{Document, Spot};

pub(crate) const DROP: Operator = Operator {
    id: "workflow-drop-concurrency",
    does: "takes a `concurrency:` out",
    over: Over::Workflow(|document, edits| {
        for path in ["concurrency", "jobs.*.concurrency"] {
            document.at(path, &mut |spot| spot.remove(edits, document.text));
        }
    }),
};

pub(crate) const CANCEL: Operator = Operator {
    id: "workflow-cancel-in-progress",
    does: "turns `cancel-in-progress` into its opposite",
    over: Over::Workflow(|document, edits| {
        entries(document, &mut |spot| {
            if spot.key() == "cancel-in-progress" {
                let other = if spot.text() == "true" {
                    "false"
                } else {
                    "true"
                };
                spot.set(edits, other);
            }
        });
    }),
};

pub(crate) const ENTRY: Operator = Operator {
    id: "workflow-drop-queue",
    does: "takes `queue:` out of a `concurrency:`",
    over: Over::Workflow(|document, edits| {
        entries(document, &mut |spot| {
            if spot.key() == "queue" {
                spot.remove(edits, document.text);
            }
        });
    }),
};

pub(crate) const SHARED: Operator = Operator {
    id: "workflow-share-lock",
    does: "makes runs share a lock that each has for itself",
    over: Over::Workflow(|document, edits| {
        entries(document, &mut |spot| {
            if spot.key() == "group" && spot.text().contains("${{") {
                spot.set(edits, "shared");
            }
        });
    }),
};

fn entries(document: &Document<'_>, visit: &mut dyn FnMut(&Spot<'_, '_>)) {
    document.at("concurrency.*", visit);
    document.at("jobs.*.concurrency.*", visit);
}
