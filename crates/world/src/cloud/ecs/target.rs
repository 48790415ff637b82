//! A task as the load balancer sees it.

use std::time::Duration;

/// A target group's health check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    pub path: String,
    pub interval: Duration,
    /// Passes in a row that bring an unhealthy target back. A new target needs one.
    pub healthy_threshold: u32,
    /// Failures in a row that make a target unhealthy.
    pub unhealthy_threshold: u32,
    /// Statuses that pass, from and to.
    pub matcher: (u16, u16),
}

impl HealthCheck {
    /// The load balancer's defaults.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            interval: Duration::from_secs(30),
            healthy_threshold: 5,
            unhealthy_threshold: 2,
            matcher: (200, 200),
        }
    }
}

/// The target group in front of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Its name; of an ARN, the name in it. Its ARN is made from the service, so that no two
    /// services share a target group.
    pub target_group: String,
    pub container: String,
    pub port: u16,
    pub health_check: HealthCheck,
    pub deregistration_delay: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetState {
    Initial,
    Healthy,
    Unhealthy,
    Draining,
}

#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) state: TargetState,
    /// The last check's status, where it failed with one.
    pub(crate) last_status: Option<u16>,
    passes: u32,
    failures: u32,
}

/// What a check changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Same,
    BecameHealthy,
    BecameUnhealthy,
}

impl Target {
    pub(crate) fn new() -> Self {
        Self {
            state: TargetState::Initial,
            last_status: None,
            passes: 0,
            failures: 0,
        }
    }

    /// Its last check failed.
    pub(crate) fn failing(&self) -> bool {
        self.failures > 0
    }

    pub(crate) fn checked(&mut self, status: Option<u16>, check: &HealthCheck) -> Turn {
        let (from, to) = check.matcher;
        let passed = status.is_some_and(|s| (from..=to).contains(&s));
        self.last_status = status;
        if passed {
            self.passes += 1;
            self.failures = 0;
        } else {
            self.passes = 0;
            self.failures += 1;
        }
        let next = match self.state {
            TargetState::Initial if passed => TargetState::Healthy,
            TargetState::Unhealthy if self.passes >= check.healthy_threshold => {
                TargetState::Healthy
            }
            TargetState::Initial | TargetState::Healthy
                if self.failures >= check.unhealthy_threshold.max(1) =>
            {
                TargetState::Unhealthy
            }
            same => same,
        };
        let turn = match next {
            _ if next == self.state => Turn::Same,
            TargetState::Healthy => Turn::BecameHealthy,
            _ => Turn::BecameUnhealthy,
        };
        self.state = next;
        turn
    }
}
