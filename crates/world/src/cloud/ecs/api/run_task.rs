//! `RunTask`

use serde::Deserialize;
use serde_json::{Value, json};

use super::cluster_arn;
use crate::app::Behaviour;
use crate::cloud::ecs::one_off::{OneOff, OneOffContainer};
use crate::cloud::ecs::resolve;
use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};

/// Overrides change what the command is, which no image here knows; where it runs decides nothing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Input {
    cluster: Option<String>,
    task_definition: String,
    count: Option<usize>,
    launch_type: Option<String>,
    network_configuration: Option<Value>,
    started_by: Option<String>,
    #[serde(rename = "overrides")]
    _overrides: Option<Value>,
    #[serde(rename = "platformVersion")]
    _platform_version: Option<String>,
    #[serde(rename = "group")]
    _group: Option<String>,
    #[serde(rename = "enableExecuteCommand")]
    _enable_execute_command: Option<bool>,
    #[serde(rename = "propagateTags")]
    _propagate_tags: Option<String>,
    #[serde(rename = "clientToken")]
    _client_token: Option<String>,
}

/// On the revision that is run; and the task's roles are passed.
pub(crate) fn needs(cloud: &Cloud, request: &Request<'_>, input: &Input) -> Vec<Access> {
    let cluster = cluster_arn(request, input.cluster.as_deref());
    let definition = cloud
        .ecs
        .task_definition(&request.place, &input.task_definition);
    let Some(definition) = definition else {
        let named = format!("task-definition/{}:*", input.task_definition);
        let arn = request.place.arn("ecs", &named);
        return vec![Access::new("ecs:RunTask", arn).with("ecs:cluster", cluster)];
    };
    let mut needs = vec![Access::new("ecs:RunTask", definition.arn()).with("ecs:cluster", cluster)];
    for role in ["taskRoleArn", "executionRoleArn"] {
        if let Some(arn) = definition.member(role).and_then(Value::as_str) {
            let pass = Access::new("iam:PassRole", arn);
            needs.push(pass.with("iam:PassedToService", "ecs-tasks.amazonaws.com"));
        }
    }
    needs
}

pub(crate) fn handle(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: Input,
) -> Result<Value, ApiError> {
    let cluster = cloud
        .ecs
        .cluster(&request.place, input.cluster.as_deref())?;
    if input
        .launch_type
        .as_deref()
        .is_some_and(|kind| kind != "FARGATE")
    {
        return Err(ApiError::not_modelled("launch types other than FARGATE"));
    }
    if input.network_configuration.is_none() {
        return Err(ApiError::invalid_parameter(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ));
    }
    let count = input.count.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(ApiError::invalid_parameter(
            "count must be between 1 and 10",
        ));
    }
    let definition = cloud
        .ecs
        .task_definition(&request.place, &input.task_definition)
        .cloned()
        .ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
    let mut shown = Vec::new();
    for _ in 0..count {
        let containers = definition.containers.iter().map(|container| {
            let pulled = resolve(&cloud.ecr, &container.image).map(|digest| {
                let facts = cloud.images.get(&digest);
                let behaviour = facts.map_or(Behaviour::Healthy, |facts| facts.behaviour);
                (digest, behaviour)
            });
            OneOffContainer {
                name: container.name.clone(),
                image: container.image.clone(),
                pulled,
            }
        });
        let task = OneOff {
            containers: containers.collect(),
            id: cloud.mint.hex("task", 32),
            cluster: cluster.clone(),
            place: request.place.clone(),
            task_definition: definition.arn(),
            started_by: input.started_by.clone(),
            created_at: request.now,
            durations: cloud.durations,
        };
        shown.push(task.view(request.now));
        cloud.ecs.one_offs.push(task);
    }
    Ok(json!({ "tasks": shown, "failures": [] }))
}
