//! What exists before a story begins.

use std::time::Duration;

use lockkeeper_names::{
    AccountId, ClusterName, ImageDigest, ImageTag, RepositoryName, ServiceName,
};
use serde_json::{Map, Value};

use super::ecr::{Image, Lifecycle};
use super::ecs::{LoadBalancer, Paths, Service, containers_of};
use super::iam::Principal;
use super::request::Request;
use super::{ApiError, Cloud, DeploymentConfiguration, Manifest, Mutability, Place, Role, mint};
use crate::app::ImageFacts;
use crate::event::ServiceKey;
use crate::outage::Api;
use crate::{Instant, Log};

/// A service that has run for long.
#[derive(Debug, Clone)]
pub struct ServiceSetup {
    pub place: Place,
    pub cluster: ClusterName,
    pub name: ServiceName,
    /// `family`, `family:revision` or ARN.
    pub task_definition: String,
    pub desired_count: u32,
    pub deployment: DeploymentConfiguration,
    /// Without one, running tasks are in service.
    pub load_balancer: Option<LoadBalancer>,
    /// How long the load balancer's verdict on a new task is ignored.
    pub grace_period: Duration,
    /// The path on which the application says that it lives.
    pub health_path: String,
    /// The path on which the application says that it can serve.
    pub readiness_path: String,
}

impl ServiceSetup {
    /// Two tasks on `/health` and `/ready`, no load balancer, ECS's defaults otherwise, circuit
    /// breaker and rollback on.
    pub fn new(
        place: Place,
        cluster: ClusterName,
        name: ServiceName,
        task_definition: impl Into<String>,
    ) -> Self {
        Self {
            place,
            cluster,
            name,
            task_definition: task_definition.into(),
            desired_count: 2,
            deployment: DeploymentConfiguration::default(),
            load_balancer: None,
            grace_period: Duration::ZERO,
            health_path: "/health".to_owned(),
            readiness_path: "/ready".to_owned(),
        }
    }

    pub fn key(&self) -> ServiceKey {
        ServiceKey {
            cluster: self.cluster.to_string(),
            service: self.name.to_string(),
        }
    }
}

impl Cloud {
    /// Registers a task definition (the members of `RegisterTaskDefinition`); answers its ARN.
    pub fn create_task_definition(
        &mut self,
        now: Instant,
        place: &Place,
        definition: &Value,
    ) -> Result<String, ApiError> {
        let body: Map<String, Value> = match definition {
            Value::Object(members) => members.clone(),
            _ => return Err(ApiError::client("A task definition is a structure.")),
        };
        let by = format!("arn:aws:iam::{}:root", place.account);
        let definition = self.register(now, place, body, by)?;
        Ok(definition.arn())
    }

    /// A cluster; [`Cloud::create_service`] makes the one that it needs.
    pub fn create_cluster(&mut self, place: &Place, name: &ClusterName) -> Result<(), ApiError> {
        let clusters = &mut self.ecs.clusters;
        let at = clusters
            .entry(name.to_string())
            .or_insert_with(|| place.clone());
        match at == place {
            true => Ok(()),
            false => Err(ApiError::not_modelled(format!(
                "two clusters named `{name}` in different accounts or regions"
            ))),
        }
    }

    /// A service whose first deployment has completed: all of its tasks are in service now.
    pub fn create_service(
        &mut self,
        now: Instant,
        log: &mut Log,
        setup: ServiceSetup,
    ) -> Result<ServiceKey, ApiError> {
        self.create_cluster(&setup.place, &setup.cluster)?;
        let key = setup.key();
        if self.ecs.services.contains_key(&key) {
            return Err(ApiError::invalid_parameter(
                "Creation of service was not idempotent.",
            ));
        }
        let definition = self
            .ecs
            .task_definition(&setup.place, &setup.task_definition)
            .cloned()
            .ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
        let load_balancer = setup.load_balancer.map(|mut balancer| {
            let name = balancer.target_group.split(":targetgroup/").last();
            let name = name.and_then(|rest| rest.split('/').next());
            balancer.target_group = name.unwrap_or_default().to_owned();
            balancer
        });
        let behind = load_balancer.as_ref().map(|b| b.container.clone());
        if let Some(name) = &behind
            && !definition.containers.iter().any(|c| c.name == *name)
        {
            return Err(ApiError::invalid_parameter(format!(
                "The container {name} does not exist in the task definition."
            )));
        }
        let paths = Paths {
            health: setup.health_path,
            readiness: setup.readiness_path,
        };
        let service = Service::new(
            key.clone(),
            setup.place,
            (setup.desired_count, setup.deployment),
            (load_balancer, setup.grace_period),
            paths,
            now,
        );
        let mut service = service;
        let network = serde_json::json!({ "awsvpcConfiguration": {
            "subnets": ["subnet-0a1b2c3d4e5f60718", "subnet-1b2c3d4e5f607182a"],
            "securityGroups": ["sg-0c1d2e3f405162738"],
            "assignPublicIp": "DISABLED",
        } });
        service
            .settings
            .insert("networkConfiguration".into(), network);
        self.ecs.services.insert(key.clone(), service);
        let (service, mut floor) = self.on_floor(&key, now, log, None);
        let service = service.ok_or_else(|| ApiError::client("Service not found."))?;
        let containers = containers_of(&definition, behind.as_deref(), &floor);
        if let Some(missing) = containers
            .iter()
            .find(|c| c.digest.is_none() && !c.floating)
        {
            let error = format!("{} names no image", missing.image);
            self.ecs.services.remove(&key);
            return Err(ApiError::client(error));
        }
        let revision = service.add_revision(&mut floor, definition.arn(), containers);
        service.establish_all(&mut floor, revision);
        Ok(key)
    }

    /// Lets a host name lead to a service.
    pub fn create_route(&mut self, host: &str, service: &ServiceKey) {
        let host = host.to_ascii_lowercase();
        self.routes.insert(host, service.clone());
    }

    /// An ECR repository.
    pub fn create_repository(
        &mut self,
        now: Instant,
        place: &Place,
        name: &RepositoryName,
        mutability: Mutability,
    ) -> Result<(), ApiError> {
        self.ecr
            .create(place.clone(), name.clone(), mutability, now)
    }

    /// A repository's lifecycle policy (JSON), and whether images are scanned when pushed.
    pub fn configure_repository(
        &mut self,
        place: &Place,
        name: &RepositoryName,
        lifecycle_policy: Option<String>,
        scan_on_push: bool,
        now: Instant,
    ) -> Result<(), ApiError> {
        let lifecycle = lifecycle_policy.map(|text| Lifecycle::new(text, now));
        let lifecycle = lifecycle.transpose()?;
        let repository = self.ecr.repository_mut(place, name.as_str())?;
        repository.lifecycle = lifecycle;
        repository.scan_on_push = scan_on_push;
        Ok(())
    }

    /// Puts an image made from `seed` (another seed, another digest) under all of `tags`.
    #[expect(clippy::too_many_arguments, reason = "each is one fact of the image")]
    pub fn put_image(
        &mut self,
        now: Instant,
        log: &mut Log,
        place: &Place,
        repository: &RepositoryName,
        tags: &[ImageTag],
        seed: &str,
        facts: ImageFacts,
    ) -> Result<ImageDigest, ApiError> {
        let commit = facts.commit.as_ref().map(ToString::to_string);
        let config = serde_json::json!({
            "architecture": "amd64",
            "os": "linux",
            "config": { "Labels": { "org.opencontainers.image.revision": commit, "seed": seed } },
        })
        .to_string()
        .into_bytes();
        let manifest = Manifest::build(seed, &config);
        let digest = manifest.digest().clone();
        self.images.insert(digest.clone(), facts);
        let mut names: Vec<Option<&ImageTag>> = tags.iter().map(Some).collect();
        if names.is_empty() {
            names.push(None);
        }
        for tag in names {
            let image = Image {
                manifest: manifest.clone(),
                config: Some(config.clone()),
                pushed_at: now,
            };
            let held = self.ecr.repository_mut(place, repository.as_str())?;
            let (_, put) = held.put(image, tag.cloned())?;
            let mut request = Request {
                now,
                log,
                source: None,
                api: Api::Ecr,
                place: place.clone(),
                principal: Principal::nobody(&place.account),
                access_key: String::new(),
            };
            self.report_put(&mut request, repository.as_str(), &digest, tag, &put);
        }
        Ok(digest)
    }

    /// A user's static access key, which may do everything in `account`. Answers its id.
    pub fn create_access_key(&mut self, account: &AccountId, user: &str) -> String {
        let key = format!("AKIA{}", self.mint.letters("access key", 16, mint::BASE32));
        self.use_access_key(account, user, &key);
        key
    }

    /// As [`Cloud::create_access_key`], with an id that is given.
    pub fn use_access_key(&mut self, account: &AccountId, user: &str, key: &str) {
        let principal = Principal::User {
            account: account.clone(),
            name: user.to_owned(),
            id: format!("AIDA{}", self.mint.letters("user", 17, mint::BASE32)),
        };
        self.iam.add_key(key.to_owned(), principal, None);
    }

    /// Lets an account know GitHub's OIDC provider and accept tokens for these audiences.
    pub fn trust_github(&mut self, account: &AccountId, audiences: &[&str]) {
        let audiences = audiences.iter().map(|a| (*a).to_owned()).collect();
        self.iam.add_provider(account.clone(), audiences);
    }

    /// A role that others may take on as its trust policy allows.
    pub fn create_role(&mut self, role: Role) {
        let id = format!("AROA{}", self.mint.letters("role", 17, mint::BASE32));
        self.iam.add_role(role, id);
    }
}
