//! Which contexts and functions a place of a workflow may use.

use crate::tables::{
    CONDITIONAL, CONTEXT_NAMES, action_places as action, workflow_places as workflow,
};

/// How often a function takes arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionRule {
    /// GitHub's spelling; case does not count in calls.
    pub name: &'static str,
    /// The fewest arguments.
    pub min: usize,
    /// The most arguments.
    pub max: usize,
}

/// The functions that every expression may call.
pub(super) use crate::tables::FUNCTIONS as EVERYWHERE;

/// The contexts and the extra functions that an expression may name.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Names of the contexts that may be read.
    pub contexts: &'a [&'a str],
    /// Functions beyond those that every expression may call.
    pub functions: &'a [FunctionRule],
}

impl Scope<'_> {
    pub(super) fn function(&self, name: &str) -> Option<FunctionRule> {
        EVERYWHERE
            .iter()
            .chain(self.functions)
            .find(|r| r.name.eq_ignore_ascii_case(name))
            .copied()
    }

    pub(crate) fn function_names(&self) -> impl Iterator<Item = &'static str> {
        EVERYWHERE.iter().chain(self.functions).map(|r| r.name)
    }

    pub(super) fn has_context(&self, name: &str) -> bool {
        self.contexts.iter().any(|c| c.eq_ignore_ascii_case(name))
    }
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $place:expr;)*) => {
        impl Scope<'static> {
            $($(#[$doc])* pub const $name: Scope<'static> = $place;)*
        }
    };
}

// Also the table of <https://docs.github.com/actions/reference/contexts-reference#context-availability>.
scopes! {
    /// Every context and function there is.
    ANY = Scope { contexts: CONTEXT_NAMES, functions: CONDITIONAL };
    /// Where no expression may stand.
    NONE = Scope { contexts: &[], functions: &[] };
    /// `run-name` and `concurrency` of a workflow.
    WORKFLOW = workflow::RUN_NAME;
    /// `env` of a workflow.
    WORKFLOW_ENV = workflow::WORKFLOW_ENV;
    /// `on.workflow_call.inputs.<id>.default`.
    CALL_INPUT_DEFAULT = workflow::WORKFLOW_CALL_INPUT_DEFAULT;
    /// `on.workflow_call.outputs.<id>.value`.
    CALL_OUTPUT = workflow::WORKFLOW_OUTPUT_CONTEXT;
    /// `jobs.<id>.if`.
    JOB_IF = workflow::JOB_IF;
    /// `jobs.<id>.strategy`.
    STRATEGY = workflow::STRATEGY;
    /// Most keys of a job.
    JOB = workflow::STRING_STRATEGY_CONTEXT;
    /// `jobs.<id>.env` and the secrets of a called workflow.
    JOB_ENV = workflow::JOB_ENV;
    /// `jobs.<id>.defaults.run`.
    JOB_DEFAULTS = workflow::JOB_DEFAULTS_RUN;
    /// `jobs.<id>.outputs` and the `env` of containers.
    RUNNER = workflow::STRING_RUNNER_CONTEXT;
    /// `jobs.<id>.environment.url`.
    ENVIRONMENT_URL = workflow::STRING_RUNNER_CONTEXT_NO_SECRETS;
    /// Credentials of a container's registry.
    CREDENTIALS = workflow::CONTAINER_REGISTRY_CREDENTIALS;
    /// `jobs.<id>.steps[*].if`.
    STEP_IF = workflow::STEP_IF;
    /// Everything else of a step.
    STEP = workflow::STRING_STEPS_CONTEXT;
    /// `jobs.<id>.snapshot.if`.
    SNAPSHOT_IF = workflow::SNAPSHOT_IF;
    /// `inputs.<id>.default` of an action.
    ACTION_INPUT_DEFAULT = action::INPUT_DEFAULT_CONTEXT;
    /// `outputs.<id>.value` of a composite action.
    ACTION_OUTPUT = action::OUTPUT_VALUE;
    /// `runs.pre-if` and `runs.post-if` of an action.
    ACTION_RUNS_IF = action::RUNS_IF;
    /// `runs.args` and `runs.env` of a Docker container action.
    ACTION_CONTAINER = action::CONTAINER_RUNS_CONTEXT;
    /// `runs.steps[*].if` of a composite action.
    ACTION_STEP_IF = action::STEP_IF;
    /// Everything else of a composite action's step.
    ACTION_STEP = action::STRING_STEPS_CONTEXT;
}
