//! `set` and `trap`

use super::super::{Operator, Over};
use crate::mutate::edit::Edits;
use crate::mutate::script::Script;

pub(crate) const SET: Operator = Operator {
    id: "script-drop-set",
    does: "takes `set -euo pipefail` out",
    over: Over::Script(|script, edits| drop(script, edits, "set")),
};

pub(crate) const TRAP: Operator = Operator {
    id: "script-drop-trap",
    does: "takes a `trap` out",
    over: Over::Script(|script, edits| drop(script, edits, "trap")),
};

fn drop(script: &Script<'_>, edits: &mut Edits<'_>, name: &str) {
    for command in script.of_kind("command") {
        if script.command_name(command) == Some(name) {
            edits.replace(script.context(command), command.byte_range(), ":");
        }
    }
}
