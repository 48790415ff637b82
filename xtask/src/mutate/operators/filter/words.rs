//! States and environments in jq programs.

use super::super::Operator;
use super::Over;
use crate::mutate::swap::{other_state, swap_environments};

pub(crate) const OPERATOR: Operator = Operator {
    id: "jq-other-word",
    does: "writes another state or environment in a text of a jq program",
    over: Over::Filter(|filter, edits| {
        filter.lists(&mut |tokens| {
            for token in tokens.iter().filter(|token| token.is_text) {
                let inner = token.text.trim_matches('"');
                let other = other_state(inner).map(str::to_owned);
                let swapped = Some(swap_environments(inner)).filter(|swapped| swapped != inner);
                if let Some(other) = other.or(swapped) {
                    filter.replace(edits, token.text, &format!("\"{other}\""));
                }
            }
        });
    }),
};
