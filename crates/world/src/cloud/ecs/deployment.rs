//! Deployments, and the service deployments that tell their story.

use crate::Instant;

/// `status` of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Primary,
    /// It still has tasks; `INACTIVE` ones are no longer shown.
    Active,
    Gone,
}

/// `rolloutState`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

impl Rollout {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    /// `ecs-svc/…`
    pub(crate) id: String,
    /// The place of its revision in the service.
    pub(crate) revision: usize,
    pub(crate) standing: Standing,
    pub(crate) rollout: Rollout,
    pub(crate) reason: String,
    pub(crate) created_at: Instant,
    pub(crate) updated_at: Instant,
    /// How many tasks it is to keep once it is no longer the primary one.
    pub(crate) keep: u32,
    pub(crate) failed_tasks: u32,
    /// The scheduler has taken it up.
    pub(crate) begun: bool,
    /// The place of the service deployment that it belongs to.
    pub(crate) service_deployment: usize,
    /// ECS's own return to an earlier revision.
    pub(crate) rollback: bool,
    /// Tasks in a row that never ran.
    pub(crate) start_failures: u32,
    /// No task starts before this.
    pub(crate) not_before: Instant,
    pub(crate) throttle_reported: bool,
}

/// `status` of a service deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Pending,
    InProgress,
    Successful,
    Stopped,
    StopRequested,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl Stage {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Successful => "SUCCESSFUL",
            Self::Stopped => "STOPPED",
            Self::StopRequested => "STOP_REQUESTED",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    pub(crate) fn ended(self) -> bool {
        matches!(
            self,
            Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed
        )
    }
}

/// Why a deployment fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    CircuitBreaker,
    Stopped,
}

impl Failure {
    /// `rolloutStateReason` of the deployment that failed.
    pub(crate) fn rollout_reason(self) -> &'static str {
        match self {
            Self::CircuitBreaker => "ECS deployment circuit breaker: tasks failed to start.",
            Self::Stopped => "ECS deployment: stopped by a user request.",
        }
    }

    /// In the service deployment's `statusReason`.
    pub(crate) fn cause(self) -> &'static str {
        match self {
            Self::CircuitBreaker => "the circuit breaker threshold was exceeded",
            Self::Stopped => "a user asked for it",
        }
    }

    /// Who goes back, in the `rolloutStateReason` of the deployment that does.
    pub(crate) fn who(self) -> &'static str {
        match self {
            Self::CircuitBreaker => "ECS deployment circuit breaker",
            Self::Stopped => "ECS deployment",
        }
    }
}

/// A rollback that a service deployment went through.
#[derive(Debug, Clone)]
pub(crate) struct Rollback {
    pub(crate) reason: String,
    pub(crate) at: Instant,
    /// The place of the revision that it goes back to.
    pub(crate) revision: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct ServiceDeployment {
    pub(crate) arn: String,
    /// The place of the deployment that brings its revision.
    pub(crate) deployment: usize,
    /// Places of the revisions that ran before.
    pub(crate) sources: Vec<usize>,
    pub(crate) target: usize,
    pub(crate) status: Stage,
    pub(crate) reason: Option<String>,
    pub(crate) rollback: Option<Rollback>,
    /// Failed tasks and threshold, when the circuit breaker stopped it.
    pub(crate) tripped: Option<(u32, u32)>,
    pub(crate) created_at: Instant,
    pub(crate) started_at: Option<Instant>,
    pub(crate) finished_at: Option<Instant>,
    pub(crate) stopped_at: Option<Instant>,
    pub(crate) updated_at: Instant,
}
