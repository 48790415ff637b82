//! What a run that was watched teaches of services: their container, and the repository that their
//! image comes from.

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_world::cloud::ApiCaller;
use lockkeeper_world::event::{Event, ServiceKey, What};
use lockkeeper_world::ids::{JobId, RunId};
use lockkeeper_world::outage::Api;

use super::asked::{Asked, asked_for};
use super::world::ADMIN_KEY;
use crate::stage::Stage;

/// What was learnt.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Taught {
    /// The container of each service that gets new images.
    pub(crate) containers: BTreeMap<ServiceKey, String>,
    /// The containers that task definitions are asked to have, by family.
    pub(crate) of_families: BTreeMap<String, BTreeSet<String>>,
    /// The service that is updated to a family's revisions.
    pub(crate) families: BTreeMap<String, ServiceKey>,
    /// The ECR repository of each service's image.
    pub(crate) images: BTreeMap<ServiceKey, String>,
}

impl Taught {
    /// Takes in what a watched story shows. What is known stays.
    pub(super) fn learn(&mut self, stage: &mut Stage) {
        let events = stage.world.log.events().to_vec();
        self.learn_families(&events);
        self.learn_containers(stage, &events);
        self.learn_images(&events);
    }

    /// A job that reads a family and then puts an image into a container means one of that family.
    fn learn_families(&mut self, events: &[Event]) {
        let mut read: BTreeMap<JobId, String> = BTreeMap::new();
        for event in events {
            let Some(caller) = event.caller else { continue };
            match &event.what {
                What::Command { argv, exit_code } => {
                    for asked in asked_for(argv, *exit_code) {
                        if let Asked::Family(family) = asked {
                            read.insert(caller.job, family);
                        }
                    }
                }
                What::ContainerNamed { container, family } => {
                    let family = family.as_ref().or_else(|| read.get(&caller.job));
                    if let Some(family) = family {
                        let containers = self.of_families.entry(family.clone()).or_default();
                        containers.insert(container.clone());
                    }
                }
                _ => {}
            }
        }
    }

    /// A service that is updated to a revision has the container whose image its job has changed,
    /// else that revision's first.
    fn learn_containers(&mut self, stage: &mut Stage, events: &[Event]) {
        let mut named: BTreeMap<JobId, &String> = BTreeMap::new();
        for event in events {
            let Some(caller) = event.caller else { continue };
            match &event.what {
                What::ContainerNamed { container, .. } => {
                    named.entry(caller.job).or_insert(container);
                }
                What::Command { argv, exit_code } => {
                    let Some((service, definition)) = updated(&asked_for(argv, *exit_code)) else {
                        continue;
                    };
                    let container = match named.get(&caller.job) {
                        Some(container) => Some((*container).clone()),
                        None => first_container(stage, &definition),
                    };
                    if let Some(container) = container {
                        self.containers.insert(service.clone(), container);
                    }
                    let family = definition.split(':').next().unwrap_or_default();
                    self.families.insert(family.to_owned(), service);
                }
                _ => {}
            }
        }
    }

    /// The image of a service is the one that its deployment runs, else what its run pushed.
    fn learn_images(&mut self, events: &[Event]) {
        let mut pushed: BTreeMap<RunId, BTreeSet<&str>> = BTreeMap::new();
        let mut of_job: BTreeMap<JobId, &str> = BTreeMap::new();
        let mut holds: BTreeMap<_, &str> = BTreeMap::new();
        for event in events {
            match (&event.what, event.caller) {
                (
                    What::TagPut {
                        repository, digest, ..
                    },
                    Some(caller),
                ) => {
                    holds.insert(digest.clone(), repository);
                    pushed.entry(caller.run).or_default().insert(repository);
                    of_job.insert(caller.job, repository);
                }
                (What::ServiceUpdated { service, .. }, Some(caller)) => {
                    let only = pushed
                        .get(&caller.run)
                        .filter(|pushed| pushed.len() == 1)
                        .and_then(|pushed| pushed.first().copied());
                    let image = of_job.get(&caller.job).copied().or(only);
                    if let Some(repository) = image {
                        self.images.insert(service.clone(), repository.to_owned());
                    }
                }
                (
                    What::DeploymentStarted {
                        service,
                        digests,
                        rollback: false,
                        ..
                    },
                    _,
                ) => {
                    let image = digests.first().and_then(|digest| holds.get(digest));
                    if let Some(repository) = image {
                        self.images
                            .insert(service.clone(), (*repository).to_owned());
                    }
                }
                _ => {}
            }
        }
    }
}

/// The service that a command updates, and the task definition that it gets.
fn updated(asked: &[Asked]) -> Option<(ServiceKey, String)> {
    let service = asked.iter().find_map(|asked| match asked {
        Asked::Service(service) => Some(service.clone()),
        _ => None,
    })?;
    let definition = asked.iter().find_map(|asked| match asked {
        Asked::Revision(definition) | Asked::Family(definition) => Some(definition),
        _ => None,
    })?;
    Some((service, family(definition).to_owned()))
}

/// What an ARN is behind its place, where a masked region may stand.
fn family(definition: &str) -> &str {
    definition.rsplit('/').next().unwrap_or(definition)
}

/// The name of the first container of a task definition that exists.
fn first_container(stage: &mut Stage, definition: &str) -> Option<String> {
    let now = stage.now();
    let world = &mut stage.world;
    let caller = ApiCaller {
        access_key: Some(ADMIN_KEY.to_owned()),
        ..ApiCaller::default()
    };
    let input = serde_json::json!({ "taskDefinition": definition });
    let answer = world.cloud.call(
        now,
        &mut world.log,
        &caller,
        Api::Ecs,
        "DescribeTaskDefinition",
        &input,
    );
    let answer = answer.result.ok()?;
    let name = answer["taskDefinition"]["containerDefinitions"][0]["name"].as_str()?;
    Some(name.to_owned())
}
