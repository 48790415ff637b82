//! `UpdateService`

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud::ecs::{CircuitBreaker, DeploymentConfiguration, Threshold, containers_of};
use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};
use crate::event::What;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Input {
    cluster: Option<String>,
    service: String,
    desired_count: Option<i64>,
    task_definition: Option<String>,
    deployment_configuration: Option<ConfigurationInput>,
    force_new_deployment: Option<bool>,
    health_check_grace_period_seconds: Option<u32>,
    network_configuration: Option<Value>,
    platform_version: Option<String>,
    availability_zone_rebalancing: Option<String>,
    enable_execute_command: Option<bool>,
    #[serde(rename = "enableECSManagedTags")]
    enable_ecs_managed_tags: Option<bool>,
    propagate_tags: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConfigurationInput {
    deployment_circuit_breaker: Option<BreakerInput>,
    maximum_percent: Option<u32>,
    minimum_healthy_percent: Option<u32>,
    strategy: Option<String>,
    bake_time_in_minutes: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BreakerInput {
    enable: bool,
    rollback: bool,
    reset_on_healthy_task: Option<bool>,
    threshold_configuration: Option<ThresholdInput>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ThresholdInput {
    r#type: String,
    value: u32,
}

impl ConfigurationInput {
    fn apply(self, to: &mut DeploymentConfiguration) -> Result<(), ApiError> {
        if let Some(strategy) = self.strategy.filter(|s| s != "ROLLING") {
            return Err(ApiError::not_modelled(format!(
                "UpdateService: the deployment strategy {strategy} is not modelled"
            )));
        }
        if self.bake_time_in_minutes.is_some_and(|minutes| minutes > 0) {
            return Err(ApiError::not_modelled(
                "UpdateService: bakeTimeInMinutes is not modelled",
            ));
        }
        if let Some(percent) = self.maximum_percent {
            to.maximum_percent = percent;
        }
        if let Some(percent) = self.minimum_healthy_percent {
            to.minimum_healthy_percent = percent;
        }
        if to.minimum_healthy_percent > 100 || to.maximum_percent < 100 {
            return Err(ApiError::invalid_parameter(
                "minimumHealthyPercent should be at most 100, maximumPercent at least 100",
            ));
        }
        if let Some(breaker) = self.deployment_circuit_breaker {
            let threshold = match breaker.threshold_configuration {
                None => CircuitBreaker::OFF.threshold,
                Some(ThresholdInput { r#type, value }) => match r#type.as_str() {
                    "COUNT" => Threshold::Count(value),
                    "BOUNDED_PERCENT" => Threshold::BoundedPercent(value),
                    "UNBOUNDED_PERCENT" => Threshold::UnboundedPercent(value),
                    other => {
                        return Err(ApiError::invalid_parameter(format!(
                            "{other} is not a threshold type"
                        )));
                    }
                },
            };
            to.circuit_breaker = CircuitBreaker {
                enable: breaker.enable,
                rollback: breaker.rollback,
                reset_on_healthy_task: breaker.reset_on_healthy_task.unwrap_or(true),
                threshold,
            };
        }
        Ok(())
    }
}

pub(crate) fn needs(cloud: &Cloud, request: &Request<'_>, input: &Input) -> Vec<Access> {
    let cluster = input.cluster.as_deref();
    let mut update = super::of_service("ecs:UpdateService", request, cluster, &input.service);
    let named = input.task_definition.as_deref();
    let definition = named.and_then(|named| cloud.ecs.task_definition(&request.place, named));
    if let Some(definition) = definition {
        update = update.with("ecs:task-definition", definition.arn());
    }
    if let Some(enabled) = input.enable_execute_command {
        update = update.with("ecs:enable-execute-command", enabled.to_string());
    }
    vec![update]
}

pub(crate) fn handle(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: Input,
) -> Result<Value, ApiError> {
    let place = request.place.clone();
    let cluster = input.cluster.as_deref();
    let key = cloud.ecs.service_key(&place, cluster, &input.service)?;
    let desired = match input.desired_count {
        Some(count) => Some(
            u32::try_from(count)
                .ok()
                .filter(|c| *c <= 5000)
                .ok_or_else(|| {
                    ApiError::invalid_parameter("desiredCount should be between 0 and 5000")
                })?,
        ),
        None => None,
    };
    let definition = match &input.task_definition {
        Some(named) => {
            let found = cloud.ecs.task_definition(&place, named);
            let found = found.ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
            if !found.active() {
                return Err(ApiError::client("TaskDefinition is inactive"));
            }
            Some(found.arn())
        }
        None => None,
    };
    let current = cloud.held(&key)?.task_definition().to_owned();
    let mut configuration = cloud.held(&key)?.configuration;
    if let Some(asked) = input.deployment_configuration {
        asked.apply(&mut configuration)?;
    }
    let forced = input.force_new_deployment.unwrap_or(false);
    let definition = definition.unwrap_or_else(|| current.clone());
    let deploys = forced
        || definition != current
        || input.network_configuration.is_some()
        || input.platform_version.is_some();
    let found = cloud.ecs.task_definition(&place, &definition).cloned();

    let mut settings = serde_json::Map::new();
    let mut set = |member: &str, value: Option<Value>| {
        if let Some(value) = value {
            settings.insert(member.to_owned(), value);
        }
    };
    set("networkConfiguration", input.network_configuration);
    set("platformVersion", input.platform_version.map(Value::from));
    let rebalancing = input.availability_zone_rebalancing;
    set("availabilityZoneRebalancing", rebalancing.map(Value::from));
    set(
        "enableExecuteCommand",
        input.enable_execute_command.map(Value::from),
    );
    set(
        "enableECSManagedTags",
        input.enable_ecs_managed_tags.map(Value::from),
    );
    set("propagateTags", input.propagate_tags.map(Value::from));

    let (service, mut floor) = cloud.on_floor(&key, request.now, request.log, request.source);
    let service = service.ok_or_else(super::gone)?;
    if deploys {
        let found = found.ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
        let behind = service.balancer.as_ref().map(|b| b.container.clone());
        if let Some(name) = &behind
            && !found.containers.iter().any(|c| c.name == *name)
        {
            return Err(ApiError::invalid_parameter(format!(
                "The container {name} does not exist in the task definition."
            )));
        }
        let containers = containers_of(&found, behind.as_deref(), &floor);
        let revision = service.add_revision(&mut floor, definition, containers);
        service.configuration = configuration;
        service.desired = desired.unwrap_or(service.desired);
        let reason = "ECS deployment in progress.".to_owned();
        // The wish is told before the deployment that follows from it.
        let task_definition = service.revisions[revision].task_definition.clone();
        floor.event(What::ServiceUpdated {
            service: key.clone(),
            task_definition,
            desired_count: service.desired,
            forced,
        });
        let at = service.start_deployment(&mut floor, revision, None, reason);
        let id = service.deployments[at].id.clone();
        service.deployments[at].reason = format!("ECS deployment {id} in progress.");
    } else {
        service.configuration = configuration;
        if let Some(desired) = desired {
            service.desired = desired;
            service.steady = false;
        }
        service.updated(&mut floor, forced);
    }
    if let Some(seconds) = input.health_check_grace_period_seconds {
        service.grace = Duration::from_secs(seconds.into());
    }
    service.settings.extend(settings);
    service.reconcile(&mut floor);
    Ok(json!({ "service": service.view(true) }))
}
