//! `any` and `all` in jq.

use super::super::Operator;
use super::{Over, replace};

pub(crate) const OPERATOR: Operator = Operator {
    id: "jq-any-all",
    does: "writes `all` for `any` in a jq program, or back",
    over: Over::Filter(|filter, edits| replace(filter, edits, &[("any", "all"), ("all", "any")])),
};
