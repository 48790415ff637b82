//! `if:` of jobs and steps.

use super::super::{Operator, Over};
use crate::mutate::document::{Document, Spot};
use crate::mutate::edit::Edits;

pub(crate) const DROP: Operator = Operator {
    id: "workflow-drop-if",
    does: "takes the `if:` of a job or step out, `if: always()` too",
    over: Over::Workflow(|document, edits| {
        conditions(document, &mut |spot| spot.remove(edits, document.text));
    }),
};

pub(crate) const NEVER: Operator = Operator {
    id: "workflow-if-never",
    does: "makes an `if:` false",
    over: Over::Workflow(|document, edits| {
        conditions(document, &mut |spot| spot.set(edits, "false"))
    }),
};

pub(crate) const EQUALITY: Operator = Operator {
    id: "workflow-if-equality",
    does: "turns one `==` of an `if:` into `!=`, or back",
    over: Over::Workflow(|document, edits| swap(document, edits, &["==", "!="])),
};

pub(crate) const LOGIC: Operator = Operator {
    id: "workflow-if-logic",
    does: "turns one `&&` of an `if:` into `||`, or back",
    over: Over::Workflow(|document, edits| swap(document, edits, &["&&", "||"])),
};

fn conditions(document: &Document<'_>, visit: &mut dyn FnMut(&Spot<'_, '_>)) {
    document.at("jobs.*.if", visit);
    document.at("jobs.*.steps.*.if", visit);
}

fn swap(document: &Document<'_>, edits: &mut Edits<'_>, pair: &[&str; 2]) {
    conditions(document, &mut |spot| {
        // Plain scalars in one line: no text in them is escaped.
        let start = spot.node.span.range().start;
        for (from, to) in [(pair[0], pair[1]), (pair[1], pair[0])] {
            for (at, _) in spot.text().match_indices(from) {
                let range = start + at..start + at + from.len();
                edits.replace(format!("{} at {at}", spot.context()), range, to);
            }
        }
    });
}
