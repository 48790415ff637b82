//! One story: played with the settings that are declared and with GitHub's defaults, then judged.

use std::sync::Arc;
use std::time::{Duration, Instant as RealInstant};

use lockkeeper_policy::PromiseId;
use lockkeeper_world::clock::START;
use lockkeeper_world::event::{Event, What};

use crate::campaign::covered;
use crate::director::{Director, PlayError};
use crate::engine::EngineError;
use crate::estimates::{Samples, samples};
use crate::faults::Classes;
use crate::history::History;
use crate::memory::{Memory, Past};
use crate::promises::{Facts, Judgement, PROMISES, Story};
use crate::record::Told;
use crate::report::RunReport;
use crate::repository::Repository;
use crate::scenarios::Scenario;
use crate::schedule::Schedule;
use crate::stage::Library;
use crate::survey::{Raising, Settings, Survey, raise};

/// One story that was played.
pub(crate) struct Outcome {
    pub(crate) scenario: &'static Scenario,
    pub(crate) settings: Settings,
    pub(crate) told: Told,
    pub(crate) events: Vec<Event>,
    /// The number of events before the story's own part, where a schedule was played.
    pub(crate) begun: Option<usize>,
    /// Its faults that struck, by their place in it, with the events that say so.
    pub(crate) struck: Vec<(usize, u64)>,
    /// The choices that were made where the schedule gives an order, each with how many there were.
    pub(crate) choices: Vec<(u8, u8)>,
    pub(crate) judgements: Vec<(PromiseId, Judgement)>,
    pub(crate) runs: Vec<RunReport>,
    pub(crate) samples: Samples,
    /// What it took to play, nothing where a recording was judged.
    pub(crate) wall_time: Duration,
}

impl Outcome {
    /// Judges a story by its events.
    pub(crate) fn judged(
        scenario: &'static Scenario,
        settings: Settings,
        mut told: Told,
        events: Vec<Event>,
        facts: &Facts,
        wall_time: Duration,
    ) -> Self {
        let history = History::read(&events, facts);
        let story = Story {
            scenario: scenario.id,
            challenges: scenario.challenges,
            settings,
            events: &events,
            facts,
            commits: &told.commits,
            history: &history,
            settled: told.settled,
        };
        let mut judgements: Vec<(PromiseId, Judgement)> = PROMISES
            .iter()
            .map(|promise| (promise.id, (promise.judge)(&story)))
            .collect();
        let samples = samples(&story);
        if let Some(schedule) = &told.schedule {
            let struck = Classes::struck(&events);
            for (id, judgement) in &mut judgements {
                if covered(*id, struck) {
                    continue;
                }
                if let Some(breach) = judgement.breaches.first() {
                    told.notes.insert(format!(
                        "the schedule `{schedule}` breaks {id} by faults beyond those that it covers ({struck}), which does not count: {}",
                        breach.message
                    ));
                }
                judgement.set_aside = std::mem::take(&mut judgement.breaches);
                judgement.exercised = false;
            }
        }
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
                    .map_or(told.settled, |(at, _)| at)
                    .since(run.created)
                    .as_secs_f64(),
            })
            .collect();
        Self {
            scenario,
            settings,
            told,
            judgements,
            runs,
            samples,
            wall_time,
            events,
            begun: None,
            choices: Vec::new(),
            struck: Vec::new(),
        }
    }

    pub(crate) fn virtual_time(&self) -> Duration {
        self.told.settled.since(START)
    }
}

/// What every story of a rehearsal is played on.
pub(crate) struct Ground<'a> {
    pub(crate) survey: &'a Survey,
    pub(crate) facts: &'a Facts,
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
        let declared = self.play(scenario, Settings::Declared, None)?;
        let mattered = declared.events.iter().any(is_about_settings);
        let mut outcomes = vec![declared];
        if mattered {
            outcomes.push(self.play(scenario, Settings::Defaults, None)?);
        }
        Ok(outcomes)
    }

    /// Plays a scenario, with the faults of a schedule where there is one.
    pub(crate) fn play(
        &self,
        scenario: &'static Scenario,
        settings: Settings,
        schedule: Option<&Schedule>,
    ) -> Result<Outcome, EngineError> {
        let Ground {
            survey,
            checks,
            repository,
            library,
            raising,
            memory,
            facts: _,
        } = self;
        let began = RealInstant::now();
        let mut stage = raise(survey, settings, checks, repository, library, raising)?;
        let past = Past::new(memory, settings, &stage);
        let mut director = Director {
            past: Some(past),
            schedule,
            ..Director::new(&mut stage, survey)
        };
        let played = (scenario.play)(&mut director);
        let begun = director.begun;
        let note = match played {
            Ok(()) => None,
            Err(PlayError::NotPlayable(why)) => Some(why),
            Err(PlayError::Engine(error)) => return Err(error),
        };
        stage.settle()?;
        let unknown = stage
            .unknown_settings
            .iter()
            .map(|name| format!("`{name}` has no value here: taken as empty"));
        let told = Told {
            note,
            settled: stage.now(),
            commits: stage.commits.clone(),
            notes: stage
                .engine()
                .notes()
                .iter()
                .cloned()
                .chain(unknown)
                .collect(),
            isolation: stage.engine().layers().unwrap_or_default(),
            schedule: schedule.map(Schedule::to_string),
        };
        let events = stage.world.log.events().to_vec();
        let took = began.elapsed();
        let judged = Outcome::judged(scenario, settings, told, events, self.facts, took);
        let struck = stage.struck().to_vec();
        let choices = stage.choices().to_vec();
        Ok(Outcome {
            begun,
            struck,
            choices,
            ..judged
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
