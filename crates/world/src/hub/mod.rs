//! GitHub: repository, pull requests, checks, runs, gates, locks, tokens.
//!
//! The hub never reads a workflow file. Whoever does (the runner) tells it what a run and a job ask
//! for, takes the jobs that may start ([`Hub::startable`]), and reports how they ended; between
//! those, the hub decides alone: who holds a concurrency group, who waits for a reviewer, what is
//! cancelled. Three hand-overs tell the runner what happened without it: [`Hub::ready_runs`] (make
//! these runs' jobs now), [`Hub::cancellations`] (cancel these running jobs) and
//! [`Hub::completions`] (these jobs ended by themselves).
//!
//! A job goes through its concurrency group first and its environment's gate second, so a job that
//! waits for a reviewer holds its group, as on GitHub.
//!
//! Left out: tags, merge queues, classic branch protection, code owners, teams as reviewers, custom
//! protection rules, approval of first-time contributors' runs, re-running only failed jobs,
//! customised OIDC subjects. An API path that is not modelled is answered with 404 and named by an
//! event. Where GitHub documents nothing, the hub takes the reading that is worse for a pipeline: a
//! re-run may be reviewed by whoever started the first attempt, an admin's bypass stands among the
//! run's approvals, and a job that waits goes on waiting when its environment loses its reviewers.

mod checks;
mod deployments;
mod dispatches;
mod fnmatch;
mod gates;
mod groups;
mod identity;
mod jobs;
mod locks;
mod pulls;
mod repository;
mod rest;
mod runs;
mod settings;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lockkeeper_names::{BranchName, CommitSha, Login, WorkflowFile};

pub use checks::Check;
pub use deployments::{Deployment, DeploymentStatus};
pub use dispatches::{Dispatch, DispatchInput, WorkflowFacts};
pub use gates::{Approval, Environment, PendingDeployment};
pub use jobs::{Gate, Job, JobRequest, JobState};
pub use locks::{Group, Holder};
pub use pulls::{Pull, PullState};
pub use repository::{Commit, Comparison};
pub use rest::RestReply;
pub use runs::{Run, RunFilter, RunRequest, RunStatus};
pub use settings::{
    BranchPolicy, DefaultToken, Enforcement, EnvironmentSettings, OidcSubject, PullRequestRule,
    RefType, RepositorySpec, Role, Ruleset, Scoped, Settings, Visibility,
};
pub use tokens::{Access, Permissions, SCOPES};

use crate::Durations;
use crate::clock::Instant;
use crate::event::{Conclusion, Log, What};
use crate::ids::{JobId, PullNumber, RunId};
use crate::outage::Outages;

/// A job that no reviewer lets pass fails after this.
pub const REVIEW_LIMIT: Duration = Duration::from_secs(30 * 86_400);
/// A run that has not completed after this is cancelled.
pub const RUN_LIMIT: Duration = Duration::from_secs(35 * 86_400);

/// The actor of what GitHub does by itself.
const GITHUB: &str = "github";

/// What was asked for is not allowed, or makes no sense in the state that things are in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refused {
    pub why: String,
}

impl Refused {
    pub(crate) fn because(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}

/// One repository on GitHub.
///
/// ```
/// use lockkeeper_names::{BranchName, EnvironmentName, Login};
/// use lockkeeper_world::{clock::START, event::Conclusion, hub::*, Log};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ann: Login = "ann".parse()?;
/// let production: EnvironmentName = "production".parse()?;
/// let mut settings = Settings::github_defaults();
/// settings.collaborators.insert(ann.clone(), Role::Write);
/// settings.environments.insert(production.clone(), EnvironmentSettings {
///     reviewers: vec![ann.clone()],
///     ..EnvironmentSettings::default()
/// });
/// let spec = RepositorySpec {
///     slug: "example/shop".parse()?,
///     repository_id: 7,
///     owner_id: 1,
///     visibility: Visibility::Private,
///     default_branch: BranchName::parse("main")?,
///     root: "a".repeat(40).parse()?,
///     created_after_immutable_ids: true,
/// };
/// let root = spec.root.clone();
/// let (mut hub, mut log) = (Hub::new(spec, settings), Log::default());
///
/// let deploy = "deploy.yml".parse()?;
/// let request = RunRequest::new(deploy, "workflow_dispatch", "refs/heads/main", root, ann.clone());
/// let run = hub.create_run(START, &mut log, request)?;
/// let job = JobRequest { environment: Some(production.clone()), ..JobRequest::new("deploy", 9) };
/// let job = hub.add_job(START, &mut log, run, job)?;
/// assert_eq!(hub.run(run).unwrap().status, RunStatus::Waiting);
///
/// hub.review(START, &mut log, run, &production, &ann, true, "fine")?;
/// let ready = hub.next_timer().unwrap();
/// hub.fire(ready, &mut log);
/// assert_eq!(hub.startable(), [job]);
/// hub.start_job(ready, &mut log, job)?;
/// hub.complete_job(ready, &mut log, job, Conclusion::Success)?;
/// hub.complete_run(ready, &mut log, run, Conclusion::Success)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Hub {
    /// When the REST API misbehaves: `Api::GitHub`, operations by their OpenAPI id
    /// (`actions/get-workflow-run`).
    pub outages: Outages,
    spec: RepositorySpec,
    settings: Settings,
    repository: repository::Repository,
    pulls: BTreeMap<PullNumber, Pull>,
    checks: checks::Checks,
    environments: gates::Environments,
    locks: locks::Locks,
    runs: BTreeMap<RunId, Run>,
    jobs: BTreeMap<JobId, Job>,
    pub(crate) durations: Durations,
    workflows: BTreeMap<WorkflowFile, WorkflowFacts>,
    deployments: deployments::Deployments,
    dispatches: Vec<Dispatch>,
    ready: Vec<RunId>,
    cancellations: Vec<JobId>,
    completions: Vec<JobId>,
    next_run: u64,
    next_job: u64,
}

impl Hub {
    pub fn new(spec: RepositorySpec, mut settings: Settings) -> Self {
        let root = Commit {
            sha: spec.root.clone(),
            parents: Vec::new(),
            author: spec.owner_login(),
            message: "Initial commit".to_owned(),
            files_changed: Vec::new(),
        };
        let environments = gates::Environments::new(std::mem::take(&mut settings.environments));
        Self {
            outages: Outages::default(),
            repository: repository::Repository::new(root, spec.default_branch.clone()),
            environments,
            spec,
            settings,
            pulls: BTreeMap::new(),
            checks: checks::Checks::default(),
            locks: locks::Locks::default(),
            runs: BTreeMap::new(),
            jobs: BTreeMap::new(),
            durations: Durations::default(),
            workflows: BTreeMap::new(),
            deployments: deployments::Deployments::default(),
            dispatches: Vec::new(),
            ready: Vec::new(),
            cancellations: Vec::new(),
            completions: Vec::new(),
            next_run: 1001,
            next_job: 5001,
        }
    }

    pub fn spec(&self) -> &RepositorySpec {
        &self.spec
    }

    /// What `GITHUB_TOKEN` may do where a workflow has no `permissions`.
    pub fn default_token(&self) -> DefaultToken {
        self.settings.default_token
    }

    pub fn rulesets(&self) -> &[Ruleset] {
        &self.settings.rulesets
    }

    /// An admin replaces all rulesets.
    pub fn set_rulesets(
        &mut self,
        now: Instant,
        log: &mut Log,
        actor: &Login,
        rules: Vec<Ruleset>,
    ) -> Result<(), Refused> {
        self.require(actor, Role::Admin, "change the rulesets of")?;
        self.settings.rulesets = rules;
        stimulus(now, log, actor, "changes the repository's rulesets");
        Ok(())
    }

    /// The next instant at which something happens by itself.
    pub fn next_timer(&self) -> Option<Instant> {
        let jobs = self.jobs.values().filter_map(Job::next_timer);
        let runs = self.runs.values().filter_map(Run::expires_at);
        jobs.chain(runs).min()
    }

    /// Lets happen what is due at `now`.
    pub fn fire(&mut self, now: Instant, log: &mut Log) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let jobs: Vec<JobId> = self
            .jobs
            .values()
            .filter(|job| due(job.next_timer()))
            .map(|job| job.id)
            .collect();
        for job in jobs {
            self.fire_job(now, log, job);
        }
        let runs: Vec<RunId> = self
            .runs
            .values()
            .filter(|run| due(run.expires_at()))
            .map(|run| run.id)
            .collect();
        for run in runs {
            self.expire_run(now, log, run);
        }
    }

    /// The role of a person; nobody has one who is not listed, the owner excepted.
    pub fn role(&self, who: &Login) -> Option<Role> {
        if who.as_str().eq_ignore_ascii_case(self.spec.owner()) {
            return Some(Role::Admin);
        }
        let listed = self.settings.collaborators.iter();
        listed
            .filter(|(login, _)| login.as_str().eq_ignore_ascii_case(who.as_str()))
            .map(|(_, role)| *role)
            .next()
    }

    fn require(&self, who: &Login, role: Role, act: &str) -> Result<(), Refused> {
        if self.role(who) >= Some(role) {
            return Ok(());
        }
        Err(Refused::because(format!(
            "{who} may not {act} {}",
            self.spec.slug
        )))
    }

    /// Adds a commit, on no branch yet; its parents must be known.
    pub fn add_commit(
        &mut self,
        sha: CommitSha,
        parents: Vec<CommitSha>,
        author: Login,
        message: impl Into<String>,
        files_changed: Vec<String>,
    ) -> Result<(), Refused> {
        self.repository.add(Commit {
            sha,
            parents,
            author,
            message: message.into(),
            files_changed,
        })
    }

    pub fn commit(&self, sha: &CommitSha) -> Option<&Commit> {
        self.repository.commit(sha)
    }

    /// A branch's newest commit.
    pub fn head(&self, branch: &BranchName) -> Option<&CommitSha> {
        self.repository.head(branch)
    }

    pub fn branches(&self) -> &BTreeMap<BranchName, CommitSha> {
        self.repository.branches()
    }

    /// The commit that a branch, a ref or a (shortened) SHA names.
    pub fn resolve(&self, text: &str) -> Option<&CommitSha> {
        self.repository.resolve(text)
    }

    /// Whether `descendant` contains `ancestor`; a commit contains itself.
    pub fn is_ancestor(&self, ancestor: &CommitSha, descendant: &CommitSha) -> bool {
        self.repository.is_ancestor(ancestor, descendant)
    }

    /// None if one of the two is not in the repository.
    pub fn compare(&self, base: &CommitSha, head: &CommitSha) -> Option<Comparison> {
        self.repository.compare(base, head)
    }

    /// Files that the head changes against its merge base, sorted.
    pub fn files_changed(&self, base: &CommitSha, head: &CommitSha) -> Vec<String> {
        let ahead = self.compare(base, head).map(|comparison| comparison.ahead);
        self.files_of(ahead.iter().flatten())
    }

    pub(crate) fn files_of<'a>(&self, commits: impl Iterator<Item = &'a CommitSha>) -> Vec<String> {
        let files: BTreeSet<&String> = commits
            .filter_map(|sha| self.repository.commit(sha))
            .flat_map(|commit| &commit.files_changed)
            .collect();
        files.into_iter().cloned().collect()
    }

    /// The latest checks on a commit, by context.
    pub fn checks(&self, sha: &CommitSha) -> BTreeMap<String, Check> {
        self.checks.of(sha)
    }

    /// Takes checks as passed on a commit that was looked at before the story begins.
    pub fn passed_before(&mut self, sha: &CommitSha, workflow: &WorkflowFile, contexts: &[String]) {
        let check = Check {
            job: JobId(0),
            conclusion: Some(Conclusion::Success),
        };
        for context in contexts {
            self.checks.report(sha, context, workflow, check);
        }
    }

    /// Who holds a concurrency group.
    pub fn group_holder(&self, group: &str) -> Option<Holder> {
        self.locks.holder(group)
    }
}

impl RepositorySpec {
    /// The owner's login; a slug's first half is one by its grammar.
    fn owner_login(&self) -> Login {
        match Login::parse(self.owner()) {
            Ok(owner) => owner,
            Err(_) => bot(),
        }
    }
}

/// A person does something for which there is no event of its own.
fn stimulus(now: Instant, log: &mut Log, actor: &Login, text: impl Into<String>) {
    let (actor, text) = (actor.to_string(), text.into());
    log.push(now, None, What::Stimulus { actor, text });
}

/// The account behind `GITHUB_TOKEN`.
fn bot() -> Login {
    Login::parse("github-actions[bot]").expect("a constant that the grammar of logins accepts")
}
