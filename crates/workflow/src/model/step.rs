//! `jobs.<id>.steps[*]`.

use super::{ActionRef, Environment, Expanded};
use crate::condition::Condition;
use crate::place::{Place, Spanned};
use crate::template::Template;

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    pub id: Option<Spanned<String>>,
    pub name: Option<Template>,
    pub if_: Option<Spanned<Condition>>,
    pub kind: StepKind,
    pub env: Environment,
    /// `env` or `with`, where they are one expression each.
    pub expanded: Vec<Expanded>,
    pub timeout_minutes: Option<Template>,
    pub continue_on_error: Option<Template>,
    /// Later steps start while it runs.
    pub background: bool,
    /// The whole step.
    pub place: Place,
}

#[derive(Clone, Debug)]
pub enum StepKind {
    Run {
        script: Template,
        shell: Option<Template>,
        working_directory: Option<Template>,
    },
    Uses {
        action: Spanned<ActionRef>,
        with: Vec<(Spanned<String>, Template)>,
    },
    /// Waits for the background steps with these ids.
    Wait { steps: Vec<Spanned<String>> },
    /// Waits for all background steps so far.
    WaitAll,
    /// Stops the background step with this id.
    Cancel { step: Spanned<String> },
    /// Steps that run at the same time.
    Parallel { steps: Vec<Step> },
}

impl Step {
    /// What the run's log calls this step, where that needs no evaluation.
    pub fn literal_name(&self) -> Option<String> {
        match (&self.name, &self.kind) {
            (Some(name), _) => name.as_literal().map(str::to_owned),
            (None, StepKind::Run { script, .. }) => {
                let first = script
                    .source()
                    .lines()
                    .map(str::trim)
                    .find(|l| !l.is_empty());
                Some(format!("Run {}", first.unwrap_or("")))
            }
            (None, StepKind::Uses { action, .. }) => Some(format!("Run {}", action.value)),
            (None, StepKind::Wait { .. } | StepKind::WaitAll) => Some("Wait".to_owned()),
            (None, StepKind::Cancel { step }) => Some(format!("Cancel {}", step.value)),
            (None, StepKind::Parallel { .. }) => Some("Parallel".to_owned()),
        }
    }
}
