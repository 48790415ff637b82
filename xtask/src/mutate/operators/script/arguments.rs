//! What commands are given.

use tree_sitter::Node;

use super::super::{Operator, Over};
use crate::mutate::script::Script;

pub(crate) const EMPTY: Operator = Operator {
    id: "script-empty-argument",
    does: "gives a command an empty text instead of a quoted argument",
    over: Over::Script(|script, edits| {
        for command in script.of_kind("command") {
            for argument in arguments(command) {
                let text = script.text_of(argument);
                let people = script.is_for_people(argument);
                if argument.kind() == "string" && text.contains('$') && !people {
                    edits.replace(script.context(argument), argument.byte_range(), "''");
                }
            }
        }
    }),
};

pub(crate) const OPTION: Operator = Operator {
    id: "script-drop-option",
    does: "takes an option of a command out, with its value",
    over: Over::Script(|script, edits| {
        for command in script.of_kind("command") {
            let arguments = arguments(command);
            for (at, option) in arguments.iter().enumerate() {
                if !is_option(script, *option) {
                    continue;
                }
                let mut end = option.end_byte();
                if !script.text_of(*option).contains('=')
                    && let Some(value) = arguments.get(at + 1)
                    && takes_value(script, *option)
                    && !is_option(script, *value)
                {
                    end = value.end_byte();
                }
                let range = option.start_byte()..end;
                edits.replace(script.context(*option), range, "");
            }
        }
    }),
};

fn arguments(command: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = command.walk();
    command
        .children_by_field_name("argument", &mut cursor)
        .collect()
}

fn is_option(script: &Script<'_>, node: Node<'_>) -> bool {
    node.kind() == "word" && script.text_of(node).starts_with("--") && script.text_of(node) != "--"
}

/// Options that stand alone, of the commands in the scripts.
fn takes_value(script: &Script<'_>, option: Node<'_>) -> bool {
    !matches!(
        script.text_of(option),
        "--slurp" | "--is-ancestor" | "--name-only" | "--password-stdin" | "--preserve-digests"
    )
}
