//! `>file`

use super::super::{Operator, Over};

pub(crate) const OPERATOR: Operator = Operator {
    id: "script-drop-redirect",
    does: "prints what should go to a file",
    over: Over::Script(|script, edits| {
        for redirect in script.of_kind("file_redirect") {
            let text = script.text_of(redirect);
            if text.contains('>') && !text.contains("/dev/null") && !text.contains('&') {
                edits.replace(script.context(redirect), redirect.byte_range(), "");
            }
        }
    }),
};
