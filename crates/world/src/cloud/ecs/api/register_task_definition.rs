//! `RegisterTaskDefinition` and `DeregisterTaskDefinition`

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Instant;
use crate::cloud::ecs::TaskDefinition;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud, Place};

/// All that may be registered. Members that change nothing here are kept as they are.
const MEMBERS: &[&str] = &[
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "tags",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "inferenceAccelerators",
    "ephemeralStorage",
    "runtimePlatform",
    "enableFaultInjection",
];

pub(crate) fn register(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    body: Map<String, Value>,
) -> Result<Value, ApiError> {
    for member in body.keys() {
        if !MEMBERS.contains(&member.as_str()) {
            return Err(ApiError::new(
                "ParamValidation",
                format!(
                    "Parameter validation failed: Unknown parameter in input: \"{member}\", must \
                     be one of: {}",
                    MEMBERS.join(", ")
                ),
            ));
        }
    }
    let by = request.principal.arn();
    let definition = cloud.register(request.now, &request.place.clone(), body, by)?;
    let mut answer = json!({ "taskDefinition": definition.view() });
    if !definition.tags.is_empty() {
        answer["tags"] = json!(definition.tags);
    }
    Ok(answer)
}

impl Cloud {
    pub(crate) fn register(
        &mut self,
        now: Instant,
        place: &Place,
        body: Map<String, Value>,
        by: String,
    ) -> Result<TaskDefinition, ApiError> {
        let family = body.get("family").and_then(Value::as_str);
        let key = (place.clone(), family.unwrap_or_default().to_owned());
        let number = self.ecs.families.get(&key).map_or(0, Vec::len) as u32 + 1;
        let definition = TaskDefinition::new(place.clone(), number, body, now, by)?;
        let family = self.ecs.families.entry(key).or_default();
        family.push(definition.clone());
        Ok(definition)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeregisterInput {
    task_definition: String,
}

pub(crate) fn deregister(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: DeregisterInput,
) -> Result<Value, ApiError> {
    if !input.task_definition.contains(':') {
        return Err(ApiError::invalid_parameter(
            "Invalid revision number. Number: null",
        ));
    }
    let found = cloud
        .ecs
        .task_definition_mut(&request.place, &input.task_definition)
        .ok_or_else(|| ApiError::client("The specified task definition does not exist."))?;
    found.deregistered_at.get_or_insert(request.now);
    Ok(json!({ "taskDefinition": found.view() }))
}
