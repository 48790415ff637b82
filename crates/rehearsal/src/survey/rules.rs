//! What rules and files say by themselves, before anything is played.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockkeeper_names::conventions::{AWS_ACCOUNT_ID, PRODUCTION_URL, STAGING_URL};
use lockkeeper_names::{AccountId, EnvironmentName, Region};
use lockkeeper_policy::Policy;
use lockkeeper_world::event::ServiceKey;

use super::names::TagPattern;
use super::template::{Template, Values};
use super::{Account, Survey, Taught, Written, values};
use crate::repository::Repository;
use crate::stage::{Library, Loaded, secrets_named};

pub(super) fn workflows(repository: &Repository, library: &Library) -> Vec<Arc<Loaded>> {
    let files = repository
        .files
        .iter()
        .filter_map(|(path, file)| Some((path.strip_prefix(".github/workflows/")?, file)));
    files
        .filter(|(name, _)| {
            !name.contains('/') && (name.ends_with(".yml") || name.ends_with(".yaml"))
        })
        .filter_map(|(name, file)| {
            library
                .read(name, &String::from_utf8_lossy(&file.contents))
                .ok()
        })
        .collect()
}

/// What rules and files say by themselves.
pub(super) fn from_rules(
    policy: &Policy,
    repository: &Repository,
    given: &Account,
    written: Option<&Written>,
    workflows: &[Arc<Loaded>],
) -> Survey {
    let strangers = written.is_some();
    let environments = &policy.environments;
    let account = environments
        .staging
        .account
        .clone()
        .or_else(|| environments.production.account.clone());
    let account = account
        .or_else(|| AccountId::parse(given.id.as_deref()?).ok())
        .or_else(|| Some(written?.account.as_ref()?.value.clone()))
        .unwrap_or_else(any_account);
    let region = environments
        .staging
        .region
        .clone()
        .or_else(|| environments.production.region.clone());
    let region = region
        .or_else(|| Some(written?.region.as_ref()?.value.clone()))
        .or_else(|| Region::parse("us-east-1").ok())
        .expect("us-east-1 is a region");
    let service = policy.services.first();
    let key = |cluster: &Option<lockkeeper_names::ClusterName>| {
        Some(ServiceKey {
            cluster: cluster.as_ref()?.to_string(),
            service: service?.name.to_string(),
        })
    };
    let staging = key(&environments.staging.cluster);
    let production_service = key(&environments.production.cluster);
    let image_repository = service.map_or_else(
        || "app".to_owned(),
        |service| service.repository.to_string(),
    );
    let mut names: BTreeSet<EnvironmentName> = BTreeSet::new();
    for loaded in workflows {
        for job in loaded.workflow.jobs.values() {
            if let Some(name) = job
                .environment
                .as_ref()
                .and_then(|used| EnvironmentName::parse(used.name.source()).ok())
            {
                names.insert(name);
            }
        }
    }
    let host = |url: &Option<lockkeeper_names::HttpsUrl>, fallback: String| {
        url.as_ref().map_or(fallback, |url| url.host().to_owned())
    };
    let base = service.map_or_else(|| "app".to_owned(), |service| service.name.to_string());
    let staging_host = host(
        &environments.staging.url,
        format!("staging.{base}.example.com"),
    );
    let production_host = host(&environments.production.url, format!("{base}.example.com"));
    let mut hosts = BTreeMap::new();
    for (host, service) in [
        (&staging_host, &staging),
        (&production_host, &production_service),
    ] {
        if let Some(service) = service {
            hosts.insert(host.clone(), service.clone());
        }
    }
    let mut variables = BTreeMap::from([
        (AWS_ACCOUNT_ID.to_owned(), account.to_string()),
        (STAGING_URL.to_owned(), format!("https://{staging_host}")),
        (
            PRODUCTION_URL.to_owned(),
            format!("https://{production_host}"),
        ),
    ]);
    let mut assumptions = Vec::new();
    if strangers {
        for name in super::variables::named(workflows) {
            let value = values::setting(&name, &account, &region);
            let sentence = format!("the variable {name} is `{value}`");
            if let Entry::Vacant(place) = variables.entry(name) {
                place.insert(value);
                assumptions.push(sentence);
            }
        }
    }
    let mut secrets = BTreeMap::new();
    for loaded in workflows {
        for job in loaded.workflow.jobs.values() {
            for name in secrets_named(Some(job), &loaded.workflow) {
                if name != "GITHUB_TOKEN"
                    && name != lockkeeper_names::conventions::SMOKE_TEST_HEADER
                {
                    let value = match strangers {
                        true => values::setting(&name, &account, &region),
                        false => values::secret(&name, &account, &region),
                    };
                    secrets.insert(name, value);
                }
            }
        }
    }
    let (owner, name) = repository
        .slug
        .as_str()
        .split_once('/')
        .unwrap_or(("example", "repository"));
    let mut values = Values::of_stack(account.as_str(), region.as_str());
    values.owner = owner.to_owned();
    values.owner_id = super::world::OWNER_ID;
    values.repository = name.to_owned();
    values.repository_id = super::world::REPOSITORY_ID;
    values.branch = policy.production_branch.to_string();
    let mut template = Template::default();
    let template_files: Vec<&crate::repository::File> = repository
        .files
        .iter()
        .filter(|(path, file)| {
            let named = [".yml", ".yaml", ".json", ".template"]
                .iter()
                .any(|end| path.ends_with(end))
                && !path.starts_with(".github/");
            named && file.contents.len() < 1 << 20 && memmem(&file.contents, b"AWS::IAM::Role")
        })
        .map(|(_, file)| file)
        .collect();
    for file in &template_files {
        template.read(&String::from_utf8_lossy(&file.contents), &values);
    }
    // What the account says is nearer to the truth than what a template would make of it.
    template
        .roles
        .retain(|role| given.roles.iter().all(|known| known.name != role.name));
    template.roles.extend(given.roles.iter().cloned());
    let immutable_tags = template
        .repositories
        .get(&image_repository)
        .is_some_and(|repository| repository.immutable);
    let generated = repository
        .files
        .get(".github/workflows/deploy-production.yml")
        .is_some_and(|file| {
            String::from_utf8_lossy(&file.contents)
                .lines()
                .take(12)
                .any(|line| line.starts_with('#') && line.contains("lockkeeper generate"))
        });
    let checks_pulls = workflows
        .iter()
        .filter(|loaded| {
            loaded.workflow.on.pull_request.is_some()
                || loaded.workflow.on.pull_request_target.is_some()
        })
        .map(|loaded| loaded.file.clone())
        .collect();
    let locks = workflows
        .iter()
        .filter_map(|loaded| {
            let lock = loaded.workflow.concurrency.as_ref()?;
            Some((loaded.file.clone(), lock.place.line))
        })
        .collect();
    let services = staging.iter().chain(&production_service).cloned().collect();
    let container = service
        .and_then(|service| service.container.as_ref())
        .map_or(image_repository.clone(), |container| container.to_string());
    Survey {
        policy: policy.clone(),
        account,
        region,
        repositories: BTreeSet::from([image_repository.clone()]),
        repository: image_repository,
        immutable_tags,
        staging,
        production: None,
        production_service,
        services,
        deploys_staging: Vec::new(),
        checks_pulls,
        locks,
        checks: Vec::new(),
        tag: TagPattern::default(),
        evidence: BTreeSet::new(),
        literal_tags: BTreeMap::new(),
        hosts,
        families: BTreeMap::new(),
        loose_families: BTreeSet::new(),
        taught: Taught::default(),
        container,
        environments: names,
        secrets,
        variables,
        template,
        generated,
        assumptions,
        targets: Vec::new(),
        left_out: BTreeSet::new(),
    }
}

/// The account where nobody names one.
pub(crate) fn any_account() -> AccountId {
    AccountId::parse("123456789012").expect("twelve digits are an account")
}

fn memmem(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}
