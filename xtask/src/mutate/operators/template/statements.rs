//! Whole statements of policies.

use super::super::{Operator, Over};

pub(crate) const STATEMENT: &str = "Resources.*.Properties.Policies.*.PolicyDocument.Statement.*";

pub(crate) const OPERATOR: Operator = Operator {
    id: "policy-drop-statement",
    does: "takes a statement out of a role's policy",
    over: Over::Template(|document, edits| {
        document.at(STATEMENT, &mut |spot| spot.remove(edits, document.text));
    }),
};
