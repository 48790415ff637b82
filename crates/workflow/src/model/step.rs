//! `jobs.<id>.steps[*]`.

use super::{ActionRef, Environment, Keys, Pairs};
use crate::condition::Condition;
use crate::place::{Place, Spanned};
use crate::template::Template;

/// How many background steps GitHub runs at once; more of them queue
/// (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobsjob_idstepsbackground>).
pub const MAX_BACKGROUND_STEPS: usize = 10;

/// A step of a job, of a `parallel` group or of a composite action.
#[derive(Clone, Debug)]
pub struct Step {
    /// `jobs.<job_id>.steps[*].id`
    pub id: Option<Spanned<String>>,
    /// `jobs.<job_id>.steps[*].name`
    pub name: Option<Template>,
    /// `jobs.<job_id>.steps[*].if`
    pub if_: Option<Spanned<Condition>>,
    /// What the step does.
    pub kind: StepKind,
    /// `jobs.<job_id>.steps[*].env`
    pub env: Environment,
    /// `jobs.<job_id>.steps[*].timeout-minutes`
    pub timeout_minutes: Option<Template>,
    /// `jobs.<job_id>.steps[*].continue-on-error`
    pub continue_on_error: Option<Template>,
    /// Later steps start while it runs. Steps of a job only, not those inside `parallel`, which all
    /// run so.
    pub background: bool,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// The whole step.
    pub place: Place,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// `run`: a script.
    Run {
        /// `run`
        script: Template,
        /// `shell`
        shell: Option<Template>,
        /// `working-directory`
        working_directory: Option<Template>,
    },
    /// `uses`: an action.
    Uses {
        /// `uses`
        action: Spanned<ActionRef>,
        /// `with`
        with: Pairs,
    },
    /// `wait`: pauses until the background steps with these ids are over. Runs whatever happened
    /// before.
    Wait {
        /// The steps.
        steps: Vec<Spanned<String>>,
    },
    /// `wait-all`: pauses until all background steps so far are over. Runs whatever happened before.
    WaitAll,
    /// `cancel`: stops the background step with this id.
    Cancel {
        /// The step.
        step: Spanned<String>,
    },
    /// `parallel`: [`Run`](StepKind::Run) and [`Uses`](StepKind::Uses) steps that run in the
    /// background, and a wait for all of them.
    Parallel {
        /// The steps.
        steps: Vec<Step>,
    },
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
            (None, StepKind::Wait { .. }) => Some("Wait".to_owned()),
            (None, StepKind::WaitAll) => Some("Wait for all".to_owned()),
            (None, StepKind::Cancel { .. }) => Some("Cancel".to_owned()),
            (None, StepKind::Parallel { .. }) => Some("Parallel group".to_owned()),
        }
    }
}
