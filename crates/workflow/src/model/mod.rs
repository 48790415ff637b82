//! Workflows, jobs and steps as GitHub defines them
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions>).

mod action;
mod action_ref;
mod job;
mod keys;
mod pairs;
mod places;
mod step;
mod triggers;
mod workflow;

pub use action::{
    ActionFile, ActionInput, ActionOutput, Branding, CompositeRuns, DockerRuns, JavaScriptRuns,
    Runs, RunsKind,
};
pub use action_ref::ActionRef;
pub use job::{
    CallSecrets, Container, Credentials, EnvironmentUse, Job, JobCall, Matrix, RunsOn, Services,
    Snapshot, Strategy,
};
pub use keys::Keys;
pub use pairs::{ComputedKey, Pairs};
pub use step::{MAX_BACKGROUND_STEPS, Step, StepKind};
pub use triggers::{
    Cron, Filter, Filters, Input, InputType, OtherEvent, Triggers, WorkflowCall,
    WorkflowCallOutput, WorkflowCallSecret, WorkflowDispatch, WorkflowRun,
};
pub use workflow::{
    Access, CacheMode, Concurrency, Defaults, Environment, Permissions, PermissionsKind, Queue,
    RunDefaults, Workflow,
};
