//! The order of statements.

use super::super::{Operator, Over};

pub(crate) const OPERATOR: Operator = Operator {
    id: "script-swap-statements",
    does: "does two things that follow each other the other way round",
    over: Over::Script(|script, edits| {
        let statements = script.statements();
        for pair in statements.windows(2) {
            let [first, second] = pair else { continue };
            let together = first.next_named_sibling() == Some(*second);
            let commands = [*first, *second]
                .iter()
                .all(|statement| script.command_name(*statement).is_some());
            let here = script.text_of(*first).contains("<<'");
            if together && commands && !here {
                let range = first.start_byte()..second.end_byte();
                let swapped = format!("{}\n{}", script.text_of(*second), script.text_of(*first));
                edits.replace(script.context(*first), range, &swapped);
            }
        }
    }),
};
