//! Staging where production was meant, and the other way round.

use super::super::{Operator, Over};
use crate::mutate::swap::swap_environments;

/// Values that only people read.
const FOR_PEOPLE: &[&str] = &["name", "run-name", "description"];

pub(crate) const OPERATOR: Operator = Operator {
    id: "workflow-swap-environment",
    does: "writes staging for production, or production for staging, in one value",
    over: Over::Workflow(|document, edits| {
        document.visit(&mut |spot| {
            let people = FOR_PEOPLE.contains(&spot.key())
                && !spot.path.iter().any(|key| key == "environment");
            let swapped = swap_environments(spot.text());
            if spot.is_plain_or_quoted() && !people && swapped != spot.text() {
                spot.set(edits, &swapped);
            }
        });
    }),
};
