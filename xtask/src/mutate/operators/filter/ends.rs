//! Which of a list.

use super::super::Operator;
use super::{Over, replace};

pub(crate) const OPERATOR: Operator = Operator {
    id: "jq-other-end",
    does: "takes the other end of a list: `[-1]` for `[0]`, `first` for `last`",
    over: Over::Filter(|filter, edits| {
        replace(
            filter,
            edits,
            &[("[0]", "[-1]"), ("last", "first"), ("first", "last")],
        );
    }),
};
