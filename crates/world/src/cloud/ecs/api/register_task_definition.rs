//! `RegisterTaskDefinition` and `DeregisterTaskDefinition`

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Instant;
use crate::cloud::ecs::TaskDefinition;
use crate::cloud::iam::Access;
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

pub(crate) fn register_needs(
    _: &Cloud,
    request: &Request<'_>,
    body: &Map<String, Value>,
) -> Vec<Access> {
    let text = |member: &str| body.get(member).and_then(Value::as_str);
    let mut register = Access::everywhere("ecs:RegisterTaskDefinition");
    for (key, member) in [("ecs:task-cpu", "cpu"), ("ecs:task-memory", "memory")] {
        if let Some(value) = text(member) {
            register = register.with(key, value);
        }
    }
    let tags = super::tags::pairs(body.get("tags"));
    let mut needs = vec![super::tags::with_tags(register, &tags)];
    if !tags.is_empty() {
        let family = text("family").unwrap_or_default();
        let arn = request
            .place
            .arn("ecs", &format!("task-definition/{family}:*"));
        let tag =
            Access::new("ecs:TagResource", arn).with("ecs:CreateAction", "RegisterTaskDefinition");
        needs.push(super::tags::with_tags(tag, &tags));
    }
    for member in ["taskRoleArn", "executionRoleArn"] {
        if let Some(role) = text(member) {
            let arn = match role.starts_with("arn:") {
                true => role.to_owned(),
                false => format!("arn:aws:iam::{}:role/{role}", request.place.account),
            };
            let pass = Access::new("iam:PassRole", arn);
            needs.push(pass.with("iam:PassedToService", "ecs-tasks.amazonaws.com"));
        }
    }
    needs
}

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

pub(crate) fn deregister_needs(_: &Cloud, _: &Request<'_>, _: &DeregisterInput) -> Vec<Access> {
    vec![Access::everywhere("ecs:DeregisterTaskDefinition")]
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
