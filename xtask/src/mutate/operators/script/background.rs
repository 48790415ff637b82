//! `command &`

use super::super::{Operator, Over};

pub(crate) const OPERATOR: Operator = Operator {
    id: "script-foreground",
    does: "runs in the foreground what runs in the background",
    over: Over::Script(|script, edits| {
        for ampersand in script.of_kind("&") {
            edits.replace(script.context(ampersand), ampersand.byte_range(), ";");
        }
    }),
};
