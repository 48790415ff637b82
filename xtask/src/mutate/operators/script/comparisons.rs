//! Comparisons in `[[ … ]]` and `(( … ))`.

use super::super::{Operator, Over};
use crate::mutate::edit::Edits;
use crate::mutate::script::Script;

pub(crate) const EQUALITY: Operator = Operator {
    id: "script-equality",
    does: "turns `==` into `!=`, or back",
    over: Over::Script(|script, edits| swap(script, edits, &[("==", "!="), ("!=", "==")])),
};

pub(crate) const BOUNDARY: Operator = Operator {
    id: "script-boundary",
    does: "moves the boundary of a comparison by one: `>=` into `>`, `<` into `<=`",
    over: Over::Script(|script, edits| {
        swap(
            script,
            edits,
            &[(">=", ">"), (">", ">="), ("<=", "<"), ("<", "<=")],
        );
    }),
};

fn swap(script: &Script<'_>, edits: &mut Edits<'_>, pairs: &[(&str, &str)]) {
    for expression in script.of_kind("binary_expression") {
        let Some(operator) = expression.child_by_field_name("operator") else {
            continue;
        };
        let text = script.text_of(operator);
        for (from, to) in pairs {
            if text == *from {
                let context = format!(
                    "{}: {}",
                    script.context(operator),
                    script.text_of(expression)
                );
                edits.replace(context, operator.byte_range(), to);
            }
        }
    }
}
