//! Whole commands.

use super::super::{Operator, Over};

/// Other operators have these.
const LEFT_OUT: &[&str] = &[
    "fail", "exit", "return", "set", "trap", "break", "continue", ":",
];

pub(crate) const DROP: Operator = Operator {
    id: "script-drop-command",
    does: "takes a command out",
    over: Over::Script(|script, edits| {
        for statement in script.statements() {
            let name = script.command_name(statement);
            if name.is_some_and(|name| !LEFT_OUT.contains(&name)) {
                edits.replace(script.context(statement), statement.byte_range(), ":");
            }
        }
    }),
};

pub(crate) const IGNORE: Operator = Operator {
    id: "script-ignore-failure",
    does: "goes on after a command that failed: `… || true`",
    over: Over::Script(|script, edits| {
        for statement in script.statements() {
            let name = script.command_name(statement);
            let end = statement.end_byte();
            // Behind a here-document stands no operator.
            let here = script.text_of(statement).contains("<<'");
            if name.is_some_and(|name| !LEFT_OUT.contains(&name)) && !here {
                edits.replace(script.context(statement), end..end, " || true");
            }
        }
    }),
};

pub(crate) const ONCE: Operator = Operator {
    id: "script-drop-retries",
    does: "asks once where a transient failure is tried again",
    over: Over::Script(|script, edits| {
        for command in script.of_kind("command") {
            let Some(name) = command.child_by_field_name("name") else {
                continue;
            };
            let once = match script.text_of(name) {
                "call" => "attempt",
                "aws_call" => "aws_once",
                _ => continue,
            };
            edits.replace(script.context(name), name.byte_range(), once);
        }
    }),
};

pub(crate) const REFUSAL: Operator = Operator {
    id: "script-drop-refusal",
    does: "goes on where a script refuses to: takes a `fail` out",
    over: Over::Script(|script, edits| {
        for command in script.of_kind("command") {
            if script.command_name(command) == Some("fail") {
                edits.replace(script.context(command), command.byte_range(), ":");
            }
        }
    }),
};
