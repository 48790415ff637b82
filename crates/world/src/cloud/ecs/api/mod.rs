//! ECS's operations.

pub(crate) mod clusters;
pub(crate) mod describe_services;
pub(crate) mod register_task_definition;
pub(crate) mod service_deployments;
pub(crate) mod service_revisions;
pub(crate) mod stop_service_deployment;
pub(crate) mod tags;
pub(crate) mod task_definitions;
pub(crate) mod tasks;
pub(crate) mod update_service;

use crate::cloud::{ApiError, Cloud};
use crate::event::ServiceKey;

use super::Service;

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
