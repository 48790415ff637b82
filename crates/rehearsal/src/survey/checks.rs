//! The checks that a pull request's head gets: what a ruleset can require.

use std::sync::Arc;

use lockkeeper_world::event::Event;

use super::Survey;
use super::setting::Settings;
use super::world::{Raising, raise};
use crate::director::{Director, PlayError};
use crate::engine::EngineError;
use crate::repository::Repository;
use crate::stage::{Library, Loaded, PullRequestFrom};

/// The check contexts of the pull-request workflows' jobs: as written where files say them, else
/// (matrices, called workflows, names with expressions) as a pull request gets them; with what
/// happened to the pull request, if there was one. There `always` is one if there are such jobs.
pub(super) fn checks(
    survey: &Survey,
    workflows: &[Arc<Loaded>],
    repository: &Arc<Repository>,
    library: &Library,
    raising: &Raising,
    always: bool,
) -> Result<(Vec<String>, Vec<Event>), EngineError> {
    let jobs = || {
        workflows
            .iter()
            .filter(|loaded| survey.checks_pulls.contains(&loaded.file))
            .flat_map(|loaded| &loaded.workflow.jobs)
    };
    let plain: Vec<String> = jobs()
        .filter(|(_, job)| job.strategy.is_none() && job.call.is_none())
        .filter_map(|(key, job)| match &job.name {
            None => Some(key.clone()),
            Some(name) => (!name.source().contains("${{")).then(|| name.source().to_owned()),
        })
        .collect();
    let known = plain.len() == jobs().count();
    if known && !(always && jobs().count() > 0) {
        return Ok((plain, Vec::new()));
    }
    let mut stage = raise(
        survey,
        Settings::Declared,
        &[],
        repository,
        library,
        raising,
    )?;
    let mut director = Director::new(&mut stage, survey);
    let pull = match director.propose("first", PullRequestFrom::SameRepository) {
        Ok(pull) => pull,
        Err(PlayError::Engine(error)) => return Err(error),
        Err(PlayError::NotPlayable(_)) => return Ok((plain, Vec::new())),
    };
    let hub = &stage.world.hub;
    // Of somebody else's checks, those are required that a change gets: one whose paths are not
    // touched would be waited for without end.
    let mut contexts = if always { Vec::new() } else { plain };
    for run in hub.runs(&Default::default()) {
        if run.pull != Some(pull) {
            continue;
        }
        for job in hub.jobs_of(run.id) {
            if let Some(job) = hub.job(job)
                && !contexts.contains(&job.check_context)
            {
                contexts.push(job.check_context.clone());
            }
        }
    }
    Ok((contexts, stage.world.log.events().to_vec()))
}
