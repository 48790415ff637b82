//! Workflows, jobs and steps as GitHub defines them
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions>).

mod action;
mod job;
mod step;
mod triggers;
mod workflow;

pub use action::ActionRef;
pub use job::{
    CallSecrets, Container, Credentials, EnvironmentUse, Job, JobCall, Matrix, RunsOn, Strategy,
};
pub use step::{Step, StepKind};
pub use triggers::{
    Cron, Filter, Filters, Input, InputType, OtherEvent, Triggers, WorkflowCall,
    WorkflowCallOutput, WorkflowCallSecret, WorkflowDispatch, WorkflowRun,
};
pub use workflow::{
    Access, Concurrency, Defaults, Environment, Expanded, Permissions, PermissionsKind, Queue,
    RunDefaults, Workflow,
};
