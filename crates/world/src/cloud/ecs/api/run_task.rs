//! `RunTask`

use serde::Deserialize;
use serde_json::{Value, json};

use super::cluster_arn;
use crate::cloud::ecs::one_off::{OneOff, OneOffContainer, Pulled};
use crate::cloud::ecs::resolve;
use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};
use crate::event::What;

/// Overrides change what the command is, and images say how it ends; where it runs decides nothing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Input {
    cluster: Option<String>,
    task_definition: String,
    count: Option<usize>,
    launch_type: Option<String>,
    network_configuration: Option<Value>,
    started_by: Option<String>,
    overrides: Option<Value>,
    #[serde(rename = "platformVersion")]
    _platform_version: Option<String>,
    #[serde(rename = "group")]
    _group: Option<String>,
    #[serde(rename = "enableExecuteCommand")]
    _enable_execute_command: Option<bool>,
    #[serde(rename = "propagateTags")]
    _propagate_tags: Option<String>,
    client_token: Option<String>,
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
    let known = cloud.ecs.one_offs.iter().filter(|task| {
        task.client_token.is_some()
            && task.client_token == input.client_token
            && task.cluster == cluster
    });
    let known: Vec<&OneOff> = known.collect();
    if let Some(first) = known.first() {
        let arn = &input.task_definition;
        if first.task_definition != *arn && !first.task_definition.ends_with(&format!("/{arn}")) {
            return Err(ApiError::new(
                "ConflictException",
                "The client token was used for a request with other parameters.",
            ));
        }
        let shown: Vec<Value> = known.iter().map(|task| task.view(request.now)).collect();
        return Ok(json!({ "tasks": shown, "failures": [] }));
    }
    let definition = cloud
        .ecs
        .task_definition(&request.place, &input.task_definition)
        .cloned()
        .ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
    let command = command(input.overrides.as_ref());
    let mut shown = Vec::new();
    for _ in 0..count {
        let containers = definition.containers.iter().map(|container| {
            let pulled = resolve(&cloud.ecr, &container.image).map(|digest| {
                let fails = cloud.images.command_fails(&digest, command.is_empty());
                Pulled { digest, fails }
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
            client_token: input.client_token.clone(),
            created_at: request.now,
            durations: cloud.durations,
        };
        shown.push(task.view(request.now));
        request.event(What::TaskRun {
            cluster: cluster.clone(),
            task: task.id.clone(),
            digests: task.digests().cloned().collect(),
            command: command.clone(),
            ends: task.ended_at(),
            exit_code: task.exit_code(),
        });
        cloud.ecs.one_offs.push(task);
    }
    Ok(json!({ "tasks": shown, "failures": [] }))
}

/// The words that overrides put in the place of containers' commands.
fn command(overrides: Option<&Value>) -> String {
    let containers = overrides.and_then(|all| all["containerOverrides"].as_array());
    let words = containers
        .into_iter()
        .flatten()
        .filter_map(|container| container["command"].as_array())
        .flatten()
        .filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(" ")
}
