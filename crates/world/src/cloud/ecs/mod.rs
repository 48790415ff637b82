//! ECS on Fargate: task definitions, services, and the scheduler that keeps them.

pub(crate) mod api;
mod app;
mod configuration;
mod deployment;
mod floor;
mod lifecycle;
mod messages;
pub(crate) mod one_off;
mod revision;
mod roster;
mod scheduler;
mod service;
mod target;
mod task;
mod task_definition;
mod view;

use std::collections::BTreeMap;

pub(crate) use app::Paths;
pub use configuration::{CircuitBreaker, DeploymentConfiguration, Threshold};
pub(crate) use floor::{Floor, resolve};
pub(crate) use revision::containers_of;
pub(crate) use service::Service;
pub use service::{DeploymentSummary, Serving};
pub use target::{HealthCheck, LoadBalancer};
pub(crate) use target::{Target, TargetState};
pub(crate) use task::Task;
pub(crate) use task_definition::TaskDefinition;

use super::{ApiError, Place};
use crate::event::ServiceKey;

/// Every cluster, service and task definition of the world.
#[derive(Default, Clone)]
pub(crate) struct Ecs {
    /// Clusters by name: a name exists once in a world, whatever its account and region.
    pub(crate) clusters: BTreeMap<String, Place>,
    pub(crate) services: BTreeMap<ServiceKey, Service>,
    /// Revisions of each family, the first at 0.
    pub(crate) families: BTreeMap<(Place, String), Vec<TaskDefinition>>,
    /// Tasks of no service, in the order in which they were run.
    pub(crate) one_offs: Vec<one_off::OneOff>,
}

impl Ecs {
    /// The cluster that a request names, by name or ARN; `default` if it names none.
    pub(crate) fn cluster(&self, place: &Place, named: Option<&str>) -> Result<String, ApiError> {
        let named = named.unwrap_or("default");
        let name = last_part(named);
        let fits =
            !named.starts_with("arn:") || named == place.arn("ecs", &format!("cluster/{name}"));
        match self.clusters.get(name) {
            Some(at) if at == place && fits => Ok(name.to_owned()),
            _ => Err(ApiError::new(
                "ClusterNotFoundException",
                "Cluster not found.",
            )),
        }
    }

    /// The service that a request names, by name or ARN.
    pub(crate) fn service_key(
        &self,
        place: &Place,
        cluster: Option<&str>,
        service: &str,
    ) -> Result<ServiceKey, ApiError> {
        let cluster = self.cluster(place, cluster)?;
        let found = self.service_in(&cluster, service);
        found
            .map(|service| service.key.clone())
            .ok_or_else(|| ApiError::new("ServiceNotFoundException", "Service not found."))
    }

    /// A service of a cluster, by name or by its whole ARN.
    pub(crate) fn service_in(&self, cluster: &str, named: &str) -> Option<&Service> {
        let key = ServiceKey {
            cluster: cluster.to_owned(),
            service: last_part(named).to_owned(),
        };
        let found = self.services.get(&key)?;
        (!named.starts_with("arn:") || named == found.arn()).then_some(found)
    }

    /// A task definition by `family`, `family:revision` or ARN.
    pub(crate) fn task_definition(&self, place: &Place, named: &str) -> Option<&TaskDefinition> {
        let name = last_part(named);
        if named.starts_with("arn:") && !named.starts_with(&place.arn("ecs", "task-definition/")) {
            return None;
        }
        let (family, revision) = match name.split_once(':') {
            Some((family, revision)) => (family, Some(revision.parse::<usize>().ok()?)),
            None => (name, None),
        };
        let revisions = self.families.get(&(place.clone(), family.to_owned()))?;
        match revision {
            Some(number) => revisions.get(number.checked_sub(1)?),
            None => revisions.iter().rev().find(|revision| revision.active()),
        }
    }

    pub(crate) fn task_definition_mut(
        &mut self,
        place: &Place,
        named: &str,
    ) -> Option<&mut TaskDefinition> {
        let found = self.task_definition(place, named)?;
        let (family, revision) = (found.family.clone(), found.revision as usize);
        self.families
            .get_mut(&(place.clone(), family))?
            .get_mut(revision - 1)
    }
}

/// What follows the last `/`: the name in an ARN, or the name itself.
pub(crate) fn last_part(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}
