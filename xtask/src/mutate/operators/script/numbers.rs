//! Deadlines, pauses, counts and places in lists.

use tree_sitter::Node;

use super::super::{Operator, Over};
use crate::mutate::script::Script;

pub(crate) const ZERO: Operator = Operator {
    id: "script-number-zero",
    does: "writes 0 for a number",
    over: Over::Script(|script, edits| {
        for (node, _) in numbers(script, false) {
            edits.replace(script.context(node), node.byte_range(), "0");
        }
    }),
};

pub(crate) const HUNDREDFOLD: Operator = Operator {
    id: "script-number-hundredfold",
    does: "makes a number a hundred times as large",
    over: Over::Script(|script, edits| {
        for (node, number) in numbers(script, false) {
            let larger = number.saturating_mul(100).to_string();
            edits.replace(script.context(node), node.byte_range(), &larger);
        }
    }),
};

pub(crate) const FIELD: Operator = Operator {
    id: "script-next-field",
    does: "reads the next field of a list",
    over: Over::Script(|script, edits| {
        for (node, number) in numbers(script, true) {
            let next = number.saturating_add(1).to_string();
            edits.replace(script.context(node), node.byte_range(), &next);
        }
    }),
};

/// The numbers of a script: places in lists, or all others. Statuses have operators of their own.
fn numbers<'s>(script: &'s Script<'_>, places: bool) -> Vec<(Node<'s>, u64)> {
    let nodes = script.nodes().into_iter();
    nodes
        .filter_map(|node| {
            if !matches!(node.kind(), "number" | "word") || script.is_for_people(node) {
                return None;
            }
            let number = script.text_of(node).parse().ok()?;
            let parent = node.parent()?;
            if (parent.kind() == "subscript") != places {
                return None;
            }
            let status = matches!(script.command_name(parent), Some("exit" | "return"));
            let descriptor = parent.kind() == "file_redirect";
            (!status && !descriptor).then_some((node, number))
        })
        .collect()
}
