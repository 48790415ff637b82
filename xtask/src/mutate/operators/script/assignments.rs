//! `name=value`

use super::super::{Operator, Over};

pub(crate) const OPERATOR: Operator = Operator {
    id: "script-drop-assignment",
    does: "takes an assignment out",
    over: Over::Script(|script, edits| {
        for statement in script.statements() {
            if matches!(
                statement.kind(),
                "variable_assignment" | "variable_assignments"
            ) {
                edits.replace(script.context(statement), statement.byte_range(), ":");
            }
        }
    }),
};
