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
    pub file: String,
    /// `name`, else the path of the file, as `github.workflow` has it.
    pub name: String,
    /// Whether the event starts it; `None` if the plan is for no event in particular.
    pub trigger: Option<Trigger>,
    /// Calls of reusable workflows for which GitHub fails the run before any job starts.
    pub refused: Vec<Problem>,
    pub approval: Approval,
    pub run_name: Option<Text>,
    /// `concurrency` of the whole run.
    pub lock: Option<Lock>,
    /// Every job of the file, each after the jobs that it needs.
    pub jobs: Vec<JobPlan>,
}

/// Whether someone with write access has to approve the run before it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    NotNeeded,
    /// For contributors whom the repository's setting asks it of: by default those new to it.
    FirstTime,
    Needed,
}

/// What happens to a job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobPlan {
    pub id: String,
    /// Ids from the first workflow on: `deploy/migrate` for a job of a called workflow.
    pub path: String,
    /// The name that GitHub shows where there is one instance or none.
    pub name: Text,
    /// The key in the file.
    pub place: Place,
    pub needs: Vec<String>,
    /// `if`, as it is written.
    pub condition: Option<Spanned<String>>,
    pub verdict: Verdict,
    /// How it may end, as `needs.<id>.result` of the jobs that need it.
    pub results: Results,
    pub permissions: TokenScopes,
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

#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Runs,
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
        source: String,
        place: Place,
        decided: Option<Deciding>,
    },
    /// A job that it needs, directly or through others, fails.
    NeedFailed(String),
    NeedSkipped(String),
    NeedCancelled(String),
    /// The event does not start the workflow.
    NotTriggered,
}

/// `strategy`.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixPlan {
    /// Whether one failure cancels the others; `None` if it is not known.
    pub fail_fast: Option<bool>,
    pub max_parallel: Option<Text>,
    /// What would have to be known to tell the combinations; empty if they are known.
    pub unknown: Vec<String>,
    pub place: Place,
}

/// One job on one runner, or one call.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// As GitHub shows it: `deploy / migrate (eu)`.
    pub name: Text,
    pub matrix: Vec<(String, Value)>,
    pub environment: Option<Gate>,
    pub lock: Option<Lock>,
    pub call: Option<CallPlan>,
}

/// `environment`: the job waits here for what the environment's protection rules ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    pub name: Text,
    pub url: Option<Text>,
    /// Whether a deployment is recorded; `None` if it is not known.
    pub deployment: Option<bool>,
    pub place: Place,
}

/// `concurrency`: one at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    pub group: Text,
    /// Whether it cancels what holds the lock; `None` if it is not known.
    pub cancel_in_progress: Option<bool>,
    pub queue: Queue,
    pub place: Place,
}

/// The called workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct CallPlan {
    pub uses: String,
    pub place: Place,
    /// Its file; `None` if it was not found.
    pub file: Option<String>,
    pub jobs: Vec<JobPlan>,
    /// Why its jobs are not listed.
    pub unexplored: Option<String>,
}
