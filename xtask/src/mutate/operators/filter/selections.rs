//! `select(…)`

use super::super::Operator;
use super::Over;

pub(crate) const OPERATOR: Operator = Operator {
    id: "jq-select-all",
    does: "selects everything in a jq program",
    over: Over::Filter(|filter, edits| {
        filter.lists(&mut |tokens| {
            for pair in tokens.windows(2) {
                if let [select, condition] = pair
                    && select.text == "select"
                    && !condition.inner.is_empty()
                {
                    filter.replace(edits, condition.text, "(true)");
                }
            }
        });
    }),
};
