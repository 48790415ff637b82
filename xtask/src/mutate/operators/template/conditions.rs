//! Conditions of policies, and of who may take a role on.

use super::super::{Operator, Over};
use super::statements::STATEMENT;

pub(crate) const POLICY: Operator = Operator {
    id: "policy-drop-condition",
    does: "takes the condition out of a statement",
    over: Over::Template(|document, edits| {
        document.at(&format!("{STATEMENT}.Condition"), &mut |spot| {
            spot.remove(edits, document.text);
        });
    }),
};

pub(crate) const TRUST: Operator = Operator {
    id: "trust-drop-condition",
    does: "takes one condition of a role's trust out",
    over: Over::Template(|document, edits| {
        let path = "Resources.*.Properties.AssumeRolePolicyDocument.Statement.*.Condition.*.*";
        // A claim's name holds dots, and is one key.
        document.at(path, &mut |spot| spot.remove(edits, document.text));
    }),
};
