//! What `if`, `elif` and `while` ask.

use std::ops::Range;

use tree_sitter::Node;

use super::super::{Operator, Over};
use crate::mutate::script::Script;

pub(crate) const NEGATE: Operator = Operator {
    id: "script-negate-condition",
    does: "asks the opposite in an `if` or `elif`",
    over: Over::Script(|script, edits| {
        for (clause, range) in conditions(script, &["if_statement", "elif_clause"]) {
            let asked = &script.text[range.clone()];
            edits.replace(script.context(clause), range, &format!("! {{ {asked}; }}"));
        }
    }),
};

pub(crate) const TRUE: Operator = Operator {
    id: "script-condition-true",
    does: "takes an `if` or `elif` for true",
    over: Over::Script(|script, edits| {
        for (clause, range) in conditions(script, &["if_statement", "elif_clause"]) {
            edits.replace(script.context(clause), range, "true");
        }
    }),
};

pub(crate) const FALSE: Operator = Operator {
    id: "script-condition-false",
    does: "takes an `if`, `elif` or `while` for false",
    over: Over::Script(|script, edits| {
        let kinds = ["if_statement", "elif_clause", "while_statement"];
        for (clause, range) in conditions(script, &kinds) {
            edits.replace(script.context(clause), range, "false");
        }
    }),
};

/// Each clause of these kinds, with the bytes of what it asks.
fn conditions<'s>(script: &'s Script<'_>, kinds: &[&str]) -> Vec<(Node<'s>, Range<usize>)> {
    let nodes = script.nodes().into_iter();
    nodes
        .filter(|node| kinds.contains(&node.kind()) && !script.is_for_people(*node))
        .filter_map(|clause| {
            let mut cursor = clause.walk();
            let asked: Vec<Node<'_>> = clause
                .children(&mut cursor)
                .take_while(|child| !matches!(child.kind(), "then" | "do_group"))
                .filter(Node::is_named)
                .collect();
            let range = asked.first()?.start_byte()..asked.last()?.end_byte();
            Some((clause, range))
        })
        .collect()
}
