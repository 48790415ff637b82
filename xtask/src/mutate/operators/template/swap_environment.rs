//! Staging where production was meant, and the other way round.

use super::super::{Operator, Over};
use crate::mutate::swap::swap_environments;

pub(crate) const OPERATOR: Operator = Operator {
    id: "policy-swap-environment",
    does: "writes staging for production, or production for staging, in a role",
    over: Over::Template(|document, edits| {
        document.visit(&mut |spot| {
            let within = spot.path.first().is_some_and(|top| top == "Resources");
            let block = !spot.is_plain_or_quoted();
            let swapped = swap_environments(spot.text());
            if within && !block && swapped != spot.text() {
                spot.set(edits, &swapped);
            }
        });
    }),
};
