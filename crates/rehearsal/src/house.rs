//! Where a repository's stories are played: what is found out once, for all of them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use lockkeeper_names::RepositorySlug;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::event::Event;
use sha2::{Digest, Sha256};

use crate::campaign::BEGINNING;
use crate::cast;
use crate::engine::EngineError;
use crate::engine::scratch::Scratch;
use crate::memory::Memory;
use crate::play::Ground;
use crate::promises::Facts;
use crate::record::Subject;
use crate::rehearse::{RehearsalError, Request};
use crate::repository::{Repository, read_files};
use crate::saved::SAVED;
use crate::scenarios::{SCENARIOS, Scenario};
use crate::stage::Library;
use crate::strangers::{self, Foreign, Strangers, WORKFLOWS, is_workflow};
use crate::survey::{Account, Raising, Survey, survey};

/// Whether nothing more is to be handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Enough {
    Yes,
    No,
}

pub(crate) struct House {
    pub(crate) survey: Survey,
    facts: Facts,
    /// The checks that the declared settings require.
    checks: Vec<String>,
    repository: Arc<Repository>,
    library: Library,
    memory: Memory,
    raising: Raising,
    processors: Vec<Option<usize>>,
    /// Workflow texts by file.
    pub(crate) sources: BTreeMap<String, String>,
    /// What was concluded about the pipeline before the first story.
    assumptions: Vec<String>,
    /// What the survey saw.
    pub(crate) watched: Vec<Event>,
    _scratch: Scratch,
}

impl House {
    /// Reads a repository, and watches its pipeline once.
    pub(crate) fn open(request: &Request, seed: u64) -> Result<Self, RehearsalError> {
        let account = account(request)?;
        let Strangers { mut files, partial } = match request.strangers {
            true => strangers::read(&request.directory)?,
            false => Strangers {
                files: read_files(&request.directory)?,
                partial: false,
            },
        };
        // What broke a promise once is no part of what is rehearsed.
        files.remove(SAVED);
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
                        message: problem
                            .map_or_else(String::new, |problem| problem.message.clone()),
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
        let scratch = crate::engine::scratch::directory()
            .map_err(EngineError::io("make a scratch directory"))?;
        let changes = cast::changes(&files);
        let slug = ground.slug.unwrap_or_else(|| slug(&request.directory));
        let repository = Arc::new(Repository::make(
            slug,
            ground.policy.production_branch.clone(),
            files,
            changes,
            scratch.path(),
        )?);
        let processors = processors();
        let raising = Raising {
            executable: request.executable.clone(),
            no_sandbox: request.no_sandbox,
            strangers: request.strangers,
            seed,
            processor: processors[0],
            permissive: false,
            real: request.real.clone(),
            durations: request.durations,
        };
        let seen = std::thread::scope(|scope| {
            // On a thread of its own, since it is bound to one processor.
            scope
                .spawn(|| {
                    survey(
                        &ground.policy,
                        &repository,
                        &account,
                        ground.written.as_ref(),
                        &library,
                        &raising,
                    )
                })
                .join()
        });
        let (survey, watched) = match seen {
            Ok(seen) => seen?,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        Ok(Self {
            facts: facts(&survey, &repository),
            checks: survey.required_checks(&survey.checks),
            assumptions: assumptions(ground.sentences, &survey, request),
            survey,
            repository,
            library,
            memory: Memory::default(),
            raising,
            processors,
            sources,
            watched,
            _scratch: scratch,
        })
    }

    /// What every rehearsal in it is about.
    pub(crate) fn subject(&self, seed: u64, only: Vec<String>) -> Subject {
        Subject {
            seed,
            only,
            facts: self.facts.clone(),
            assumptions: self.assumptions.clone(),
            workflows: self.sources.clone(),
        }
    }

    /// A number for everything that verdicts depend on.
    pub(crate) fn fingerprint(&self, request: &Request) -> String {
        // Plain data always has a text.
        let subject = serde_json::to_vec(&self.subject(BEGINNING, Vec::new())).unwrap_or_default();
        let roles = request
            .iam
            .as_ref()
            .and_then(|path| std::fs::read(path).ok());
        let mut hash = Sha256::new();
        hash.update(subject);
        hash.update(roles.unwrap_or_default());
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Whether a promise is about something here.
    pub(crate) fn asks_for(&self, promise: PromiseId) -> bool {
        self.facts.ask_for(promise)
    }

    /// The stories of a rehearsal that the pipeline has what it takes for.
    pub(crate) fn playable(&self, subject: &Subject) -> Vec<&'static Scenario> {
        let wanted = subject.wanted();
        wanted
            .filter(|story| story.is_playable(&self.survey))
            .collect()
    }

    /// Plays on all processors: hands out `0..count` in order, until `work` fails or `done` says that
    /// it is enough; what came of each that was played, in order.
    pub(crate) fn share_out<T: Send>(
        &self,
        count: usize,
        work: impl Fn(&Ground<'_>, usize) -> Result<T, EngineError> + Sync,
        done: impl Fn(usize, &T) -> Enough + Sync,
    ) -> Result<Vec<(usize, T)>, EngineError> {
        let next = Mutex::new(0..count);
        let results: Mutex<BTreeMap<usize, Result<T, EngineError>>> = Mutex::default();
        std::thread::scope(|scope| {
            for processor in self.processors.iter().take(count) {
                let (next, results, work, done) = (&next, &results, &work, &done);
                let ground = Ground {
                    survey: &self.survey,
                    facts: &self.facts,
                    checks: &self.checks,
                    repository: &self.repository,
                    library: &self.library,
                    raising: Raising {
                        processor: *processor,
                        ..self.raising.clone()
                    },
                    memory: &self.memory,
                };
                scope.spawn(move || {
                    loop {
                        let at = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some(at) = at else { return };
                        let result = work(&ground, at);
                        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                        let enough = match &result {
                            Ok(result) => done(at, result),
                            // What is left would fail the same way.
                            Err(_) => Enough::Yes,
                        };
                        if enough == Enough::Yes {
                            *next.lock().unwrap_or_else(PoisonError::into_inner) = 0..0;
                        }
                        results.insert(at, result);
                    }
                });
            }
        });
        let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        let results = results.into_iter();
        results.map(|(at, result)| Ok((at, result?))).collect()
    }
}

/// Refuses names of stories that there are not.
pub(crate) fn known(names: &[String]) -> Result<(), RehearsalError> {
    for name in names {
        if SCENARIOS.iter().all(|scenario| scenario.id != name) {
            let known = SCENARIOS.iter().map(|scenario| scenario.id);
            return Err(RehearsalError::NoScenario {
                name: name.clone(),
                known: known.collect::<Vec<_>>().join(", "),
            });
        }
    }
    Ok(())
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
