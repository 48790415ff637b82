//! One event on a repository, without a story around it: which runs it starts, and what comes of
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lockkeeper_names::{BranchName, Login, RepositorySlug, SettingName, WorkflowFile};
use lockkeeper_world::World;
use lockkeeper_world::cloud::{Cloud, Place};
use lockkeeper_world::event::{Event, What};
use lockkeeper_world::hub::{
    Hub, RepositorySpec, Role, RunFilter, RunStatus, Settings, Visibility,
};
use lockkeeper_world::ids::JobId;

use crate::commits::Commits;
use crate::engine::{Engine, EngineError, Options, scratch};
use crate::rehearse::RehearsalError;
use crate::repository::{Change, File, Repository};
use crate::stage::{Library, Properties, PullRequestFrom, Stage};

/// What is tried.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The repository's files, by path with `/`; they are what its branch `main` holds.
    pub files: BTreeMap<String, File>,
    pub happens: Happens,
    /// Values of the repository's secrets and variables.
    pub secrets: BTreeMap<SettingName, String>,
    pub variables: BTreeMap<SettingName, String>,
    pub interferes: Option<Interferes>,
    pub seed: u64,
    /// The lockkeeper executable.
    pub executable: PathBuf,
    pub no_sandbox: bool,
}

/// The event.
#[derive(Debug, Clone)]
pub enum Happens {
    /// The branch gets a commit that changes these files.
    Push { changes: BTreeMap<String, File> },
    /// A pull request is opened whose commit changes these files, after the branch has moved on by
    /// other changes.
    PullRequest {
        changes: BTreeMap<String, File>,
        meanwhile: BTreeMap<String, File>,
        fork: bool,
    },
    Dispatch {
        workflow: WorkflowFile,
        inputs: BTreeMap<String, String>,
    },
}

/// Somebody or something interferes when a step has printed a text.
#[derive(Debug, Clone)]
pub struct Interferes {
    pub when_printed: String,
    pub how: Interference,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interference {
    /// The run is cancelled.
    Cancel,
    /// The job's machine is lost.
    LoseRunner,
}

const BRANCH: &str = "main";
const PERSON: &str = "sam-developer";
/// The longest that a trial lasts, in virtual time.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Trial {
    /// A push to a repository without secrets.
    pub fn new(files: BTreeMap<String, File>, executable: PathBuf) -> Self {
        Self {
            files,
            happens: Happens::Push {
                changes: BTreeMap::new(),
            },
            secrets: BTreeMap::new(),
            variables: BTreeMap::new(),
            interferes: None,
            seed: 1,
            executable,
            no_sandbox: false,
        }
    }

    /// Plays it; everything that happened, in order.
    pub fn play(&self) -> Result<Vec<Event>, RehearsalError> {
        let directory =
            scratch::directory().map_err(EngineError::io("make a scratch directory"))?;
        let branch = BranchName::parse(BRANCH).expect("a branch's name");
        let slug = RepositorySlug::parse("example/trial").expect("a slug");
        let change = |name: &str, files: &BTreeMap<String, File>| Change {
            name: name.to_owned(),
            message: format!("Change {name}"),
            files: files.clone(),
            parent: None,
        };
        let changes = match &self.happens {
            Happens::Push { changes } => vec![change("it", changes)],
            Happens::PullRequest {
                changes, meanwhile, ..
            } => vec![change("it", changes), change("meanwhile", meanwhile)],
            Happens::Dispatch { .. } => Vec::new(),
        };
        let touched: BTreeMap<String, Vec<String>> = changes
            .iter()
            .map(|change| (change.name.clone(), change.files.keys().cloned().collect()))
            .collect();
        let repository = Arc::new(Repository::make(
            slug,
            branch,
            self.files.clone(),
            changes,
            directory.path(),
        )?);
        let mut stage = self.raise(&repository)?;
        for (name, files) in touched {
            if let Some(sha) = repository.change(&name) {
                let hub = &mut stage.world.hub;
                let parents = vec![repository.root.clone()];
                hub.add_commit(
                    sha.clone(),
                    parents,
                    person(),
                    format!("Change {name}"),
                    files,
                )
                .map_err(refused)?;
            }
        }
        self.begin(&mut stage, &repository)?;
        self.interfere(&mut stage)?;
        stage.run_until(LONGEST, is_over)?;
        Ok(stage.world.log.events().to_vec())
    }

    fn raise(&self, repository: &Arc<Repository>) -> Result<Stage, EngineError> {
        let engine = Engine::new(Options {
            executable: self.executable.clone(),
            no_sandbox: self.no_sandbox,
            strangers: false,
            patience: Duration::from_secs(20),
            processor: None,
            real: Vec::new(),
        })?;
        let mut settings = Settings::github_defaults();
        settings.collaborators.insert(person(), Role::Admin);
        settings.secrets.repository = self.secrets.keys().cloned().collect::<BTreeSet<_>>();
        settings.variables.repository = self.variables.clone();
        let spec = RepositorySpec {
            slug: repository.slug.clone(),
            repository_id: 7_200,
            owner_id: 4_100,
            visibility: Visibility::Private,
            default_branch: repository.branch.clone(),
            root: repository.root.clone(),
            created_after_immutable_ids: true,
        };
        let place = Place {
            account: "123456789012".parse().expect("an account's number"),
            region: "eu-west-1".parse().expect("a region"),
        };
        let mut stage = Stage::new(Properties {
            world: World::new(Hub::new(spec, settings), Cloud::new(place)),
            engine,
            repository: repository.clone(),
            commits: Commits::default(),
            secrets: self
                .secrets
                .iter()
                .map(|(name, value)| (name.to_string(), value.clone()))
                .collect(),
            seed: self.seed,
            library: Library::default(),
        });
        stage.tell_workflows(&repository.root);
        Ok(stage)
    }

    fn begin(&self, stage: &mut Stage, repository: &Repository) -> Result<(), RehearsalError> {
        let sha = repository.change("it").cloned();
        let sha = sha.unwrap_or_else(|| repository.root.clone());
        match &self.happens {
            Happens::Push { .. } => stage.push_directly(&sha, &person()).map_err(refused),
            Happens::PullRequest {
                meanwhile, fork, ..
            } => {
                if !meanwhile.is_empty()
                    && let Some(other) = repository.change("meanwhile")
                {
                    stage.push_directly(other, &person()).map_err(refused)?;
                    stage.run_until(LONGEST, is_over)?;
                }
                let from = match fork {
                    true => PullRequestFrom::Fork,
                    false => PullRequestFrom::SameRepository,
                };
                stage.open_pull(&sha, &person(), from).map_err(refused)?;
                Ok(())
            }
            Happens::Dispatch { workflow, inputs } => {
                stage
                    .dispatch(workflow, inputs, &person())
                    .map_err(refused)?;
                Ok(())
            }
        }
    }

    fn interfere(&self, stage: &mut Stage) -> Result<(), EngineError> {
        let Some(interferes) = &self.interferes else {
            return Ok(());
        };
        let mut seen = 0;
        let mut met: Option<JobId> = None;
        stage.run_until(LONGEST, |stage| {
            let events = stage.world.log.events();
            for event in &events[seen..] {
                if let What::StepOutput { job, text, .. } = &event.what
                    && text.contains(&interferes.when_printed)
                {
                    met = Some(*job);
                }
            }
            seen = events.len();
            met.is_some() || is_over(stage)
        })?;
        let Some(job) = met else { return Ok(()) };
        match interferes.how {
            Interference::LoseRunner => stage.lose_runner(job),
            Interference::Cancel => {
                if let Some(run) = stage.world.hub.job(job).map(|job| job.run) {
                    stage.cancel(run, &person(), "cancelled by hand").ok();
                }
                Ok(())
            }
        }
    }
}

/// Whether every run has ended.
fn is_over(stage: &Stage) -> bool {
    let runs = stage.world.hub.runs(&RunFilter::default());
    let mut open = runs.iter().filter(|run| run.status != RunStatus::Completed);
    open.next().is_none() && !stage.busy()
}

fn person() -> Login {
    Login::parse(PERSON).expect("a login")
}

fn refused(refused: lockkeeper_world::hub::Refused) -> RehearsalError {
    RehearsalError::Refused(refused.why)
}
