//! `… || …`

use super::super::{Operator, Over};

pub(crate) const OPERATOR: Operator = Operator {
    id: "script-drop-guard",
    does: "does nothing where a command failed: `… || true` for `… || refuse`",
    over: Over::Script(|script, edits| {
        for list in script.of_kind("list") {
            let mut cursor = list.walk();
            let children: Vec<_> = list.children(&mut cursor).collect();
            if let [_, operator, right] = children.as_slice()
                && operator.kind() == "||"
            {
                edits.replace(script.context(list), right.byte_range(), "true");
            }
        }
    }),
};
