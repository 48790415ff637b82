//! ECS's operations.

pub(crate) mod clusters;
pub(crate) mod describe_services;
pub(crate) mod register_task_definition;
pub(crate) mod run_task;
pub(crate) mod service_deployments;
pub(crate) mod service_revisions;
pub(crate) mod stop_service_deployment;
pub(crate) mod tags;
pub(crate) mod task_definitions;
pub(crate) mod tasks;
pub(crate) mod update_service;

use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};
use crate::event::ServiceKey;

use super::{Service, last_part};

impl Cloud {
    /// A service that [`super::Ecs::service_key`] found.
    fn held(&self, key: &ServiceKey) -> Result<&Service, ApiError> {
        self.ecs.services.get(key).ok_or_else(gone)
    }
}

fn gone() -> ApiError {
    ApiError::new("ServiceNotFoundException", "Service not found.")
}

/// The value of `include`, of which only `TAGS` exists.
fn includes_tags(include: Option<&[String]>) -> Result<bool, ApiError> {
    let include = include.unwrap_or_default();
    match include.iter().find(|one| *one != "TAGS") {
        Some(other) => Err(ApiError::invalid_parameter(format!(
            "include contains an unknown value: {other}"
        ))),
        None => Ok(!include.is_empty()),
    }
}

/// The ARN of a cluster that a request names by name or ARN; of `default` if it names none.
fn cluster_arn(request: &Request<'_>, named: Option<&str>) -> String {
    match named {
        Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
        named => {
            let name = named.unwrap_or("default");
            request.place.arn("ecs", &format!("cluster/{name}"))
        }
    }
}

/// An action on a service that a request names by name or ARN.
fn of_service(
    action: &'static str,
    request: &Request<'_>,
    cluster: Option<&str>,
    service: &str,
) -> Access {
    let cluster = cluster_arn(request, cluster);
    let arn = match service.starts_with("arn:") {
        true => service.to_owned(),
        false => {
            let cluster = last_part(&cluster);
            request
                .place
                .arn("ecs", &format!("service/{cluster}/{service}"))
        }
    };
    Access::new(action, arn).with("ecs:cluster", cluster)
}

/// An action on something of a service (`service-deployment/…`, `service-revision/…`), which is
/// an action on the service too.
fn of_part(action: &'static str, arn: &str) -> Vec<Access> {
    let mut segments = arn.splitn(6, ':');
    let place: Vec<&str> = segments.by_ref().take(5).collect();
    let resource: Vec<&str> = segments.next().unwrap_or_default().split('/').collect();
    let [_, cluster, service, ..] = resource[..] else {
        return vec![Access::new(action, arn)];
    };
    let place = place.join(":");
    let service = format!("{place}:service/{cluster}/{service}");
    let cluster = format!("{place}:cluster/{cluster}");
    vec![
        Access::new(action, service.clone()).with("ecs:cluster", cluster.clone()),
        Access::new(action, arn)
            .with("ecs:cluster", cluster)
            .with("ecs:service", service),
    ]
}
