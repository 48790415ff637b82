//! Words that mean something to AWS or to the pipeline.

use super::super::{Operator, Over};
use crate::mutate::swap::{other_state, swap_environments};

pub(crate) const STATE: Operator = Operator {
    id: "script-other-state",
    does: "writes one state of ECS or GitHub for another: `COMPLETED` for `FAILED`",
    over: Over::Script(|script, edits| {
        for kind in ["word", "extglob_pattern", "string_content"] {
            for word in script.of_kind(kind) {
                if let Some(other) = other_state(script.text_of(word)) {
                    edits.replace(script.context(word), word.byte_range(), other);
                }
            }
        }
    }),
};

pub(crate) const ENVIRONMENT: Operator = Operator {
    id: "script-swap-environment",
    does: "writes staging for production, or production for staging",
    over: Over::Script(|script, edits| {
        for kind in [
            "word",
            "extglob_pattern",
            "string_content",
            "raw_string",
            "concatenation",
        ] {
            for word in script.of_kind(kind) {
                let text = script.text_of(word);
                let swapped = swap_environments(text);
                if text.lines().count() == 1 && swapped != text {
                    edits.replace(script.context(word), word.byte_range(), &swapped);
                }
            }
        }
    }),
};
