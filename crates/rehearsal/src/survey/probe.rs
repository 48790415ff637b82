//! The rehearsal before the rehearsal: plays a merge and a production deploy once, and takes down
//! what the workflows ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockkeeper_names::EnvironmentName;
use lockkeeper_policy::Policy;
use lockkeeper_workflow as wf;
use lockkeeper_world::event::{Event, ServiceKey, What};
use lockkeeper_world::ids::RunId;

use super::asked::{Asked, asked_for};
use super::left_out::left_out;
use super::names::{TagPattern, is_literal, says_production, says_staging, says_tag};
use super::rules::{from_rules, workflows};
use super::setting::Settings;
use super::targets::{Deploys, speaks_of};
use super::world::{Raising, raise};
use super::{Account, ProductionUse, Survey, Written};
use crate::director::{Director, PlayError};
use crate::engine::EngineError;
use crate::repository::Repository;
use crate::stage::{Library, Loaded, Stage};

/// How often the world is filled up with what turned out to be missing. Each step of a deployment
/// may show one thing more.
const ROUNDS: usize = 12;

/// Finds out what a pipeline is about; with the history of the last look.
pub(crate) fn survey(
    policy: &Policy,
    repository: &Arc<Repository>,
    account: &Account,
    written: Option<&Written>,
    library: &Library,
    raising: &Raising,
) -> Result<(Survey, Vec<Event>), EngineError> {
    let raising = &Raising {
        permissive: true,
        ..raising.clone()
    };
    let workflows = workflows(repository, library);
    let mut survey = from_rules(policy, repository, account, written, &workflows);
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
        learn(&mut survey, &mut stage, &watched);
        events = stage.world.log.events().to_vec();
        if survey.world() == before {
            break;
        }
    }
    let (checks, proposed) = super::checks::checks(
        &survey,
        &workflows,
        repository,
        library,
        raising,
        written.is_some(),
    )?;
    survey.checks = checks;
    if written.is_some() {
        let red = [&events, &proposed].map(|events| left_out(events));
        survey.left_out = red.into_iter().flatten().collect();
    }
    Ok((survey, events))
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
    let mut director = Director::new(stage, &copy);
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
            && ran_by_push(director.stage, &loaded.file)
        {
            continue;
        }
        let production = production_use(loaded, dispatch);
        let guess = Survey {
            production: Some(production),
            ..copy.clone()
        };
        let mut director = Director::new(director.stage, &guess);
        match director.deploy_to_production(&tag) {
            Ok(run) => watched.dispatched.push(run),
            Err(PlayError::Engine(error)) => return Err(error),
            Err(PlayError::NotPlayable(_)) => {}
        }
    }
    Ok(watched)
}

/// Whether a workflow's push has been seen: its dispatch would do the same.
fn ran_by_push(stage: &Stage, file: &str) -> bool {
    let runs = stage.world.hub.runs(&Default::default());
    runs.iter()
        .any(|run| run.trigger == "push" && run.workflow.as_str() == file)
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
fn learn(survey: &mut Survey, stage: &mut Stage, watched: &Watched) {
    survey.taught.learn(stage);
    let stage = &*stage;
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
                // One service whose name is another's end is not meant by the longer name.
                let only = || match survey.services.len() {
                    1 => survey.services.first().cloned(),
                    _ => None,
                };
                match of_run.or(by_name).or_else(only) {
                    Some(service) => {
                        survey.loose_families.remove(family);
                        survey.families.entry(family.clone()).or_insert(service);
                    }
                    None => {
                        survey.loose_families.insert(family.clone());
                    }
                }
            }
            Asked::Revision(_) => {}
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
    for (family, service) in survey.taught.families.clone() {
        survey.loose_families.remove(&family);
        survey.families.insert(family, service);
    }
    let dispatched = |run: &RunId| watched.dispatched.contains(run);
    let by_dispatch = updates
        .iter()
        .filter(|(run, _)| dispatched(run))
        .cloned()
        .collect();
    let by_merge = updates
        .iter()
        .filter(|(run, _)| !dispatched(run))
        .cloned()
        .collect();
    if survey.policy.services.is_empty() {
        survey.production = None;
    }
    Deploys {
        by_merge,
        by_dispatch,
    }
    .learn(survey, stage);
    learn_the_image(survey);
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
    // What rules ask for is there, also when no run came far enough to show it.
    if !survey.policy.services.is_empty() {
        let mut runs = stage.world.hub.runs(&Default::default());
        runs.sort_by_key(|run| run.id);
        for run in runs {
            let file = run.workflow.to_string();
            if staging.is_empty() && run.trigger == "push" && speaks_of(stage, run.id, says_staging)
            {
                staging.insert(file);
            } else if production.is_none()
                && dispatched(&run.id)
                && speaks_of(stage, run.id, says_production)
            {
                production = Some(file);
            }
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

/// Where the rules name no service, the image is the one of the service that is deployed to.
fn learn_the_image(survey: &mut Survey) {
    if !survey.policy.services.is_empty() {
        return;
    }
    let services = [&survey.staging, &survey.production_service];
    let mut services = services.into_iter().flatten();
    let image = services.find_map(|service| survey.taught.images.get(service));
    if let Some(image) = image.filter(|image| **image != survey.repository) {
        survey.repository = image.clone();
        survey.repositories.insert(image.clone());
    }
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
        if let Some(pattern) = TagPattern::find(tag, sha) {
            if *repository == survey.repository && pattern != survey.tag {
                survey.evidence.insert(pattern);
            }
            continue;
        }
        let varying = [caller.run.to_string()];
        let mut of_run = updates
            .iter()
            .filter(|(run, service)| *run == caller.run && survey.image_of(service) == *repository);
        if is_literal(tag, &varying)
            && let Some((_, service)) = of_run.next()
        {
            let service = service.clone();
            survey.literal_tags.insert(service, tag.clone());
        }
    }
}
