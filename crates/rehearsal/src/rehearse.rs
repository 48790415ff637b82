//! A whole rehearsal: survey, stories, verdicts.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lockkeeper_names::RepositorySlug;
use lockkeeper_policy::Policy;
use lockkeeper_world::Durations;

use crate::cast;
use crate::engine::EngineError;
use crate::memory::Memory;
use crate::play::{Ground, Outcome};
use crate::promises::Facts;
use crate::real::RealTool;
use crate::record::{Recording, SURVEY, Subject};
use crate::report::Report;
use crate::repository::{Repository, RepositoryError, read_files};
use crate::scenarios::{SCENARIOS, Scenario};
use crate::stage::Library;
use crate::strangers::{self, Foreign, Strangers, WORKFLOWS, is_workflow};
use crate::survey::{Account, Raising, Settings, Survey, survey};
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
    let account = account(request)?;
    let Strangers { mut files, partial } = match request.strangers {
        true => strangers::read(&request.directory)?,
        false => Strangers {
            files: read_files(&request.directory)?,
            partial: false,
        },
    };
    let library = Library::default();
    let mut sources = BTreeMap::new();
    let mut workflows = Vec::new();
    for (path, file) in &files {
        let Some(name) = path.strip_prefix(WORKFLOWS) else {
            continue;
        };
        if !is_workflow(name) {
            continue;
        }
        let text = String::from_utf8_lossy(&file.contents).into_owned();
        match library.read(name, &text) {
            Ok(loaded) => workflows.push(loaded),
            Err(problems) => {
                let problem = problems.first();
                return Err(RehearsalError::Workflow {
                    file: path.clone(),
                    line: problem.map_or(1, |problem| problem.place.line),
                    message: problem.map_or_else(String::new, |problem| problem.message.clone()),
                });
            }
        }
        sources.insert(name.to_owned(), text);
    }
    if sources.is_empty() {
        return Err(RehearsalError::NoWorkflows(
            request.directory.display().to_string(),
        ));
    }
    let ground = Foreign::prepare(request, partial, &workflows, &mut files);
    let scratch =
        crate::engine::scratch::directory().map_err(EngineError::io("make a scratch directory"))?;
    let changes = cast::changes(&files);
    let slug = ground.slug.unwrap_or_else(|| slug(&request.directory));
    let repository = Arc::new(Repository::make(
        slug,
        ground.policy.production_branch.clone(),
        files,
        changes,
        scratch.path(),
    )?);
    let raising = |processor| Raising {
        executable: request.executable.clone(),
        no_sandbox: request.no_sandbox,
        strangers: request.strangers,
        seed: request.seed,
        processor,
        permissive: false,
        real: request.real.clone(),
        durations: request.durations,
    };
    let processors = processors();
    let survey = std::thread::scope(|scope| {
        // On a thread of its own, since it is bound to one processor.
        scope
            .spawn(|| {
                survey(
                    &ground.policy,
                    &repository,
                    &account,
                    ground.written.as_ref(),
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
    let named = |scenario: &&Scenario| request.scenarios.iter().any(|name| name == scenario.id);
    let mut subject = Subject {
        seed: request.seed,
        // All of them, in whatever order, are the whole set.
        only: match SCENARIOS.iter().all(named) {
            true => Vec::new(),
            false => request.scenarios.clone(),
        },
        facts: facts(&survey, &repository),
        assumptions: assumptions(ground.sentences, &survey, request),
        workflows: sources,
    };
    let contexts = survey.required_checks(&survey.checks);
    let mut stories: Vec<(usize, &'static Scenario)> = subject
        .wanted()
        .filter(|scenario| scenario.is_playable(&survey))
        .enumerate()
        .collect();
    stories.sort_by_key(|(_, scenario)| {
        let mut named = request.scenarios.iter();
        named.position(|name| name == scenario.id)
    });
    let all = stories.len();
    let memory = Memory::default();
    let queue = Mutex::new(stories.into_iter());
    let results: Mutex<BTreeMap<usize, Result<Vec<Outcome>, EngineError>>> = Mutex::default();
    let stopped = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for processor in processors.iter().take(all) {
            let (queue, results, stopped) = (&queue, &results, &stopped);
            let ground = Ground {
                survey: &survey,
                facts: &subject.facts,
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
                    if stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    let outcomes = ground.play_with_both(scenario);
                    if request.fail_fast && outcomes.as_ref().is_ok_and(|o| o.iter().any(broke)) {
                        stopped.store(true, Ordering::Relaxed);
                    }
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
    if stopped.into_inner() {
        let mut played: Vec<_> = outcomes.iter().map(|o| o.scenario.id.to_owned()).collect();
        played.dedup();
        subject.only = played;
    }
    let mut report = assemble(subject, outcomes);
    report.recordings.push(Recording {
        scenario: SURVEY,
        settings: Settings::Declared.as_str(),
        events: watched,
        told: None,
    });
    Ok(report)
}

/// Whether a promise is broken in a story with the declared settings.
fn broke(outcome: &Outcome) -> bool {
    let mut judgements = outcome.judgements.iter();
    outcome.settings == Settings::Declared && judgements.any(|(_, j)| !j.breaches.is_empty())
}

fn facts(survey: &Survey, repository: &Repository) -> Facts {
    let production = survey.production.as_ref();
    Facts {
        policy: survey.policy.clone(),
        staging: survey.staging.clone(),
        production: survey.production_service.clone(),
        repository: survey.repository.clone(),
        deploys_staging: survey.deploys_staging.clone(),
        deploys_production: production.iter().map(|used| used.file.clone()).collect(),
        checks_pulls: survey.checks_pulls.clone(),
        locks: survey.locks.clone(),
        tag_input: production.and_then(|used| used.tag_input.clone()),
        reviewers: vec![cast::REVIEWER.to_owned()],
        left_out: survey.left_out.iter().cloned().collect(),
        root: repository.root.clone(),
    }
}

/// The most bytes that an account's answer may have.
const MOST_BYTES: u64 = 64 << 20;

/// The roles that somebody gives along.
fn account(request: &Request) -> Result<Account, RehearsalError> {
    let Some(path) = &request.iam else {
        return Ok(Account::default());
    };
    let error = |message: String| RehearsalError::Iam {
        file: path.display().to_string(),
        message,
    };
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text))
        .map_err(|problem| error(problem.to_string()))?;
    Account::read(&text).map_err(error)
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

fn assumptions(mut assumptions: Vec<String>, survey: &Survey, request: &Request) -> Vec<String> {
    assumptions.extend(survey.assumptions());
    assumptions.extend(crate::durations::notes(&request.durations));
    assumptions.extend(request.real.iter().map(|real| {
        let (name, version) = (real.name(), real.version());
        format!("`{name}` is the installed {version}, with the world in the place of its service")
    }));
    assumptions
}
