//! `&&` and `||`

use super::super::{Operator, Over};

pub(crate) const OPERATOR: Operator = Operator {
    id: "script-logic",
    does: "writes `||` for `&&`, or back",
    over: Over::Script(|script, edits| {
        for (from, to) in [("&&", "||"), ("||", "&&")] {
            for operator in script.of_kind(from) {
                edits.replace(script.context(operator), operator.byte_range(), to);
            }
        }
    }),
};
