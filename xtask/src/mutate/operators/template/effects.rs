//! `Effect: Deny`

use super::super::{Operator, Over};

pub(crate) const OPERATOR: Operator = Operator {
    id: "policy-deny",
    does: "denies what a statement allows",
    over: Over::Template(|document, edits| {
        document.visit(&mut |spot| {
            if spot.key() == "Effect" && spot.text() == "Allow" {
                spot.set(edits, "Deny");
            }
        });
    }),
};
