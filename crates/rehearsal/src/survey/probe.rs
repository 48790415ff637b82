//! The rehearsal before the rehearsal: plays a merge and a production deploy once, and takes down
//! what the workflows ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockkeeper_names::conventions::{AWS_ACCOUNT_ID, PRODUCTION_URL, STAGING_URL};
use lockkeeper_names::{AccountId, EnvironmentName, Region};
use lockkeeper_policy::Policy;
use lockkeeper_workflow as wf;
use lockkeeper_world::event::{Event, ServiceKey, What};
use lockkeeper_world::ids::RunId;

use super::names::{TagPattern, is_literal, says_production, says_tag};
use super::setting::Settings;
use super::template::{Template, Values};
use super::world::{Raising, raise};
use super::{ProductionUse, Survey};
use crate::director::{Director, PlayError};
use crate::engine::EngineError;
use crate::repository::Repository;
use crate::stage::{Library, Loaded, Stage, secrets_named};

/// How often the world is filled up with what turned out to be missing.
const ROUNDS: usize = 6;

/// Finds out what a pipeline is about; with the history of the last look.
pub(crate) fn survey(
    policy: &Policy,
    repository: &Arc<Repository>,
    library: &Library,
    raising: &Raising,
) -> Result<(Survey, Vec<Event>), EngineError> {
    let workflows = workflows(repository, library);
    let mut survey = from_rules(policy, repository, &workflows);
    let mut events = Vec::new();
    for _ in 0..ROUNDS {
        let mut stage = raise(
            &survey,
            Settings::Declared,
            &[],
            repository,
            library,
            raising,
        )?;
        let before = survey.world();
        let watched = watch(&mut stage, &mut survey, &workflows)?;
        learn(&mut survey, &stage, &watched);
        events = stage.world.log.events().to_vec();
        if survey.world() == before {
            break;
        }
    }
    survey.checks = super::checks::checks(&survey, &workflows, repository, library, raising)?;
    Ok((survey, events))
}

fn workflows(repository: &Repository, library: &Library) -> Vec<Arc<Loaded>> {
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
fn from_rules(policy: &Policy, repository: &Repository, workflows: &[Arc<Loaded>]) -> Survey {
    let environments = &policy.environments;
    let account = environments
        .staging
        .account
        .clone()
        .or_else(|| environments.production.account.clone());
    let account = account
        .or_else(|| AccountId::parse("123456789012").ok())
        .expect("twelve digits are an account");
    let region = environments
        .staging
        .region
        .clone()
        .or_else(|| environments.production.region.clone());
    let region = region
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
    let variables = BTreeMap::from([
        (AWS_ACCOUNT_ID.to_owned(), account.to_string()),
        (STAGING_URL.to_owned(), format!("https://{staging_host}")),
        (
            PRODUCTION_URL.to_owned(),
            format!("https://{production_host}"),
        ),
    ]);
    let mut secrets = BTreeMap::new();
    for loaded in workflows {
        for job in loaded.workflow.jobs.values() {
            for name in secrets_named(Some(job), &loaded.workflow) {
                if name != "GITHUB_TOKEN"
                    && name != lockkeeper_names::conventions::SMOKE_TEST_HEADER
                {
                    let value = secret_value(&name, &account, &region);
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
    let known = BTreeMap::from([
        ("AWS::AccountId".to_owned(), account.to_string()),
        ("AWS::Region".to_owned(), region.to_string()),
        ("AWS::Partition".to_owned(), "aws".to_owned()),
        ("AWS::URLSuffix".to_owned(), "amazonaws.com".to_owned()),
    ]);
    let values = Values {
        known,
        owner: owner.to_owned(),
        owner_id: super::world::OWNER_ID,
        repository: name.to_owned(),
        repository_id: super::world::REPOSITORY_ID,
        branch: policy.production_branch.to_string(),
    };
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
    let immutable_tags = template
        .repositories
        .get(&image_repository)
        .copied()
        .unwrap_or(false);
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
        container,
        environments: names,
        secrets,
        variables,
        template,
        generated,
        assumptions: Vec::new(),
    }
}

fn memmem(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// A value for a secret, such as its name says it holds.
fn secret_value(name: &str, account: &AccountId, region: &Region) -> String {
    let upper = name.to_ascii_uppercase();
    if upper.contains("ACCESS_KEY_ID") {
        return format!(
            "AKIA{:0<16}",
            name.bytes()
                .filter(u8::is_ascii_uppercase)
                .map(char::from)
                .take(16)
                .collect::<String>()
        );
    }
    if upper.contains("REGION") {
        return region.to_string();
    }
    if upper.contains("ROLE") {
        return format!(
            "arn:aws:iam::{account}:role/{}",
            name.to_ascii_lowercase().replace('_', "-")
        );
    }
    if upper.contains("ACCOUNT") {
        return account.to_string();
    }
    if upper.contains("REGISTRY") {
        return format!("{account}.dkr.ecr.{region}.amazonaws.com");
    }
    format!("secret-value-of-{}", name.to_ascii_lowercase())
}

/// What was played.
struct Watched {
    commit: Option<lockkeeper_names::CommitSha>,
    /// Production runs, with the inputs that they were given.
    dispatched: Vec<RunId>,
}

/// Plays a merge, then dispatches what could be a production deploy.
fn watch(
    stage: &mut Stage,
    survey: &mut Survey,
    workflows: &[Arc<Loaded>],
) -> Result<Watched, EngineError> {
    let mut watched = Watched {
        commit: None,
        dispatched: Vec::new(),
    };
    let copy = survey.clone();
    let mut director = Director {
        stage,
        survey: &copy,
        past: None,
    };
    match director.merge("first").and_then(|sha| {
        director.await_runs_of(&sha)?;
        Ok(sha)
    }) {
        Ok(sha) => watched.commit = Some(sha),
        Err(PlayError::Engine(error)) => return Err(error),
        Err(PlayError::NotPlayable(_)) => {}
    }
    let tag = match &watched.commit {
        Some(sha) => pushed_tag(director.stage.world.log.events(), &copy.repository, sha)
            .unwrap_or_else(|| copy.tag_of(sha)),
        None => copy.tag_of(&director.root()),
    };
    for loaded in workflows {
        let Some(dispatch) = &loaded.workflow.on.workflow_dispatch else {
            continue;
        };
        let names_production = loaded.file.contains("prod")
            || loaded.workflow.jobs.values().any(|job| {
                job.environment
                    .as_ref()
                    .is_some_and(|used| says_production(used.name.source()))
            });
        if !names_production
            && survey
                .production
                .as_ref()
                .is_none_or(|production| production.file != loaded.file)
            && loaded.workflow.on.push.is_some()
        {
            continue;
        }
        let production = production_use(loaded, dispatch);
        let guess = Survey {
            production: Some(production),
            ..copy.clone()
        };
        let mut director = Director {
            stage: director.stage,
            survey: &guess,
            past: None,
        };
        match director.deploy_to_production(&tag) {
            Ok(run) => watched.dispatched.push(run),
            Err(PlayError::Engine(error)) => return Err(error),
            Err(PlayError::NotPlayable(_)) => {}
        }
    }
    Ok(watched)
}

fn production_use(loaded: &Loaded, dispatch: &wf::WorkflowDispatch) -> ProductionUse {
    let texts: Vec<(&String, &wf::Input)> = dispatch
        .inputs
        .iter()
        .filter(|(_, input)| {
            input.options.is_empty()
                && !matches!(
                    input.kind,
                    wf::InputType::Boolean | wf::InputType::Environment
                )
        })
        .collect();
    let by_name = texts.iter().find(|(name, _)| says_tag(name));
    let only = texts
        .iter()
        .filter(|(_, input)| input.required)
        .collect::<Vec<_>>();
    let tag_input = by_name
        .map(|(name, _)| (*name).clone())
        .or_else(|| match only.as_slice() {
            [(name, _)] => Some((*name).clone()),
            _ => None,
        });
    let mut other_inputs = BTreeMap::new();
    for (name, input) in &dispatch.inputs {
        if Some(name) == tag_input.as_ref() || input.default.is_some() {
            continue;
        }
        let production = input
            .options
            .iter()
            .find(|option| says_production(&option.value))
            .or(input.options.first());
        let value = match (production, input.kind) {
            (Some(option), _) => Some(option.value.clone()),
            (None, wf::InputType::Boolean) => Some("false".to_owned()),
            (None, wf::InputType::Environment) => Some("production".to_owned()),
            (None, _) if input.required => Some("rehearsal".to_owned()),
            (None, _) => None,
        };
        if let Some(value) = value {
            other_inputs.insert(name.clone(), value);
        }
    }
    let environments = loaded
        .workflow
        .jobs
        .values()
        .filter_map(|job| EnvironmentName::parse(job.environment.as_ref()?.name.source()).ok());
    ProductionUse {
        file: loaded.file.clone(),
        tag_input,
        other_inputs,
        environments: environments.collect::<BTreeSet<_>>().into_iter().collect(),
    }
}

/// The tag under which a commit's image was pushed, if it carries the commit.
fn pushed_tag(
    events: &[Event],
    repository: &str,
    sha: &lockkeeper_names::CommitSha,
) -> Option<String> {
    events.iter().find_map(|event| match &event.what {
        What::TagPut {
            repository: r, tag, ..
        } if r == repository && event.caller.is_some() => {
            TagPattern::find(tag, sha).map(|_| tag.clone())
        }
        _ => None,
    })
}

/// Takes down what the played runs did and asked for.
fn learn(survey: &mut Survey, stage: &Stage, watched: &Watched) {
    let events = stage.world.log.events();
    let run_file = |run: RunId| {
        stage
            .world
            .hub
            .run(run)
            .map(|record| (record.workflow.to_string(), record.trigger.clone()))
    };
    let mut updates: Vec<(RunId, ServiceKey)> = Vec::new();
    let mut asked: Vec<(RunId, Asked)> = Vec::new();
    for event in events {
        let Some(caller) = event.caller else { continue };
        match &event.what {
            What::ServiceUpdated { service, .. } => updates.push((caller.run, service.clone())),
            What::Command { argv, exit_code } => asked.extend(
                asked_for(argv, *exit_code)
                    .into_iter()
                    .map(|a| (caller.run, a)),
            ),
            _ => {}
        }
    }
    for (run, asked) in &asked {
        match asked {
            Asked::Service(service) => {
                survey.services.insert(service.clone());
            }
            Asked::Repository(name) => {
                survey.repositories.insert(name.clone());
            }
            Asked::Family(family) => {
                let of_run = updates
                    .iter()
                    .find(|(other, _)| other == run)
                    .map(|(_, service)| service.clone());
                let by_name = survey
                    .services
                    .iter()
                    .find(|service| family.contains(&service.service))
                    .cloned();
                if let Some(service) = of_run
                    .or(by_name)
                    .or_else(|| survey.services.iter().next().cloned())
                {
                    survey.families.entry(family.clone()).or_insert(service);
                }
            }
            Asked::Host(host) => {
                let of_run = updates
                    .iter()
                    .rev()
                    .find(|(other, _)| other == run)
                    .map(|(_, service)| service.clone());
                if let (Some(service), false) = (of_run, survey.hosts.contains_key(host)) {
                    survey.hosts.insert(host.clone(), service);
                }
            }
        }
    }
    let dispatched = |run: &RunId| watched.dispatched.contains(run);
    // Where the rules name no service, the ones that are deployed to are it.
    let updated_by = |by_dispatch: bool| {
        updates
            .iter()
            .find(|(run, _)| dispatched(run) == by_dispatch)
            .map(|(_, service)| service.clone())
    };
    for (known, by_dispatch) in [
        (&mut survey.staging, false),
        (&mut survey.production_service, true),
    ] {
        let used = known
            .as_ref()
            .is_some_and(|known| updates.iter().any(|(_, service)| service == known));
        if let (false, Some(found)) = (used, updated_by(by_dispatch)) {
            survey.assumptions.push(format!(
                "the service {}/{} is the one that is deployed to by {}",
                found.cluster,
                found.service,
                if by_dispatch { "dispatch" } else { "merge" }
            ));
            *known = Some(found);
        }
    }
    let mut staging = BTreeSet::new();
    let mut production = None;
    for (run, service) in &updates {
        let Some((file, trigger)) = run_file(*run) else {
            continue;
        };
        if Some(service) == survey.staging.as_ref() && trigger == "push" {
            staging.insert(file.clone());
        }
        if Some(service) == survey.production_service.as_ref() && dispatched(run) {
            production.get_or_insert(file);
        }
    }
    survey.deploys_staging = staging.into_iter().collect();
    if let Some(file) = production {
        let loaded = stage
            .workflows_at(&stage.repository.root)
            .into_iter()
            .find(|loaded| loaded.file == file);
        if let Some((loaded, dispatch)) = loaded
            .as_ref()
            .and_then(|loaded| Some((loaded, loaded.workflow.on.workflow_dispatch.as_ref()?)))
        {
            let mut production = production_use(loaded, dispatch);
            // Names may be expressions: those that its jobs came to are the ones.
            let entered = events.iter().filter_map(|event| match &event.what {
                What::JobQueued {
                    run,
                    environment: Some(name),
                    ..
                } if dispatched(run)
                    && run_file(*run).is_some_and(|(file, _)| file == production.file) =>
                {
                    EnvironmentName::parse(name).ok()
                }
                _ => None,
            });
            let entered: BTreeSet<EnvironmentName> = entered.collect();
            if !entered.is_empty() {
                production
                    .environments
                    .retain(|name| says_production(name.as_str()));
                production.environments.extend(entered);
                production.environments.sort();
                production.environments.dedup();
            }
            survey.production = Some(production);
        }
    }
    for event in events {
        if let What::JobQueued {
            environment: Some(name),
            ..
        } = &event.what
        {
            survey.environments.extend(EnvironmentName::parse(name));
        }
    }
    learn_tags(survey, events, watched, &updates);
}

fn learn_tags(
    survey: &mut Survey,
    events: &[Event],
    watched: &Watched,
    updates: &[(RunId, ServiceKey)],
) {
    let Some(sha) = &watched.commit else { return };
    if let Some(pattern) =
        pushed_tag(events, &survey.repository, sha).and_then(|tag| TagPattern::find(&tag, sha))
    {
        survey.tag = pattern;
    }
    for event in events {
        let (
            What::TagPut {
                repository, tag, ..
            },
            Some(caller),
        ) = (&event.what, event.caller)
        else {
            continue;
        };
        if *repository != survey.repository {
            continue;
        }
        if let Some(pattern) = TagPattern::find(tag, sha) {
            if pattern != survey.tag {
                survey.evidence.insert(pattern);
            }
            continue;
        }
        let varying = [caller.run.to_string()];
        if is_literal(tag, &varying)
            && let Some((_, service)) = updates.iter().find(|(run, _)| *run == caller.run)
        {
            survey.literal_tags.insert(service.clone(), tag.clone());
        }
    }
}

/// Something that a command asked the world for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Service(ServiceKey),
    Repository(String),
    Family(String),
    Host(String),
}

/// What a command line names that a world must have.
fn asked_for(argv: &[String], exit_code: i32) -> Vec<Asked> {
    let flag = |names: &[&str]| {
        argv.iter().enumerate().find_map(|(at, arg)| {
            let (name, attached) = arg
                .split_once('=')
                .map_or((arg.as_str(), None), |(name, value)| {
                    (name, Some(value.to_owned()))
                });
            names
                .contains(&name)
                .then(|| attached.or_else(|| argv.get(at + 1).cloned()))
                .flatten()
        })
    };
    let plain = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let mut found = Vec::new();
    match argv.first().map(String::as_str) {
        Some("aws") if argv.iter().any(|arg| arg == "ecs") => {
            if let (Some(cluster), Some(service)) = (
                flag(&["--cluster"]),
                flag(&["--service", "--services", "--service-name"]),
            ) {
                found.push(Asked::Service(ServiceKey {
                    cluster: plain(&cluster),
                    service: plain(&service),
                }));
            }
            if let Some(family) = flag(&["--task-definition", "--family"])
                .filter(|family| !family.contains([':', '/']))
            {
                found.push(Asked::Family(family));
            }
        }
        Some("aws") if argv.iter().any(|arg| arg == "ecr") => {
            found.extend(flag(&["--repository-name"]).map(Asked::Repository))
        }
        Some("docker" | "skopeo") => {
            for arg in argv {
                let image = arg.trim_start_matches("docker://");
                if let Some((_, path)) = image.split_once(".amazonaws.com/") {
                    found.push(Asked::Repository(
                        path.split([':', '@']).next().unwrap_or(path).to_owned(),
                    ));
                }
            }
        }
        Some("curl") if exit_code == 6 => {
            let urls = argv.iter().filter_map(|arg| {
                arg.strip_prefix("https://")
                    .or_else(|| arg.strip_prefix("http://"))
            });
            found.extend(
                urls.filter_map(|url| url.split(['/', '?', ':']).next())
                    .map(|host| Asked::Host(host.to_owned())),
            );
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_what_they_need() {
        let asked = |line: &str, code| {
            asked_for(
                &line.split(' ').map(str::to_owned).collect::<Vec<_>>(),
                code,
            )
        };
        assert_eq!(
            asked(
                "aws ecs update-service --cluster=c --service s --force-new-deployment",
                255
            ),
            [Asked::Service(ServiceKey {
                cluster: "c".into(),
                service: "s".into()
            })]
        );
        assert_eq!(
            asked(
                "docker push 1.dkr.ecr.eu-west-1.amazonaws.com/team/app:1",
                0
            ),
            [Asked::Repository("team/app".into())]
        );
        assert_eq!(
            asked("curl -f https://x.example.com/health", 6),
            [Asked::Host("x.example.com".into())]
        );
        assert!(asked("curl -f https://x.example.com/health", 22).is_empty());
    }
}
