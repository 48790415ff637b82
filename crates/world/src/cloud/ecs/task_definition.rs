//! Task definitions as they were registered.

use serde_json::{Map, Value, json};

use crate::Instant;
use crate::cloud::{ApiError, Place, timestamp};

#[derive(Debug, Clone)]
pub(crate) struct ContainerSpec {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) essential: bool,
    /// A tag is resolved once per deployment, so that all of its tasks run the same bytes.
    pub(crate) version_consistency: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct TaskDefinition {
    pub(crate) place: Place,
    pub(crate) family: String,
    pub(crate) revision: u32,
    pub(crate) containers: Vec<ContainerSpec>,
    /// As registered, with the defaults that ECS fills in; without `tags`.
    body: Map<String, Value>,
    pub(crate) tags: Vec<Value>,
    registered_at: Instant,
    registered_by: String,
    pub(crate) deregistered_at: Option<Instant>,
}

impl TaskDefinition {
    /// Checks what is to be registered, and fills in ECS's defaults.
    pub(crate) fn new(
        place: Place,
        revision: u32,
        mut body: Map<String, Value>,
        now: Instant,
        by: String,
    ) -> Result<Self, ApiError> {
        let family = body
            .get("family")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if family.is_empty() || family.len() > 255 || !family.bytes().all(plain) {
            return Err(ApiError::client(
                "Family contains invalid characters when it should only contain letters, numbers, hyphens, and underscores.",
            ));
        }
        let tags = match body.shift_remove("tags") {
            Some(Value::Array(tags)) => tags,
            _ => Vec::new(),
        };
        let containers = match body.get_mut("containerDefinitions") {
            Some(Value::Array(definitions)) if !definitions.is_empty() => definitions
                .iter_mut()
                .map(container)
                .collect::<Result<Vec<_>, _>>()?,
            _ => return Err(ApiError::client("Container list cannot be empty.")),
        };
        if !containers.iter().any(|c| c.essential) {
            return Err(ApiError::client(
                "Invalid setting for container. At least one container must be essential.",
            ));
        }
        for (at, container) in containers.iter().enumerate() {
            if containers[..at].iter().any(|c| c.name == container.name) {
                return Err(ApiError::client(format!(
                    "Container name '{}' is used more than once.",
                    container.name
                )));
            }
        }
        let fargate = body
            .get("requiresCompatibilities")
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(|one| one == "FARGATE"));
        if fargate {
            for member in ["cpu", "memory"] {
                if !body.contains_key(member) {
                    return Err(ApiError::client(format!(
                        "Fargate requires that '{member}' be defined at the task level."
                    )));
                }
            }
            if body.get("networkMode").and_then(Value::as_str) != Some("awsvpc") {
                return Err(ApiError::client(
                    "Fargate only supports network mode 'awsvpc'.",
                ));
            }
            let ecr = containers.iter().any(|c| c.image.contains(".dkr.ecr."));
            if ecr && !body.contains_key("executionRoleArn") {
                return Err(ApiError::client(
                    "Fargate requires task definition to have execution role ARN to support ECR images.",
                ));
            }
        }
        for member in ["volumes", "placementConstraints"] {
            body.entry(member).or_insert_with(|| json!([]));
        }
        Ok(Self {
            place,
            family,
            revision,
            containers,
            body,
            tags,
            registered_at: now,
            registered_by: by,
            deregistered_at: None,
        })
    }

    pub(crate) fn arn(&self) -> String {
        let resource = format!("task-definition/{}:{}", self.family, self.revision);
        self.place.arn("ecs", &resource)
    }

    pub(crate) fn active(&self) -> bool {
        self.deregistered_at.is_none()
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.body.get(name)
    }

    pub(crate) fn view(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("taskDefinitionArn".into(), self.arn().into());
        for (member, value) in &self.body {
            shown.insert(member.clone(), value.clone());
        }
        shown.insert("revision".into(), self.revision.into());
        let status = if self.active() { "ACTIVE" } else { "INACTIVE" };
        shown.insert("status".into(), status.into());
        shown.insert(
            "requiresAttributes".into(),
            json!([
                { "name": "com.amazonaws.ecs.capability.docker-remote-api.1.18" },
                { "name": "ecs.capability.task-eni" },
            ]),
        );
        shown.insert("compatibilities".into(), json!(["EC2", "FARGATE"]));
        let at = timestamp::write(self.registered_at);
        shown.insert("registeredAt".into(), at.into());
        shown.insert("registeredBy".into(), self.registered_by.clone().into());
        if let Some(at) = self.deregistered_at {
            shown.insert("deregisteredAt".into(), timestamp::write(at).into());
        }
        shown.into()
    }
}

fn container(definition: &mut Value) -> Result<ContainerSpec, ApiError> {
    let members = definition
        .as_object_mut()
        .ok_or_else(|| ApiError::client("Container definition is not a structure."))?;
    let text = |members: &Map<String, Value>, name: &str| {
        let text = members.get(name).and_then(Value::as_str).unwrap_or("");
        match text {
            "" => Err(ApiError::client(format!(
                "Container.{name} should not be null or empty."
            ))),
            text => Ok(text.to_owned()),
        }
    };
    let (name, image) = (text(members, "name")?, text(members, "image")?);
    if image.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(ApiError::client(
            "Container.image contains invalid characters.",
        ));
    }
    let defaults = [
        ("cpu", json!(0)),
        ("portMappings", json!([])),
        ("essential", json!(true)),
        ("environment", json!([])),
        ("mountPoints", json!([])),
        ("volumesFrom", json!([])),
        ("systemControls", json!([])),
    ];
    for (member, value) in defaults {
        members.entry(member).or_insert(value);
    }
    if let Some(Value::Array(ports)) = members.get_mut("portMappings") {
        for port in ports.iter_mut().filter_map(Value::as_object_mut) {
            if let Some(number) = port.get("containerPort").cloned() {
                port.entry("hostPort").or_insert(number);
            }
            port.entry("protocol").or_insert_with(|| json!("tcp"));
        }
    }
    Ok(ContainerSpec {
        name,
        image,
        essential: members["essential"].as_bool().unwrap_or(true),
        version_consistency: members.get("versionConsistency") != Some(&json!("disabled")),
    })
}
