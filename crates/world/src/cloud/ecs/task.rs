//! A task of a service.

use std::time::Duration;

use lockkeeper_names::ImageDigest;

use super::target::Target;
use crate::Instant;
use crate::app::Behaviour;

/// Without a load balancer, a task counts as healthy after running this long.
pub(crate) const UNCHECKED: Duration = Duration::from_secs(40);
/// How long ECS remembers a stopped task.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(3600);

/// `lastStatus`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Provisioning,
    Pending,
    Activating,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Activating => "ACTIVATING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// Why a task stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) code: &'static str,
    pub(crate) reason: String,
    pub(crate) at: Instant,
}

/// A container of a task.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) essential: bool,
    pub(crate) id: String,
    pub(crate) digest: Option<ImageDigest>,
    pub(crate) behaviour: Behaviour,
    pub(crate) exit_code: Option<i32>,
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) id: String,
    /// The place of the deployment that it counts for, in the service.
    pub(crate) deployment: usize,
    /// The place of its revision in the service.
    pub(crate) revision: usize,
    /// The deployment that started it.
    pub(crate) started_by: String,
    pub(crate) ip: String,
    pub(crate) zone: char,
    pub(crate) eni: String,
    /// The service's own container first.
    pub(crate) containers: Vec<Container>,
    pub(crate) status: Status,
    /// `desiredStatus` is RUNNING.
    pub(crate) wanted: bool,
    pub(crate) target: Option<Target>,
    pub(crate) in_service: bool,
    pub(crate) was_healthy: bool,
    pub(crate) created_at: Instant,
    pub(crate) pull_started_at: Option<Instant>,
    /// Its containers started.
    pub(crate) containers_started_at: Option<Instant>,
    pub(crate) running_at: Option<Instant>,
    pub(crate) containers_ended_at: Option<Instant>,
    pub(crate) stopped_at: Option<Instant>,
    pub(crate) stop: Option<Stop>,
}

impl Task {
    /// The digest of the service's own container, once it is known.
    pub(crate) fn digest(&self) -> Option<&ImageDigest> {
        self.containers.first()?.digest.as_ref()
    }

    pub(crate) fn behaviour(&self) -> Behaviour {
        self.containers
            .first()
            .map_or(Behaviour::Healthy, |own| own.behaviour)
    }

    /// It may still take part in its service: the scheduler has not given it up.
    pub(crate) fn live(&self) -> bool {
        self.wanted
    }

    pub(crate) fn pending(&self) -> bool {
        self.wanted && self.status < Status::Running
    }

    pub(crate) fn running(&self) -> bool {
        self.status == Status::Running
    }

    /// It counts towards the service's health.
    pub(crate) fn healthy(&self, now: Instant) -> bool {
        self.wanted
            && self.running()
            && match &self.target {
                Some(_) => self.in_service,
                None => self
                    .running_at
                    .is_some_and(|since| since + UNCHECKED <= now),
            }
    }
}
