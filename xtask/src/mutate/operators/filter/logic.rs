//! `and`, `or` and `not` in jq.

use super::super::Operator;
use super::{Over, replace};

pub(crate) const OPERATOR: Operator = Operator {
    id: "jq-logic",
    does: "writes `or` for `and` in a jq program, or back, or leaves `not` out",
    over: Over::Filter(|filter, edits| {
        replace(filter, edits, &[("and", "or"), ("or", "and"), ("not", ".")]);
    }),
};
