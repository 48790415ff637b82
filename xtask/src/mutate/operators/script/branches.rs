//! Branches that are taken out.

use super::super::{Operator, Over};

pub(crate) const ELSE: Operator = Operator {
    id: "script-drop-else",
    does: "takes an `else` or `elif` branch out",
    over: Over::Script(|script, edits| {
        for kind in ["else_clause", "elif_clause"] {
            for clause in script.of_kind(kind) {
                edits.replace(script.context(clause), clause.byte_range(), "");
            }
        }
    }),
};

pub(crate) const CASE: Operator = Operator {
    id: "script-drop-case",
    does: "takes an item of a `case` out",
    over: Over::Script(|script, edits| {
        for item in script.of_kind("case_item") {
            edits.replace(script.context(item), item.byte_range(), "");
        }
    }),
};
