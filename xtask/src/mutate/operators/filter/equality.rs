//! `==` in jq.

use super::super::Operator;
use super::{Over, replace};

pub(crate) const OPERATOR: Operator = Operator {
    id: "jq-equality",
    does: "turns `==` of a jq program into `!=`, or back; `<` and `>=` too",
    over: Over::Filter(|filter, edits| {
        replace(
            filter,
            edits,
            &[
                ("==", "!="),
                ("!=", "=="),
                ("<", ">="),
                (">=", "<"),
                (">", "<="),
            ],
        );
    }),
};
