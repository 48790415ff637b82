//! What a role may do.

use super::super::{Operator, Over};
use super::statements::STATEMENT;

pub(crate) const DROP: Operator = Operator {
    id: "policy-drop-action",
    does: "takes an action out of a statement",
    over: Over::Template(|document, edits| {
        document.at(&format!("{STATEMENT}.Action.*"), &mut |spot| {
            spot.remove(edits, document.text);
        });
    }),
};

pub(crate) const WIDEN: Operator = Operator {
    id: "policy-any-action",
    does: "allows every action of the service instead of one",
    over: Over::Template(|document, edits| {
        document.at(&format!("{STATEMENT}.Action.*"), &mut |spot| {
            if let Some((service, _)) = spot.text().split_once(':') {
                spot.set(edits, &format!("'{service}:*'"));
            }
        });
    }),
};
