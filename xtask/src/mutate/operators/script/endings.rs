//! `exit`, `return`, `break`, `continue`.

use super::super::{Operator, Over};

pub(crate) const STATUS: Operator = Operator {
    id: "script-ending-status",
    does: "ends well where a script or function ends badly, and the other way round",
    over: Over::Script(|script, edits| {
        for command in script.of_kind("command") {
            let name = script.command_name(command);
            if !matches!(name, Some("exit" | "return")) {
                continue;
            }
            let Some(status) = command.child_by_field_name("argument") else {
                continue;
            };
            let other = match script.text_of(status) {
                "0" => "1",
                text if text.parse::<u8>().is_ok() => "0",
                _ => continue,
            };
            edits.replace(script.context(status), status.byte_range(), other);
        }
    }),
};

pub(crate) const LOOP: Operator = Operator {
    id: "script-break-continue",
    does: "writes `continue` for `break`, or back",
    over: Over::Script(|script, edits| {
        for command in script.of_kind("command") {
            let other = match script.text_of(command) {
                "break" => "continue",
                "continue" => "break",
                _ => continue,
            };
            edits.replace(script.context(command), command.byte_range(), other);
        }
    }),
};
