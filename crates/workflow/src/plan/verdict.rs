//! What a plan says.

use crate::expr::Value;
use crate::model::Queue;
use crate::partial::{Deciding, Text};
use crate::place::{Place, Problem, Spanned};
use crate::plan::{Outcome, Results, TokenScopes};
use crate::trigger::Trigger;

/// What happens to a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowPlan {
    /// The name of the file.
    pub file: String,
    /// `name`, else the path of the file, as `github.workflow` has it.
    pub name: String,
    /// Whether the event starts it; `None` if the plan is for no event in particular.
    pub trigger: Option<Trigger>,
    /// Calls of reusable workflows for which GitHub fails the run before any job starts.
    pub refused: Vec<Problem>,
    /// Whether someone must approve the run before it starts.
    pub approval: Approval,
    /// `run-name`
    pub run_name: Option<Text>,
    /// `concurrency` of the whole run.
    pub lock: Option<Lock>,
    /// Every job of the file, each after the jobs that it needs.
    pub jobs: Vec<JobPlan>,
}

/// Whether someone with write access has to approve the run before it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// The run starts by itself.
    NotNeeded,
    /// For contributors whom the repository's setting asks it of: by default those new to it.
    FirstTime,
    /// Someone must approve it.
    Needed,
}

/// What happens to a job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobPlan {
    /// The id.
    pub id: String,
    /// Ids from the first workflow on: `deploy/migrate` for a job of a called workflow.
    pub path: String,
    /// The name that GitHub shows where there is one instance or none.
    pub name: Text,
    /// The key in the file.
    pub place: Place,
    /// Ids of the jobs that are needed.
    pub needs: Vec<String>,
    /// `if`, as it is written.
    pub condition: Option<Spanned<String>>,
    /// Whether it runs.
    pub verdict: Verdict,
    /// How it may end, as `needs.<id>.result` of the jobs that need it.
    pub results: Results,
    /// What the token may do.
    pub permissions: TokenScopes,
    /// What `strategy.matrix` makes of it.
    pub matrix: Option<MatrixPlan>,
    /// One for each combination of the matrix, one without a matrix; none if it does not run, and
    /// one that stands for all if the matrix is not known.
    pub instances: Vec<Instance>,
}

impl JobPlan {
    /// Whether it is certain that the job fails, by assumption or because it cannot start.
    pub fn fails(&self) -> bool {
        self.results.must(Outcome::Failure)
    }
}

/// What becomes of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The job runs.
    Runs,
    /// The job is skipped, and why.
    Skipped(Skip),
    /// It runs or not by what is not known, as expressions write it.
    Unknown(Vec<String>),
    /// It fails before it starts.
    Fails(String),
}

/// Why a job is skipped.
#[derive(Clone, Debug, PartialEq)]
pub enum Skip {
    /// `if` is false.
    Condition {
        /// The condition, as written.
        source: String,
        /// Where it stands.
        place: Place,
        /// What decided it, where one part did.
        decided: Option<Deciding>,
    },
    /// A job that it needs, directly or through others, fails.
    NeedFailed(String),
    /// A needed job is skipped.
    NeedSkipped(String),
    /// A needed job is cancelled.
    NeedCancelled(String),
    /// The event does not start the workflow.
    NotTriggered,
}

/// `strategy`.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixPlan {
    /// Whether one failure cancels the others; `None` if it is not known.
    pub fail_fast: Option<bool>,
    /// `max-parallel`
    pub max_parallel: Option<Text>,
    /// What would have to be known to tell the combinations; empty if they are known.
    pub unknown: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

/// One job on one runner, or one call.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// As GitHub shows it: `deploy / migrate (eu)`.
    pub name: Text,
    /// The values of the `matrix` context.
    pub matrix: Vec<(String, Value)>,
    /// `environment`
    pub environment: Option<Gate>,
    /// `concurrency`
    pub lock: Option<Lock>,
    /// The called workflow.
    pub call: Option<CallPlan>,
}

/// `environment`: the job waits here for what the environment's protection rules ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// The name.
    pub name: Text,
    /// The `url`.
    pub url: Option<Text>,
    /// Whether a deployment is recorded; `None` if it is not known.
    pub deployment: Option<bool>,
    /// Where it stands.
    pub place: Place,
}

/// `concurrency`: one at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    /// The name of the group.
    pub group: Text,
    /// Whether it cancels what holds the lock; `None` if it is not known.
    pub cancel_in_progress: Option<bool>,
    /// What happens to runs that wait.
    pub queue: Queue,
    /// Where it stands.
    pub place: Place,
}

/// The called workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct CallPlan {
    /// The called workflow, as `uses` has it.
    pub uses: String,
    /// Where it stands.
    pub place: Place,
    /// Its file; `None` if it was not found.
    pub file: Option<String>,
    /// Its jobs.
    pub jobs: Vec<JobPlan>,
    /// Why its jobs are not listed.
    pub unexplored: Option<String>,
}
