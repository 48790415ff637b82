//! `StopServiceDeployment`

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud::agenda::Due;
use crate::cloud::ecs::deployment::Stage;
use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Input {
    service_deployment_arn: String,
    stop_type: Option<String>,
}

pub(crate) fn needs(_: &Cloud, _: &Request<'_>, input: &Input) -> Vec<Access> {
    super::of_part("ecs:StopServiceDeployment", &input.service_deployment_arn)
}

pub(crate) fn handle(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: Input,
) -> Result<Value, ApiError> {
    match input.stop_type.as_deref() {
        None | Some("ROLLBACK") => {}
        Some(other) => {
            return Err(ApiError::invalid_parameter(format!(
                "stopType {other} is not supported; the only valid value is ROLLBACK"
            )));
        }
    }
    let arn = &input.service_deployment_arn;
    let found = cloud
        .ecs
        .services
        .iter()
        .filter(|(_, service)| service.place == request.place)
        .find_map(|(key, service)| {
            let at = service
                .service_deployments
                .iter()
                .position(|it| it.arn == *arn)?;
            Some((key.clone(), at))
        });
    let (key, at) = found.ok_or_else(|| {
        ApiError::new(
            "ServiceDeploymentNotFoundException",
            "The service deployment was not found.",
        )
    })?;
    let (service, mut floor) = cloud.on_floor(&key, request.now, request.log, request.source);
    let service = service.ok_or_else(super::gone)?;
    match service.service_deployments[at].status {
        Stage::Pending | Stage::InProgress => {
            let back = service.last_completed.is_some();
            let it = &mut service.service_deployments[at];
            it.status = match back {
                true => Stage::RollbackRequested,
                false => Stage::StopRequested,
            };
            it.updated_at = floor.now;
            floor.at(
                floor.now + floor.durations.service_update,
                &key,
                Due::Stop(at),
            );
        }
        Stage::RollbackRequested | Stage::StopRequested => {}
        status => {
            return Err(ApiError::new(
                "ConflictException",
                format!(
                    "The service deployment is {} and cannot be stopped.",
                    status.name()
                ),
            ));
        }
    }
    Ok(json!({ "serviceDeploymentArn": arn }))
}
