//! `defaults:`

use super::super::{Operator, Over};

pub(crate) const OPERATOR: Operator = Operator {
    id: "workflow-drop-defaults",
    does: "takes the shell out that all steps run in: GitHub's own default knows no `pipefail`",
    over: Over::Workflow(|document, edits| {
        document.at("defaults", &mut |spot| spot.remove(edits, document.text));
    }),
};
