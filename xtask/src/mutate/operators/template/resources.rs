//! What a role may touch.

use super::super::{Operator, Over};
use super::statements::STATEMENT;

pub(crate) const DROP: Operator = Operator {
    id: "policy-drop-resource",
    does: "takes a resource out of a statement that names several",
    over: Over::Template(|document, edits| {
        let mut several = Vec::new();
        document.at(&format!("{STATEMENT}.Resource"), &mut |spot| {
            if spot.children() > 1 {
                several.push(spot.node.span);
            }
        });
        document.at(&format!("{STATEMENT}.Resource.*"), &mut |spot| {
            let start = spot.node.span.start;
            if several
                .iter()
                .any(|span| (span.start..span.end).contains(&start))
            {
                spot.remove(edits, document.text);
            }
        });
    }),
};

pub(crate) const WIDEN: Operator = Operator {
    id: "policy-any-resource",
    does: "allows a statement's actions on everything",
    over: Over::Template(|document, edits| {
        document.at(&format!("{STATEMENT}.Resource"), &mut |spot| {
            let range = spot.node.span.range();
            if document.text[range.clone()].trim() != "- '*'" {
                // A sequence begins on a line of its own.
                spot.set(edits, "'*'\n");
            }
        });
    }),
};
