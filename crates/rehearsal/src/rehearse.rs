//! A whole rehearsal: survey, stories, verdicts.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use lockkeeper_policy::Policy;
use lockkeeper_world::Durations;

use crate::campaign::BEGINNING;
use crate::engine::EngineError;
use crate::house::{Enough, House, known};
use crate::play::Outcome;
use crate::real::RealTool;
use crate::record::{Recording, SURVEY, Subject};
use crate::report::Report;
use crate::repository::RepositoryError;
use crate::saved::{self, SavedError};
use crate::scenarios::{SCENARIOS, Scenario};
use crate::schedule::{Schedule, ScheduleError};
use crate::survey::Settings;
use crate::verdicts::assemble;

/// What is to be rehearsed, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The repository's directory.
    pub directory: PathBuf,
    /// The workflows are somebody else's, and the directory may hold nothing but them.
    pub strangers: bool,
    pub policy: Policy,
    pub seed: u64,
    /// Only the scenarios with these ids, begun in this order; all when empty.
    pub scenarios: Vec<String>,
    /// Schedules to play in the place of stories.
    pub replay: Vec<String>,
    /// Begin no further story once one has broken a promise with the declared settings.
    pub fail_fast: bool,
    /// The lockkeeper executable.
    pub executable: PathBuf,
    pub no_sandbox: bool,
    /// The answer of `aws iam get-account-authorization-details`, if somebody gives it.
    pub iam: Option<PathBuf>,
    /// Installed programs that run in the place of modelled tools.
    pub real: Vec<RealTool>,
    /// How long everything takes.
    pub durations: Durations,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(
        "{0} has no workflow files below .github/workflows: write some, or let `lockkeeper generate` do it"
    )]
    NoWorkflows(String),
    #[error("{0} is no directory: give a repository's root, or a directory of workflow files")]
    NotADirectory(String),
    #[error(
        "{0} holds neither a directory .github/workflows nor workflow files (*.yml, *.yaml): give a repository's root, or a directory of workflow files"
    )]
    NoWorkflowsOfStrangers(String),
    #[error("{file}:{line}: {message}")]
    Workflow {
        file: String,
        line: u32,
        message: String,
    },
    #[error("GitHub would not do that: {0}")]
    Refused(String),
    #[error("{file} is no answer of `aws iam get-account-authorization-details`: {message}")]
    Iam { file: String, message: String },
    #[error(transparent)]
    Saved(#[from] SavedError),
    #[error("there is no scenario `{name}`; there are: {known}")]
    NoScenario { name: String, known: String },
    #[error("{text:?} is no schedule: {why}")]
    Schedule { text: String, why: ScheduleError },
    #[error("{file} {why}")]
    State { file: String, why: String },
}

/// How far a rehearsal is, for a progress line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub done: usize,
    pub all: usize,
    pub scenario: &'static str,
}

/// The ids and titles of all scenarios.
pub fn scenarios() -> impl Iterator<Item = (&'static str, &'static str)> {
    SCENARIOS
        .iter()
        .map(|scenario| (scenario.id, scenario.title))
}

/// Rehearses a repository's pipeline.
pub fn rehearse(
    request: &Request,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, RehearsalError> {
    known(&request.scenarios)?;
    let house = House::open(request, request.seed)?;
    let mut subject = house.subject(request.seed, Vec::new());
    let named = |scenario: &Scenario| request.scenarios.iter().any(|name| name == scenario.id);
    // All of them, in whatever order, are the whole set.
    if !subject.wanted().all(named) {
        subject.only = request.scenarios.clone();
    }
    let before = scheduled(request, &house, progress)?;
    if !request.replay.is_empty() {
        subject.seed = BEGINNING;
        subject.only = before
            .iter()
            .map(|outcome| outcome.scenario.id.to_owned())
            .collect();
        subject.only.dedup();
        return Ok(report(house, subject, before));
    }
    let mut stories: Vec<(usize, &'static Scenario)> =
        house.playable(&subject).into_iter().enumerate().collect();
    stories.sort_by_key(|(_, scenario)| {
        let mut named = request.scenarios.iter();
        named.position(|name| name == scenario.id)
    });
    let done = AtomicUsize::new(0);
    let played = house.share_out(
        stories.len(),
        |ground, at| ground.play_with_both(stories[at].1),
        |at, outcomes| {
            progress(Progress {
                done: done.fetch_add(1, Ordering::Relaxed) + 1,
                all: stories.len(),
                scenario: stories[at].1.id,
            });
            match request.fail_fast && outcomes.iter().any(broke) {
                true => Enough::Yes,
                false => Enough::No,
            }
        },
    )?;
    if played.len() < stories.len() {
        let played = played.iter().map(|(at, _)| stories[*at].1.id.to_owned());
        subject.only = played.collect();
    }
    let mut played: Vec<_> = played
        .into_iter()
        .map(|(at, outcomes)| (stories[at].0, outcomes))
        .collect();
    played.sort_by_key(|(place, _)| *place);
    let played = played.into_iter().flat_map(|(_, outcomes)| outcomes);
    let outcomes = played.chain(before).collect();
    Ok(report(house, subject, outcomes))
}

fn report(house: House, subject: Subject, outcomes: Vec<Outcome>) -> Report {
    let mut report = assemble(subject, outcomes);
    report.recordings.push(Recording {
        scenario: SURVEY,
        settings: Settings::Declared.as_str(),
        events: house.watched,
        told: None,
    });
    report
}

/// Plays the schedules that are asked for, or else those that the repository keeps: they have broken
/// a promise before.
fn scheduled(
    request: &Request,
    house: &House,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Outcome>, RehearsalError> {
    let schedules = match (request.replay.as_slice(), request.strangers) {
        ([], true) => Vec::new(),
        ([], false) if !request.scenarios.is_empty() => Vec::new(),
        ([], false) => saved::read(&request.directory)?,
        (asked, _) => asked
            .iter()
            .map(|text| {
                Schedule::parse(text).map_err(|why| RehearsalError::Schedule {
                    text: crate::faults::shown(text),
                    why,
                })
            })
            .collect::<Result<Vec<_>, _>>()?,
    };
    if schedules.is_empty() {
        return Ok(Vec::new());
    }
    // A schedule says everything but what comes before its own part, which has one seed for all.
    let own = match request.seed {
        BEGINNING => None,
        _ => Some(House::open(request, BEGINNING)?),
    };
    let house = own.as_ref().unwrap_or(house);
    let done = AtomicUsize::new(0);
    let played = house.share_out(
        schedules.len(),
        |ground, at| ground.play_schedule(&schedules[at]),
        |at, _| {
            progress(Progress {
                done: done.fetch_add(1, Ordering::Relaxed) + 1,
                all: schedules.len(),
                scenario: schedules[at].scenario.id,
            });
            Enough::No
        },
    )?;
    Ok(played.into_iter().map(|(_, outcome)| outcome).collect())
}

/// Whether a promise is broken in a story with the declared settings.
fn broke(outcome: &Outcome) -> bool {
    let mut judgements = outcome.judgements.iter();
    outcome.settings == Settings::Declared && judgements.any(|(_, j)| !j.breaches.is_empty())
}
