//! Raises the world in which a story begins: what the survey found, serving a healthy earlier
//! image.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lockkeeper_names::{ClusterName, ImageDigest, ImageTag, RepositoryName, RoleName, ServiceName};
use lockkeeper_world::app::{Behaviour, ImageFacts};
use lockkeeper_world::clock::START;
use lockkeeper_world::cloud::{
    Cloud, HealthCheck, LoadBalancer, Mutability, Permissions, Place, Role, ServiceSetup,
};
use lockkeeper_world::event::{ServiceKey, What};
use lockkeeper_world::hub::{Hub, RepositorySpec, Visibility};
use lockkeeper_world::oidc::ISSUER;
use lockkeeper_world::{Durations, World};
use serde_json::json;

use super::Survey;
use super::setting::Settings;
use crate::cast::{self, DEVELOPER};
use crate::engine::{Engine, EngineError, Options};
use crate::real::RealTool;
use crate::repository::Repository;
use crate::stage::{Library, Properties, Stage};

pub(super) const OWNER_ID: u64 = 4_100;
pub(super) const REPOSITORY_ID: u64 = 7_200;
/// An administrator's static access key, for what people do past the pipeline.
pub(crate) const ADMIN_KEY: &str = "AKIALOCKKEEPERADMIN0";
const PORT: u16 = 3000;

/// How worlds are raised in one rehearsal.
#[derive(Debug, Clone)]
pub(crate) struct Raising {
    pub(crate) executable: PathBuf,
    pub(crate) no_sandbox: bool,
    /// The workflows are somebody else's.
    pub(crate) strangers: bool,
    pub(crate) seed: u64,
    /// The processor that the story's processes share.
    pub(crate) processor: Option<usize>,
    /// Roles trust every run and may do everything: to see what a pipeline asks for, whether it is
    /// allowed or not.
    pub(crate) permissive: bool,
    /// Installed programs that run in the place of modelled tools.
    pub(crate) real: Vec<RealTool>,
    pub(crate) durations: Durations,
}

pub(crate) fn raise(
    survey: &Survey,
    settings: Settings,
    checks: &[String],
    repository: &Arc<Repository>,
    library: &Library,
    raising: &Raising,
) -> Result<Stage, EngineError> {
    let engine = Engine::new(Options {
        executable: raising.executable.clone(),
        no_sandbox: raising.no_sandbox,
        strangers: raising.strangers,
        patience: Duration::from_secs(20),
        processor: raising.processor,
        real: raising.real.clone(),
    })?;
    // Nobody says of strangers' repositories whether their tokens need `contents: read`.
    let visibility = match raising.strangers {
        true => Visibility::Public,
        false => Visibility::Private,
    };
    let hub = hub(survey, settings, checks, repository, visibility);
    let place = Place {
        account: survey.account.clone(),
        region: survey.region.clone(),
    };
    let mut world = World::new(hub, Cloud::new(place.clone()));
    world.set_durations(raising.durations);
    let digest = registry(survey, repository, &place, &mut world);
    identities(survey, repository, &place, &mut world, raising.permissive);
    if let Some(digest) = digest {
        services(survey, &place, &digest, &mut world);
    }
    let mut stage = Stage::new(Properties {
        world,
        engine,
        repository: repository.clone(),
        commits: cast::commits(repository),
        secrets: survey.secrets.clone(),
        seed: raising.seed,
        library: library.clone(),
    });
    stage.tell_workflows(&repository.root);
    Ok(stage)
}

fn hub(
    survey: &Survey,
    settings: Settings,
    checks: &[String],
    repository: &Repository,
    visibility: Visibility,
) -> Hub {
    let spec = RepositorySpec {
        slug: repository.slug.clone(),
        repository_id: REPOSITORY_ID,
        owner_id: OWNER_ID,
        visibility,
        default_branch: repository.branch.clone(),
        root: repository.root.clone(),
        created_after_immutable_ids: true,
    };
    let mut hub = Hub::new(spec, survey.settings(settings, checks));
    let touched = cast::touched(&repository.files);
    let mut left: Vec<_> = repository.changes().collect();
    // Parents first, whatever their names.
    while !left.is_empty() {
        let before = left.len();
        left.retain(|(sha, change)| {
            let parent = match &change.parent {
                Some(name) => repository.change(name).cloned(),
                None => Some(repository.root.clone()),
            };
            let known = parent
                .as_ref()
                .is_some_and(|parent| hub.commit(parent).is_some());
            if let (true, Some(parent)) = (known, parent) {
                hub.add_commit(
                    (*sha).clone(),
                    vec![parent],
                    cast::login(DEVELOPER),
                    change.message.clone(),
                    vec![touched.clone()],
                )
                .ok();
            }
            !known
        });
        if left.len() == before {
            break;
        }
    }
    hub
}

/// Image repositories, and the image that serves when the story begins.
fn registry(
    survey: &Survey,
    repository: &Repository,
    place: &Place,
    world: &mut World,
) -> Option<ImageDigest> {
    let mutability = if survey.immutable_tags {
        Mutability::Immutable
    } else {
        Mutability::Mutable
    };
    for name in &survey.repositories {
        if let Ok(name) = RepositoryName::parse(name) {
            world
                .cloud
                .create_repository(START, place, &name, mutability.clone())
                .ok();
            let text = survey.template.repositories.get(name.as_str());
            let text = text.and_then(|repository| repository.lifecycle.clone());
            if let Some(text) = text {
                let configured = world.cloud.configure_repository(
                    place,
                    &name,
                    Some(text.clone()),
                    false,
                    START,
                );
                if configured.is_ok() {
                    let what = What::LifecycleKnown {
                        repository: name.to_string(),
                        policy: text,
                    };
                    world.log.push(START, None, what);
                }
            }
        }
    }
    let mut tags = vec![survey.tag.of(&repository.root)];
    tags.extend(
        survey
            .evidence
            .iter()
            .map(|pattern| pattern.of(&repository.root)),
    );
    tags.extend(survey.literal_tags.values().cloned());
    let tags: Vec<ImageTag> = tags.iter().filter_map(|tag| tag.parse().ok()).collect();
    let facts = ImageFacts {
        commit: Some(repository.root.clone()),
        behaviour: Behaviour::Healthy,
        vulnerable: false,
    };
    let images: BTreeSet<&String> = survey.taught.images.values().collect();
    let others = images
        .into_iter()
        .filter(|name| **name != survey.repository);
    let mut digest = None;
    for name in others.chain([&survey.repository]) {
        let Ok(name) = RepositoryName::parse(name) else {
            continue;
        };
        let put = world.cloud.put_image(
            START,
            &mut world.log,
            place,
            &name,
            &tags,
            "before the story",
            facts.clone(),
        );
        digest = put.ok();
    }
    digest
}

fn identities(
    survey: &Survey,
    repository: &Repository,
    place: &Place,
    world: &mut World,
    permissive: bool,
) {
    let cloud = &mut world.cloud;
    cloud.use_access_key(&place.account, "administrator", ADMIN_KEY);
    for (name, value) in &survey.secrets {
        if value.starts_with("AKIA") {
            cloud.use_access_key(
                &place.account,
                &name.to_ascii_lowercase().replace('_', "-"),
                value,
            );
        }
    }
    cloud.trust_github(&place.account, &["sts.amazonaws.com"]);
    let mut known = std::collections::BTreeSet::new();
    let judged = match permissive {
        true => &[][..],
        false => &survey.template.roles,
    };
    for role in judged {
        let Ok(name) = RoleName::parse(&role.name) else {
            continue;
        };
        known.insert(role.name.clone());
        let mut made = Role::new(place.account.clone(), name, role.trust.to_string());
        made.max_session = Duration::from_secs(role.max_session.min(12 * 3600));
        if let Some(policies) = role.policies() {
            made.permissions = Permissions::Policies(policies);
            let what = What::RoleKnown {
                role: made.arn(),
                trust: role.trust.clone(),
                policies: role.policies.clone(),
                boundary: role.boundary.clone(),
            };
            world.log.push(START, None, what);
        }
        cloud.create_role(made);
    }
    // Roles that workflows name and no template makes trust any run of this repository.
    let made = survey.template.roles.iter().map(|role| role.name.clone());
    let others = roles_named(survey, repository).into_iter().chain(made);
    for name in others {
        if let (false, Ok(role)) = (known.contains(&name), RoleName::parse(&name)) {
            let trust = json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Federated": format!("arn:aws:iam::{}:oidc-provider/{}", place.account, ISSUER.trim_start_matches("https://")) },
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {
                        "StringEquals": { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" },
                        "StringLike": { "token.actions.githubusercontent.com:sub": "repo:*" },
                    },
                }],
            });
            let mut made = Role::new(place.account.clone(), role, trust.to_string());
            made.max_session = Duration::from_secs(12 * 3600);
            cloud.create_role(made);
        }
    }
}

/// Names of roles in the account that workflow files or secrets spell out.
fn roles_named(survey: &Survey, repository: &Repository) -> Vec<String> {
    let files = repository
        .files
        .iter()
        .filter(|(path, _)| path.starts_with(".github/"));
    let texts = files
        .map(|(_, file)| String::from_utf8_lossy(&file.contents).into_owned())
        .chain(survey.secrets.values().cloned());
    let mut names = Vec::new();
    for text in texts {
        for (at, _) in text.match_indices(":role/") {
            let rest = &text[at + ":role/".len()..];
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || "+=,.@_-".contains(c)))
                .unwrap_or(rest.len());
            if end > 0 && !names.contains(&rest[..end].to_owned()) {
                names.push(rest[..end].to_owned());
            }
        }
    }
    names
}

fn services(survey: &Survey, place: &Place, digest: &ImageDigest, world: &mut World) {
    let registry = |repository: &str| {
        format!(
            "{}.dkr.ecr.{}.amazonaws.com/{repository}",
            place.account, place.region
        )
    };
    for family in &survey.loose_families {
        let image = format!("{}@{digest}", registry(&survey.repository));
        let body = task_definition(survey, place, None, family, &image);
        world.cloud.create_task_definition(START, place, &body).ok();
    }
    for service in &survey.services {
        let registry = registry(survey.image_of(service));
        let image = match survey.literal_tags.get(service) {
            Some(tag) => format!("{registry}:{tag}"),
            None => format!("{registry}@{digest}"),
        };
        let mut families: Vec<String> = survey
            .families
            .iter()
            .filter(|(_, of)| *of == service)
            .map(|(family, _)| family.clone())
            .collect();
        if families.is_empty() {
            families.push(family(service));
        }
        let mut definition = None;
        for family in &families {
            let body = task_definition(survey, place, Some(service), family, &image);
            if let Ok(arn) = world.cloud.create_task_definition(START, place, &body) {
                definition.get_or_insert(arn);
            }
        }
        let (Some(definition), Ok(cluster), Ok(name)) = (
            definition,
            ClusterName::parse(&service.cluster),
            ServiceName::parse(&service.service),
        ) else {
            continue;
        };
        let mut setup = ServiceSetup::new(place.clone(), cluster, name, definition);
        setup.health_path = survey.health_path().to_owned();
        setup.readiness_path = survey.readiness_path().to_owned();
        let mut check = HealthCheck::new(survey.health_path());
        check.interval = Duration::from_secs(10);
        setup.load_balancer = Some(LoadBalancer {
            target_group: format!(
                "arn:aws:elasticloadbalancing:{}:{}:targetgroup/{}/0123456789abcdef",
                place.region,
                place.account,
                short(&service.service)
            ),
            container: survey.container_of(service).to_owned(),
            port: PORT,
            health_check: check,
            deregistration_delay: Duration::from_secs(30),
        });
        setup.grace_period = Duration::from_secs(60);
        world
            .cloud
            .create_service(START, &mut world.log, setup)
            .ok();
    }
    for (host, service) in &survey.hosts {
        world.cloud.create_route(host, service);
    }
}

/// Different clusters may run a service of the same name: each has a family of its own.
fn family(service: &ServiceKey) -> String {
    format!("{}-{}", service.cluster, service.service)
        .chars()
        .take(255)
        .collect()
}

/// A target group's name has at most 32 characters.
fn short(name: &str) -> &str {
    &name[..name.len().min(32)]
}

fn task_definition(
    survey: &Survey,
    place: &Place,
    service: Option<&ServiceKey>,
    family: &str,
    image: &str,
) -> serde_json::Value {
    let loose = ServiceKey {
        cluster: String::new(),
        service: family.to_owned(),
    };
    let (task_role, execution_role) =
        super::task_roles::of(survey, place, service.unwrap_or(&loose));
    let main = service.map_or(survey.container.as_str(), |service| {
        survey.container_of(service)
    });
    let asked = survey.taught.of_families.get(family);
    let asked = asked.into_iter().flatten().map(String::as_str);
    // Where nobody knows the service's own container, the family's are all that there are.
    let mut names: Vec<&str> = match service {
        Some(_) => vec![main],
        None => Vec::new(),
    };
    for name in asked {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        names.push(main);
    }
    let containers: Vec<_> = names
        .into_iter()
        .enumerate()
        .map(|(at, name)| container(place, family, name, image, at == 0))
        .collect();
    json!({
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": execution_role,
        "taskRoleArn": task_role,
        "runtimePlatform": { "cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX" },
        "containerDefinitions": containers,
        "tags": [{ "key": "team", "value": "example" }],
    })
}

/// A container of a task definition; the first takes the requests.
fn container(
    place: &Place,
    family: &str,
    name: &str,
    image: &str,
    first: bool,
) -> serde_json::Value {
    let ports = match first {
        true => json!([{ "containerPort": PORT, "protocol": "tcp" }]),
        false => json!([]),
    };
    json!({
        "name": name,
        "image": image,
        "essential": true,
        "portMappings": ports,
        "environment": [{ "name": "LOG_LEVEL", "value": "info" }],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": { "awslogs-group": format!("/ecs/{family}"), "awslogs-region": place.region, "awslogs-stream-prefix": "ecs" },
        },
    })
}
