//! One story: played with the settings that are declared and with GitHub's defaults, then judged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant as RealInstant};

use lockkeeper_names::ImageDigest;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::clock::START;
use lockkeeper_world::event::{Event, What};

use crate::cast;
use crate::director::{Director, PlayError};
use crate::engine::{EngineError, Layers};
use crate::history::History;
use crate::memory::{Memory, Past};
use crate::promises::{Facts, Judgement, PROMISES, Story};
use crate::report::RunReport;
use crate::repository::Repository;
use crate::scenarios::Scenario;
use crate::stage::Library;
use crate::survey::{Raising, Settings, Survey, raise};
/// One story that was played.
pub(crate) struct Outcome {
    pub(crate) scenario: &'static Scenario,
    pub(crate) settings: Settings,
    pub(crate) note: Option<String>,
    pub(crate) events: Vec<Event>,
    pub(crate) judgements: Vec<(PromiseId, Judgement)>,
    pub(crate) runs: Vec<RunReport>,
    pub(crate) virtual_time: Duration,
    pub(crate) wall_time: Duration,
    pub(crate) layers: Layers,
    pub(crate) notes: BTreeSet<String>,
}

/// What every story of a rehearsal is played on.
pub(crate) struct Ground<'a> {
    pub(crate) survey: &'a Survey,
    pub(crate) checks: &'a [String],
    pub(crate) repository: &'a Arc<Repository>,
    pub(crate) library: &'a Library,
    pub(crate) raising: Raising,
    pub(crate) memory: &'a Memory,
}

impl Ground<'_> {
    /// Plays a scenario with the declared settings, and with GitHub's defaults where a setting
    /// had a say in the first story.
    pub(crate) fn play_with_both(
        &self,
        scenario: &'static Scenario,
    ) -> Result<Vec<Outcome>, EngineError> {
        let declared = self.play(scenario, Settings::Declared)?;
        let mattered = declared.events.iter().any(is_about_settings);
        let mut outcomes = vec![declared];
        if mattered {
            outcomes.push(self.play(scenario, Settings::Defaults)?);
        }
        Ok(outcomes)
    }

    fn play(
        &self,
        scenario: &'static Scenario,
        settings: Settings,
    ) -> Result<Outcome, EngineError> {
        let Ground {
            survey,
            checks,
            repository,
            library,
            raising,
            memory,
        } = self;
        let began = RealInstant::now();
        let mut stage = raise(survey, settings, checks, repository, library, raising)?;
        let past = Past::new(memory, settings, &stage);
        let played = (scenario.play)(&mut Director {
            stage: &mut stage,
            survey,
            past: Some(past),
        });
        let note = match played {
            Ok(()) => None,
            Err(PlayError::NotPlayable(why)) => Some(why),
            Err(PlayError::Engine(error)) => return Err(error),
        };
        stage.settle()?;
        let settled = stage.now();
        let events = stage.world.log.events().to_vec();
        let history = History::read(&events);
        let facts = facts(survey, repository, &events);
        let story = Story {
            scenario: scenario.id,
            challenges: scenario.challenges,
            events: &events,
            facts: &facts,
            commits: &stage.commits,
            history: &history,
            settled,
        };
        let judgements = PROMISES
            .iter()
            .map(|promise| (promise.id, (promise.judge)(&story)))
            .collect();
        let runs = history
            .runs
            .iter()
            .map(|run| RunReport {
                id: run.run.0,
                attempt: run.attempt,
                workflow: run.workflow.clone(),
                trigger: run.trigger.clone(),
                conclusion: run.ended.map(|(_, conclusion)| conclusion),
                virtual_seconds: run
                    .ended
                    .map_or(settled, |(at, _)| at)
                    .since(run.created)
                    .as_secs_f64(),
            })
            .collect();
        Ok(Outcome {
            scenario,
            settings,
            note,
            judgements,
            runs,
            virtual_time: settled.since(START),
            wall_time: began.elapsed(),
            layers: stage.engine().layers().unwrap_or_default(),
            notes: stage
                .engine()
                .notes()
                .iter()
                .cloned()
                .chain(
                    stage
                        .unknown_settings
                        .iter()
                        .map(|name| format!("`{name}` has no value here: taken as empty")),
                )
                .collect(),
            events,
        })
    }
}

/// Whether a setting of the repository decided, or was read, in an event.
fn is_about_settings(event: &Event) -> bool {
    match &event.what {
        What::MergeRefused { .. }
        | What::PushRefused { .. }
        | What::JobWaiting { .. }
        | What::GateRefused { .. }
        | What::EnvironmentCreated { .. } => true,
        What::RestCalled { path, .. } => ["/environments", "/rules/", "/approvals"]
            .iter()
            .any(|part| path.contains(part)),
        _ => false,
    }
}

fn facts(survey: &Survey, repository: &Repository, events: &[Event]) -> Facts {
    let mut line = vec![repository.root.clone()];
    let mut initial: BTreeMap<ImageDigest, _> = BTreeMap::new();
    let mut begun = false;
    for event in events {
        match &event.what {
            What::Stimulus { .. } => begun = true,
            What::Pushed { branch, sha, .. }
                if branch == survey.policy.production_branch.as_str() =>
            {
                line.push(sha.clone())
            }
            What::ImagePushed {
                digest,
                commit: Some(commit),
                ..
            } if !begun && event.caller.is_none() => {
                initial.insert(digest.clone(), commit.clone());
            }
            _ => {}
        }
    }
    Facts {
        policy: survey.policy.clone(),
        staging: survey.staging.clone(),
        production: survey.production_service.clone(),
        repository: survey.repository.clone(),
        deploys_staging: survey.deploys_staging.clone(),
        deploys_production: survey
            .production
            .iter()
            .map(|production| production.file.clone())
            .collect(),
        checks_pulls: survey.checks_pulls.clone(),
        tag_input: survey
            .production
            .as_ref()
            .and_then(|production| production.tag_input.clone()),
        reviewers: vec![cast::REVIEWER.to_owned()],
        line,
        initial,
        locks: survey.locks.clone(),
    }
}
