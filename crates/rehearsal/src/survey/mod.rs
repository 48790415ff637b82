//! What a pipeline is about, found out by watching it once: which workflow deploys where, how it
//! names its images, which settings, hosts and services it speaks of.
//!
//! The rules come first; what they leave open is learnt from a rehearsal of its own, whose world
//! begins with what the rules name and is filled up with what the workflows turn out to ask for.

mod account;
mod asked;
mod checks;
mod left_out;
mod names;
mod probe;
mod rules;
mod setting;
mod stand_ins;
mod targets;
mod task_roles;
mod taught;
mod template;
mod values;
mod variables;
mod world;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_names::{AccountId, CommitSha, EnvironmentName, ImageTag, Region};
use lockkeeper_policy::Policy;
use lockkeeper_world::app::{Behaviour, ImageFacts};
use lockkeeper_world::cloud::{ApiCaller, LifecyclePolicy};
use lockkeeper_world::event::ServiceKey;
use lockkeeper_world::outage::Api;

use crate::promises::LeftOut;
use crate::stage::Stage;

pub(crate) use account::Account;
pub(crate) use names::TagPattern;
pub(crate) use probe::survey;
pub(crate) use rules::any_account;
pub(crate) use setting::Settings;
pub(crate) use stand_ins::stand_ins;
pub(crate) use taught::Taught;
pub(crate) use world::{ADMIN_KEY, Raising, raise};
pub(crate) use written::Written;

/// The workflow that deploys to production.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProductionUse {
    pub(crate) file: String,
    /// The input that takes an image's tag.
    pub(crate) tag_input: Option<String>,
    /// Values for the inputs that must be given beside it.
    pub(crate) other_inputs: BTreeMap<String, String>,
    /// The environments that its jobs name.
    pub(crate) environments: Vec<EnvironmentName>,
}

/// Everything that was found out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Survey {
    pub(crate) policy: Policy,
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    /// The service's image repository.
    pub(crate) repository: String,
    pub(crate) repositories: BTreeSet<String>,
    pub(crate) immutable_tags: bool,
    pub(crate) staging: Option<ServiceKey>,
    pub(crate) production: Option<ProductionUse>,
    pub(crate) production_service: Option<ServiceKey>,
    /// Every service that the workflows speak of.
    pub(crate) services: BTreeSet<ServiceKey>,
    pub(crate) deploys_staging: Vec<String>,
    pub(crate) checks_pulls: Vec<String>,
    /// The lines of the workflows' own `concurrency`, by file.
    pub(crate) locks: BTreeMap<String, u32>,
    /// The contexts of the checks that a pull request's head gets.
    pub(crate) checks: Vec<String>,
    /// How an operator names the image of a commit.
    pub(crate) tag: TagPattern,
    /// Other tags that carry a commit, put on the image that serves at first too.
    pub(crate) evidence: BTreeSet<TagPattern>,
    /// Tags that stay the same from run to run, by the service whose runs push them.
    pub(crate) literal_tags: BTreeMap<ServiceKey, String>,
    pub(crate) hosts: BTreeMap<String, ServiceKey>,
    /// Task definition families that are asked for by name, with the service they are of.
    pub(crate) families: BTreeMap<String, ServiceKey>,
    /// Families that are asked for and belong to no service that is known.
    pub(crate) loose_families: BTreeSet<String>,
    pub(crate) taught: Taught,
    pub(crate) container: String,
    pub(crate) environments: BTreeSet<EnvironmentName>,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) template: template::Template,
    pub(crate) generated: bool,
    pub(crate) assumptions: Vec<String>,
    /// Why which services are staging and production, where no rule says so.
    pub(crate) targets: Vec<String>,
    pub(crate) left_out: BTreeSet<LeftOut>,
}

impl Survey {
    pub(crate) fn tag_of(&self, sha: &CommitSha) -> String {
        self.tag.of(sha)
    }

    /// The image repository of a service.
    pub(crate) fn image_of(&self, service: &ServiceKey) -> &str {
        self.taught.images.get(service).unwrap_or(&self.repository)
    }

    /// The container of a service that gets new images.
    pub(crate) fn container_of(&self, service: &ServiceKey) -> &str {
        let of_families = self
            .families
            .iter()
            .filter(|(_, of)| *of == service)
            .filter_map(|(family, _)| self.taught.of_families.get(family)?.first());
        let known = self.taught.containers.get(service);
        known
            .into_iter()
            .chain(of_families)
            .next()
            .unwrap_or(&self.container)
    }

    /// The lifecycle policy of the service's image repository.
    pub(crate) fn lifecycle(&self) -> Option<&str> {
        let repository = self.template.repositories.get(&self.repository)?;
        repository.lifecycle.as_deref()
    }

    /// What the world holds because of the survey: while this changes, another look is needed.
    fn world(&self) -> impl PartialEq + use<> {
        (
            self.services.clone(),
            self.repositories.clone(),
            self.literal_tags.clone(),
            self.hosts.clone(),
            self.families.clone(),
            self.loose_families.clone(),
            self.taught.clone(),
            self.repository.clone(),
        )
    }

    /// What a reader must know to believe the verdicts.
    pub(crate) fn assumptions(&self) -> Vec<String> {
        let mut lines = self.assumptions.clone();
        lines.extend(self.targets.iter().cloned());
        lines.extend(self.template.doubts());
        let lifecycle = self.lifecycle().map(LifecyclePolicy::parse);
        if let Some(Err(error)) = lifecycle {
            lines.push(format!(
                "images of {} do not expire here: {}",
                self.repository, error.message
            ));
        }
        for (service, tag) in &self.literal_tags {
            lines.push(format!(
                "the task definition of {}/{} names the tag `{tag}`, which the workflow pushes",
                service.cluster, service.service
            ));
        }
        for service in &self.services {
            if !self.literal_tags.contains_key(service) {
                lines.push(format!("the task definition of {}/{} names a digest, since no workflow pushes a tag of its own for it", service.cluster, service.service));
            }
        }
        for (host, service) in &self.hosts {
            lines.push(format!(
                "https://{host} leads to {}/{}",
                service.cluster, service.service
            ));
        }
        if let Some(production) = &self.production
            && let Some(input) = &production.tag_input
        {
            lines.push(format!(
                "`{input}` of {} takes a tag such as `{}`",
                production.file,
                self.tag_of(&example())
            ));
        }
        lines.push(format!(
            "tags of the image repository {} {}",
            self.repository,
            if self.immutable_tags {
                "are immutable, as the template says"
            } else {
                "can move: no template says otherwise"
            }
        ));
        lines
    }

    pub(crate) fn health_path(&self) -> &str {
        self.policy
            .services
            .first()
            .and_then(|service| service.health_path.as_ref())
            .map_or("/health", |path| path.as_str())
    }

    pub(crate) fn readiness_path(&self) -> &str {
        self.policy
            .services
            .first()
            .and_then(|service| service.readiness_path.as_ref())
            .map_or("/ready", |path| path.as_str())
    }
}

/// Somebody pushes an image that no pipeline built under a tag, deleting the tag first where tags
/// cannot move.
pub(crate) fn stray_image(stage: &mut Stage, survey: &Survey, sha: &CommitSha, tag: &str) {
    let (Ok(tag), Ok(repository)) = (tag.parse::<ImageTag>(), survey.repository.parse()) else {
        return;
    };
    let now = stage.now();
    let facts = ImageFacts {
        commit: Some(sha.clone()),
        behaviour: Behaviour::Healthy,
        vulnerable: false,
    };
    let place = stage.world.cloud.home().clone();
    let world = &mut stage.world;
    let caller = ApiCaller {
        access_key: Some(world::ADMIN_KEY.to_owned()),
        ..ApiCaller::default()
    };
    let input = serde_json::json!({ "repositoryName": survey.repository, "imageIds": [{ "imageTag": tag }] });
    let _ = world.cloud.call(
        now,
        &mut world.log,
        &caller,
        Api::Ecr,
        "BatchDeleteImage",
        &input,
    );
    world
        .cloud
        .put_image(
            now,
            &mut world.log,
            &place,
            &repository,
            &[tag],
            &format!("laptop {now}"),
            facts,
        )
        .ok();
}

fn example() -> CommitSha {
    CommitSha::parse("0123456789abcdef0123456789abcdef01234567")
        .expect("forty hexadecimal digits are a commit")
}
