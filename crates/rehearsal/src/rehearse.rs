//! A whole rehearsal: survey, stories, verdicts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as RealInstant};

use lockkeeper_names::{ImageDigest, RepositorySlug};
use lockkeeper_policy::{Policy, PromiseId};
use lockkeeper_world::clock::START;
use lockkeeper_world::event::{Event, What};

use crate::cast;
use crate::director::{Director, PlayError};
use crate::engine::{EngineError, Layers};
use crate::history::History;
use crate::memory::{Memory, Past};
use crate::promises::{Breach, Facts, Judgement, PROMISES, Story};
use crate::report::{
    Evidence, Played, PromiseReport, Recording, Report, RunReport, ScenarioReport, Verdict,
};
use crate::repository::{Repository, RepositoryError, read_files};
use crate::scenarios::{SCENARIOS, Scenario};
use crate::stage::Library;
use crate::survey::{Raising, Settings, Survey, raise, survey};

/// What is to be rehearsed, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The repository's directory.
    pub directory: PathBuf,
    pub policy: Policy,
    pub seed: u64,
    /// Only the scenarios with these ids; all when empty.
    pub scenarios: Vec<String>,
    /// The lockkeeper executable.
    pub executable: PathBuf,
    pub no_sandbox: bool,
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
    #[error("{file}:{line}: {message}")]
    Workflow {
        file: String,
        line: u32,
        message: String,
    },
    #[error("there is no scenario `{name}`; there are: {known}")]
    NoScenario { name: String, known: String },
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

/// One story that was played.
struct Outcome {
    scenario: &'static Scenario,
    settings: Settings,
    note: Option<String>,
    events: Vec<Event>,
    judgements: Vec<(PromiseId, Judgement)>,
    runs: Vec<RunReport>,
    virtual_time: Duration,
    wall_time: Duration,
    layers: Layers,
    notes: BTreeSet<String>,
}

/// Rehearses a repository's pipeline.
pub fn rehearse(
    request: &Request,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, RehearsalError> {
    for name in &request.scenarios {
        if SCENARIOS.iter().all(|scenario| scenario.id != name) {
            let known = SCENARIOS
                .iter()
                .map(|scenario| scenario.id)
                .collect::<Vec<_>>()
                .join(", ");
            return Err(RehearsalError::NoScenario {
                name: name.clone(),
                known,
            });
        }
    }
    let files = read_files(&request.directory)?;
    let library = Library::default();
    let mut sources = BTreeMap::new();
    for (path, file) in &files {
        let Some(name) = path.strip_prefix(".github/workflows/") else {
            continue;
        };
        if name.contains('/') || !(name.ends_with(".yml") || name.ends_with(".yaml")) {
            continue;
        }
        let text = String::from_utf8_lossy(&file.contents).into_owned();
        if let Err(problems) = library.read(name, &text)
            && let Some(problem) = problems.first()
        {
            return Err(RehearsalError::Workflow {
                file: path.clone(),
                line: problem.place.line,
                message: problem.message.clone(),
            });
        }
        sources.insert(name.to_owned(), text);
    }
    if sources.is_empty() {
        return Err(RehearsalError::NoWorkflows(
            request.directory.display().to_string(),
        ));
    }
    let scratch =
        crate::engine::scratch::directory().map_err(EngineError::io("make a scratch directory"))?;
    let changes = cast::changes(&files);
    let slug = slug(&request.directory);
    let repository = Arc::new(Repository::make(
        slug,
        request.policy.production_branch.clone(),
        files,
        changes,
        scratch.path(),
    )?);
    let raising = |processor| Raising {
        executable: request.executable.clone(),
        no_sandbox: request.no_sandbox,
        seed: request.seed,
        processor,
    };
    let processors = processors();
    let survey = std::thread::scope(|scope| {
        // On a thread of its own, since it is bound to one processor.
        scope
            .spawn(|| {
                survey(
                    &request.policy,
                    &repository,
                    &library,
                    &raising(processors[0]),
                )
            })
            .join()
    });
    let (survey, watched) = match survey {
        Ok(survey) => survey?,
        Err(panic) => std::panic::resume_unwind(panic),
    };
    let wanted: Vec<&'static Scenario> = SCENARIOS
        .iter()
        .copied()
        .filter(|scenario| {
            request.scenarios.is_empty() || request.scenarios.iter().any(|name| name == scenario.id)
        })
        .collect();
    let contexts = survey.required_checks(&survey.checks);
    let stories: Vec<(usize, &'static Scenario)> = wanted
        .iter()
        .copied()
        .filter(|scenario| scenario.is_playable(&survey))
        .enumerate()
        .collect();
    let all = stories.len();
    let memory = Memory::default();
    let queue = Mutex::new(stories.into_iter());
    let results: Mutex<BTreeMap<usize, Result<Vec<Outcome>, EngineError>>> = Mutex::default();
    std::thread::scope(|scope| {
        for processor in processors.iter().take(all) {
            let (queue, results) = (&queue, &results);
            let ground = Ground {
                survey: &survey,
                checks: &contexts,
                repository: &repository,
                library: &library,
                raising: raising(*processor),
                memory: &memory,
            };
            scope.spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((at, scenario)) = next else {
                        return;
                    };
                    let outcomes = ground.play_with_both(scenario);
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results.insert(at, outcomes);
                    progress(Progress {
                        done: results.len(),
                        all,
                        scenario: scenario.id,
                    });
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut outcomes = Vec::new();
    for result in results.into_values() {
        outcomes.extend(result?);
    }
    let mut report = assemble(request, &survey, &wanted, outcomes, sources);
    report.recordings.push(Recording {
        scenario: "survey",
        settings: "declared",
        events: watched,
    });
    Ok(report)
}

/// The processors that this process may use: each takes one story at a time.
fn processors() -> Vec<Option<usize>> {
    match rustix::thread::sched_getaffinity(None) {
        Ok(set) => (0..rustix::thread::CpuSet::MAX_CPU)
            .filter(|cpu| set.is_set(*cpu))
            .map(Some)
            .take(16)
            .collect(),
        Err(_) => vec![None],
    }
}

/// `example/<directory>`
fn slug(directory: &Path) -> RepositorySlug {
    let absolute = directory
        .canonicalize()
        .unwrap_or_else(|_| directory.to_owned());
    let name = absolute
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let name: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c))
        .collect();
    RepositorySlug::parse(&format!("example/{name}"))
        .or_else(|_| RepositorySlug::parse("example/repository"))
        .expect("example/repository is a slug")
}

/// What every story of a rehearsal is played on.
struct Ground<'a> {
    survey: &'a Survey,
    checks: &'a [String],
    repository: &'a Arc<Repository>,
    library: &'a Library,
    raising: Raising,
    memory: &'a Memory,
}

impl Ground<'_> {
    /// Plays a scenario with the declared settings, and with GitHub's defaults where a setting
    /// had a say in the first story.
    fn play_with_both(&self, scenario: &'static Scenario) -> Result<Vec<Outcome>, EngineError> {
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

fn assemble(
    request: &Request,
    survey: &Survey,
    wanted: &[&'static Scenario],
    outcomes: Vec<Outcome>,
    sources: BTreeMap<String, String>,
) -> Report {
    let promises: Vec<PromiseReport> = PROMISES
        .iter()
        .map(|promise| {
            let verdict_with = |settings: Settings| verdict(promise.id, with(&outcomes, settings));
            let mut stories: Vec<&'static str> = Vec::new();
            let mut evidence = Vec::new();
            for (story, outcome) in outcomes.iter().enumerate() {
                let Some((_, judgement)) =
                    outcome.judgements.iter().find(|(id, _)| *id == promise.id)
                else {
                    continue;
                };
                if judgement.exercised && !stories.contains(&outcome.scenario.id) {
                    stories.push(outcome.scenario.id);
                }
                evidence.extend(
                    judgement
                        .breaches
                        .iter()
                        .map(|breach| as_evidence(breach, story, outcome, survey)),
                );
            }
            // With the declared settings first, then the stories that are about this promise; the same
            // place once.
            let about = |story: usize| outcomes[story].scenario.challenges.contains(&promise.id);
            evidence.sort_by_key(|evidence| {
                (
                    evidence.settings != "declared",
                    !about(evidence.story),
                    evidence.story,
                    evidence.seq,
                )
            });
            let mut seen = BTreeSet::new();
            evidence.retain(|evidence| {
                seen.insert((
                    evidence.settings,
                    evidence.scenario,
                    evidence.file.clone(),
                    evidence.line,
                    evidence.message.clone(),
                ))
            });
            PromiseReport {
                id: promise.id,
                verdict: verdict_with(Settings::Declared),
                with_defaults: verdict_with(Settings::Defaults),
                scenarios: stories,
                evidence,
                mend: promise.mend,
            }
        })
        .collect();
    let scenarios = wanted
        .iter()
        .map(|scenario| {
            let outcome = outcomes.iter().find(|outcome| {
                outcome.scenario.id == scenario.id && outcome.settings == Settings::Declared
            });
            match outcome {
                None => ScenarioReport {
                    id: scenario.id,
                    title: scenario.title,
                    verdict: Played::NotPlayed,
                    note: Some("the pipeline has nothing that this story needs".into()),
                    virtual_seconds: 0.0,
                    wall_seconds: 0.0,
                    runs: Vec::new(),
                },
                Some(outcome) => ScenarioReport {
                    id: scenario.id,
                    title: scenario.title,
                    verdict: if outcome.note.is_none()
                        && outcome
                            .judgements
                            .iter()
                            .all(|(_, judgement)| judgement.breaches.is_empty())
                    {
                        Played::Passed
                    } else {
                        Played::Failed
                    },
                    note: outcome.note.clone(),
                    virtual_seconds: outcome.virtual_time.as_secs_f64(),
                    wall_seconds: outcome.wall_time.as_secs_f64(),
                    runs: outcome.runs.clone(),
                },
            }
        })
        .collect();
    let mut not_modelled = BTreeSet::new();
    for outcome in &outcomes {
        for event in &outcome.events {
            if let What::NotModelled { text, file, line } = &event.what {
                let workflow = event
                    .caller
                    .and_then(|caller| outcome.runs.iter().find(|run| run.id == caller.run.0))
                    .map(|run| run.workflow.clone());
                let place = file
                    .clone()
                    .or(workflow)
                    .map(|file| format!("{file}:{}: ", line.unwrap_or(1)))
                    .unwrap_or_default();
                not_modelled.insert(format!("{place}{text}"));
            }
        }
    }
    let mut assumptions = survey.assumptions();
    let met = outcomes.iter().flat_map(|outcome| {
        let assumed = outcome.events.iter().filter_map(|event| match &event.what {
            What::Assumed { text } => Some(text.clone()),
            _ => None,
        });
        assumed.chain(outcome.notes.iter().cloned())
    });
    assumptions.extend(met.collect::<BTreeSet<_>>());
    Report {
        schema: 1,
        pipeline: sources.keys().cloned().collect(),
        seed: request.seed,
        promises,
        scenarios,
        assumptions,
        not_modelled: not_modelled.into_iter().collect(),
        isolation: outcomes
            .first()
            .map(|outcome| outcome.layers)
            .unwrap_or_default(),
        recordings: outcomes
            .into_iter()
            .map(|outcome| Recording {
                scenario: outcome.scenario.id,
                settings: name(outcome.settings),
                events: outcome.events,
            })
            .collect(),
        sources,
    }
}

/// The stories as played with these settings: with the defaults, where they had no say, those with
/// the declared ones.
fn with(outcomes: &[Outcome], settings: Settings) -> impl Iterator<Item = &Outcome> {
    outcomes.iter().filter(move |outcome| {
        outcome.settings == settings
            || !outcomes
                .iter()
                .any(|other| other.scenario.id == outcome.scenario.id && other.settings == settings)
    })
}

/// Kept: some story exercised it, some challenged it, none broke it.
fn verdict<'a>(id: PromiseId, outcomes: impl Iterator<Item = &'a Outcome>) -> Verdict {
    let (mut exercised, mut challenged) = (false, false);
    for outcome in outcomes {
        let Some((_, judgement)) = outcome
            .judgements
            .iter()
            .find(|(promise, _)| *promise == id)
        else {
            continue;
        };
        if !judgement.breaches.is_empty() {
            return Verdict::Broken;
        }
        exercised |= judgement.exercised;
        challenged |= judgement.exercised && outcome.scenario.challenges.contains(&id);
    }
    if exercised && challenged {
        Verdict::Kept
    } else {
        Verdict::NotExercised
    }
}

fn name(settings: Settings) -> &'static str {
    match settings {
        Settings::Declared => "declared",
        Settings::Defaults => "defaults",
    }
}

fn as_evidence(breach: &Breach, story: usize, outcome: &Outcome, survey: &Survey) -> Evidence {
    let fallback = || {
        survey
            .checks_pulls
            .first()
            .or(survey.deploys_staging.first())
            .cloned()
            .unwrap_or_default()
    };
    Evidence {
        file: breach.file.clone().unwrap_or_else(fallback),
        line: breach.line.unwrap_or(1),
        message: breach.message.clone(),
        scenario: outcome.scenario.id,
        settings: name(outcome.settings),
        story,
        seq: breach.seq,
    }
}
