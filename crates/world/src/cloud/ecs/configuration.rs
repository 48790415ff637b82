//! How a service's deployments go.

use serde_json::{Value, json};

/// When the circuit breaker trips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// This many failed tasks.
    Count(u32),
    /// This share of the desired count, but 3 to 200.
    BoundedPercent(u32),
    /// This share of the desired count, and at least 1.
    UnboundedPercent(u32),
}

impl Threshold {
    pub(crate) fn tasks(self, desired: u32) -> u32 {
        let share = |percent: u32| desired.saturating_mul(percent).div_ceil(100);
        match self {
            Self::Count(count) => count.max(1),
            Self::BoundedPercent(percent) => share(percent).clamp(3, 200),
            Self::UnboundedPercent(percent) => share(percent).max(1),
        }
    }
}

/// `deploymentCircuitBreaker`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitBreaker {
    pub enable: bool,
    pub rollback: bool,
    /// One healthy task sets the count of failed ones to 0.
    pub reset_on_healthy_task: bool,
    pub threshold: Threshold,
}

impl CircuitBreaker {
    pub const OFF: Self = Self {
        enable: false,
        rollback: false,
        reset_on_healthy_task: true,
        threshold: Threshold::BoundedPercent(50),
    };

    pub const ON_WITH_ROLLBACK: Self = Self {
        enable: true,
        rollback: true,
        ..Self::OFF
    };
}

/// `deploymentConfiguration` of a rolling deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeploymentConfiguration {
    pub minimum_healthy_percent: u32,
    pub maximum_percent: u32,
    pub circuit_breaker: CircuitBreaker,
}

impl Default for DeploymentConfiguration {
    /// ECS's percentages for a replica service; circuit breaker and rollback on, which is what
    /// the console sets up and an API call leaves off.
    fn default() -> Self {
        Self {
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            circuit_breaker: CircuitBreaker::ON_WITH_ROLLBACK,
        }
    }
}

impl DeploymentConfiguration {
    /// The fewest healthy tasks that a deployment may leave.
    pub(crate) fn lower(&self, desired: u32) -> u32 {
        desired
            .saturating_mul(self.minimum_healthy_percent)
            .div_ceil(100)
    }

    /// The most tasks that may run or be about to run.
    pub(crate) fn upper(&self, desired: u32) -> u32 {
        desired.saturating_mul(self.maximum_percent) / 100
    }

    pub(crate) fn view(&self) -> Value {
        let breaker = self.circuit_breaker;
        let mut shown = json!({
            "enable": breaker.enable,
            "rollback": breaker.rollback,
        });
        if breaker.reset_on_healthy_task != CircuitBreaker::OFF.reset_on_healthy_task
            || breaker.threshold != CircuitBreaker::OFF.threshold
        {
            let (kind, value) = match breaker.threshold {
                Threshold::Count(value) => ("COUNT", value),
                Threshold::BoundedPercent(value) => ("BOUNDED_PERCENT", value),
                Threshold::UnboundedPercent(value) => ("UNBOUNDED_PERCENT", value),
            };
            shown["resetOnHealthyTask"] = json!(breaker.reset_on_healthy_task);
            shown["thresholdConfiguration"] = json!({ "type": kind, "value": value });
        }
        json!({
            "deploymentCircuitBreaker": shown,
            "maximumPercent": self.maximum_percent,
            "minimumHealthyPercent": self.minimum_healthy_percent,
            "strategy": "ROLLING",
            "bakeTimeInMinutes": 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_those_of_ecs() {
        let default = CircuitBreaker::OFF.threshold;
        let counts = [
            (1, 3),
            (2, 3),
            (6, 3),
            (7, 4),
            (25, 13),
            (400, 200),
            (800, 200),
        ];
        for (desired, failed) in counts {
            assert_eq!(default.tasks(desired), failed, "desired {desired}");
        }
        assert_eq!(Threshold::UnboundedPercent(10).tasks(4), 1);
        assert_eq!(Threshold::Count(7).tasks(100), 7);
    }

    #[test]
    fn percentages_round_to_the_safe_side() {
        let configuration = DeploymentConfiguration {
            minimum_healthy_percent: 50,
            maximum_percent: 150,
            ..DeploymentConfiguration::default()
        };
        assert_eq!(configuration.lower(3), 2);
        assert_eq!(configuration.upper(3), 4);
    }
}
