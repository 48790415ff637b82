//! Environments: who must let a job pass, and who did.

use std::collections::BTreeMap;
use std::time::Duration;

use lockkeeper_names::{BranchName, EnvironmentName, Login};

use super::{
    BranchPolicy, Enforcement, EnvironmentSettings, Gate, Hub, JobState, RefType, Refused, Role,
    fnmatch, stimulus,
};
use crate::clock::Instant;
use crate::event::{Conclusion, Log, What};
use crate::ids::{JobId, RunId};

/// A deployment environment as it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    pub id: u64,
    pub name: EnvironmentName,
    pub settings: EnvironmentSettings,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// One review of one environment of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub attempt: u32,
    pub environment: EnvironmentName,
    pub reviewer: Login,
    pub approved: bool,
    pub comment: String,
    pub at: Instant,
    /// The jobs that it let pass or failed.
    pub jobs: Vec<JobId>,
}

/// What a run waits for at one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingDeployment {
    pub environment: EnvironmentName,
    pub jobs: Vec<JobId>,
    pub reviewers: Vec<Login>,
    pub waiting_since: Instant,
    /// In minutes.
    pub wait_timer: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Environments {
    by_name: BTreeMap<String, Environment>,
    next_id: u64,
}

impl Environments {
    pub(crate) fn new(settings: BTreeMap<EnvironmentName, EnvironmentSettings>) -> Self {
        let mut all = Self {
            by_name: BTreeMap::new(),
            next_id: 301,
        };
        for (name, settings) in settings {
            all.put(crate::clock::START, name, settings);
        }
        all
    }

    /// Names compare without regard to case.
    pub(crate) fn get(&self, name: &EnvironmentName) -> Option<&Environment> {
        self.by_name.get(&name.as_str().to_ascii_lowercase())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Environment> {
        self.by_name.values()
    }

    fn put(&mut self, now: Instant, name: EnvironmentName, settings: EnvironmentSettings) {
        let key = name.as_str().to_ascii_lowercase();
        if let Some(known) = self.by_name.get_mut(&key) {
            known.settings = settings;
            known.updated_at = now;
            return;
        }
        let environment = Environment {
            id: self.next_id,
            name,
            settings,
            created_at: now,
            updated_at: now,
        };
        self.next_id += 1;
        self.by_name.insert(key, environment);
    }

    fn remove(&mut self, name: &EnvironmentName) -> bool {
        let key = name.as_str().to_ascii_lowercase();
        self.by_name.remove(&key).is_some()
    }
}

fn same(a: &EnvironmentName, b: &EnvironmentName) -> bool {
    a.as_str().eq_ignore_ascii_case(b.as_str())
}

fn same_login(a: &Login, b: &Login) -> bool {
    a.as_str().eq_ignore_ascii_case(b.as_str())
}

impl Hub {
    pub fn environment(&self, name: &EnvironmentName) -> Option<&Environment> {
        self.environments.get(name)
    }

    /// All environments, by name.
    pub fn environments(&self) -> Vec<&Environment> {
        self.environments.all().collect()
    }

    /// An admin creates an environment or replaces its protection. Jobs that wait already go on
    /// waiting; whoever is a reviewer then may review them.
    pub fn set_environment(
        &mut self,
        now: Instant,
        log: &mut Log,
        actor: &Login,
        name: EnvironmentName,
        settings: EnvironmentSettings,
    ) -> Result<(), Refused> {
        self.require(actor, Role::Admin, "configure environments of")?;
        stimulus(
            now,
            log,
            actor,
            format!("changes the protection of environment {name}"),
        );
        self.environments.put(now, name, settings);
        Ok(())
    }

    /// An admin deletes an environment with its secrets and variables; jobs that wait at it fail.
    pub fn delete_environment(
        &mut self,
        now: Instant,
        log: &mut Log,
        actor: &Login,
        name: &EnvironmentName,
    ) -> Result<(), Refused> {
        self.require(actor, Role::Admin, "configure environments of")?;
        if !self.environments.remove(name) {
            return Err(Refused::because(format!("there is no environment {name}")));
        }
        self.settings
            .secrets
            .environments
            .retain(|of, _| !same(of, name));
        self.settings
            .variables
            .environments
            .retain(|of, _| !same(of, name));
        stimulus(now, log, actor, format!("deletes environment {name}"));
        for job in self.waiting_at(None, name) {
            // An earlier one's end may have ended a later one.
            if self.is_waiting(job) {
                self.gate_refuses(now, log, job, format!("environment {name} was deleted"));
            }
        }
        Ok(())
    }

    fn is_waiting(&self, job: JobId) -> bool {
        self.jobs
            .get(&job)
            .is_some_and(|job| matches!(job.state, JobState::Waiting(_)))
    }

    /// Jobs that wait at an environment, of one run or of all.
    fn waiting_at(&self, run: Option<RunId>, name: &EnvironmentName) -> Vec<JobId> {
        self.jobs
            .values()
            .filter(|job| run.is_none_or(|run| job.run == run))
            .filter(|job| matches!(job.state, JobState::Waiting(_)))
            .filter(|job| job.environment.as_ref().is_some_and(|e| same(e, name)))
            .map(|job| job.id)
            .collect()
    }

    /// A job has its group and comes to its environment.
    pub(crate) fn enter_gate(&mut self, now: Instant, log: &mut Log, id: JobId) {
        let Some((job, run)) = self.job_and_run(id) else {
            return;
        };
        let Some(name) = job.environment.clone() else {
            self.queue_job(now, log, id, false);
            return;
        };
        let (run, git_ref, sha) = (run.id, run.git_ref.clone(), run.sha.clone());
        let (triggered_by, recorded) = (run_actor(self, run), !job.no_deployment);
        self.ensure_environment(now, log, &name, run, id);
        let Some(environment) = self.environments.get(&name) else {
            return;
        };
        let settings = environment.settings.clone();
        let canonical = environment.name.clone();
        if let Some(job) = self.jobs.get_mut(&id) {
            job.environment = Some(canonical.clone());
        }
        if !self.ref_may_deploy(&git_ref, &settings.branch_policy) {
            let shown = git_ref.strip_prefix("refs/heads/").unwrap_or(&git_ref);
            let why = format!(
                "Branch \"{shown}\" is not allowed to deploy to {canonical} due to environment protection rules."
            );
            self.gate_refuses(now, log, id, why);
            return;
        }
        if recorded {
            self.deployments
                .job_gated(now, id, &canonical, &git_ref, &sha, triggered_by);
        }
        let review = !settings.reviewers.is_empty();
        let timer = Duration::from_secs(60 * u64::from(settings.wait_timer));
        if !review && timer.is_zero() {
            self.queue_job(now, log, id, true);
            return;
        }
        if let Some(job) = self.jobs.get_mut(&id) {
            job.state = JobState::Waiting(Gate {
                since: now,
                timer_until: (!timer.is_zero()).then(|| now + timer),
                review,
            });
        }
        log.push(
            now,
            None,
            What::JobWaiting {
                run,
                job: id,
                environment: canonical.to_string(),
                reviewers: settings.reviewers.iter().map(Login::to_string).collect(),
            },
        );
        self.refresh(run);
    }

    /// Whoever names an environment that does not exist creates it, without protection.
    pub(crate) fn ensure_environment(
        &mut self,
        now: Instant,
        log: &mut Log,
        name: &EnvironmentName,
        run: RunId,
        job: JobId,
    ) {
        if self.environments.get(name).is_some() {
            return;
        }
        self.environments
            .put(now, name.clone(), EnvironmentSettings::default());
        let environment = name.to_string();
        let created = What::EnvironmentCreated {
            environment,
            run,
            job,
        };
        log.push(now, None, created);
    }

    /// Whether a branch policy lets a ref deploy.
    fn ref_may_deploy(&self, git_ref: &str, policy: &BranchPolicy) -> bool {
        let branch = git_ref.strip_prefix("refs/heads/");
        match policy {
            BranchPolicy::None => true,
            BranchPolicy::ProtectedOnly => {
                let anything_protected = self
                    .repository
                    .branches()
                    .keys()
                    .any(|branch| self.is_protected(branch));
                !anything_protected
                    || branch
                        .and_then(|branch| BranchName::parse(branch).ok())
                        .is_some_and(|branch| self.is_protected(&branch))
            }
            BranchPolicy::Patterns(patterns) => patterns.iter().any(|(pattern, kind)| {
                let text = match kind {
                    RefType::Branch => branch.or_else(|| {
                        // A pull request's ref matches only where a pattern spells it out.
                        Some(git_ref).filter(|r| r.starts_with("refs/pull/"))
                    }),
                    RefType::Tag => git_ref.strip_prefix("refs/tags/"),
                };
                text.is_some_and(|text| fnmatch::matches(pattern, text))
            }),
        }
    }

    /// Whether an active ruleset covers the branch.
    pub fn is_protected(&self, branch: &BranchName) -> bool {
        self.rulesets_of(branch).next().is_some()
    }

    pub(crate) fn rulesets_of(&self, branch: &BranchName) -> impl Iterator<Item = &super::Ruleset> {
        let default = *branch == self.spec.default_branch;
        let branch = branch.as_str().to_owned();
        self.settings
            .rulesets
            .iter()
            .filter(|rules| rules.enforcement == Enforcement::Active)
            .filter(move |rules| {
                rules.branches.iter().any(|pattern| match pattern.as_str() {
                    "~ALL" => true,
                    "~DEFAULT_BRANCH" => default,
                    pattern => {
                        let pattern = pattern.strip_prefix("refs/heads/").unwrap_or(pattern);
                        fnmatch::matches(pattern, &branch)
                    }
                })
            })
    }

    pub(crate) fn fire_gate(&mut self, now: Instant, log: &mut Log, id: JobId) {
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        let JobState::Waiting(gate) = &mut job.state else {
            return;
        };
        if gate.review && now >= gate.since + super::REVIEW_LIMIT {
            self.gate_refuses(now, log, id, "nobody reviewed it within 30 days".to_owned());
            return;
        }
        if gate.timer_until.is_some_and(|until| until <= now) {
            gate.timer_until = None;
            self.pass_if_open(now, log, id);
        }
    }

    fn pass_if_open(&mut self, now: Instant, log: &mut Log, id: JobId) {
        let Some(job) = self.jobs.get(&id) else {
            return;
        };
        if let JobState::Waiting(Gate {
            timer_until: None,
            review: false,
            ..
        }) = job.state
        {
            let environment = job
                .environment
                .as_ref()
                .and_then(|e| self.environments.get(e));
            let unprotected = environment.is_none_or(|e| e.settings.reviewers.is_empty());
            self.queue_job(now, log, id, unprotected);
        }
    }

    /// A reviewer answers for all jobs of the run that wait at the environment now; jobs that come
    /// to it later ask again. One approval suffices; a rejection fails the jobs.
    #[allow(clippy::too_many_arguments)] // a review has this many parts
    pub fn review(
        &mut self,
        now: Instant,
        log: &mut Log,
        run: RunId,
        environment: &EnvironmentName,
        reviewer: &Login,
        approved: bool,
        comment: &str,
    ) -> Result<(), Refused> {
        let jobs: Vec<JobId> = self
            .waiting_at(Some(run), environment)
            .into_iter()
            .filter(|job| self.awaits_review(*job))
            .collect();
        let record = self.live_run(run)?;
        if jobs.is_empty() {
            return Err(Refused::because(format!(
                "run {run} does not wait for a review of {environment}"
            )));
        }
        let Some(known) = self.environments.get(environment) else {
            return Err(Refused::because(format!(
                "there is no environment {environment}"
            )));
        };
        if !known
            .settings
            .reviewers
            .iter()
            .any(|listed| same_login(listed, reviewer))
        {
            return Err(Refused::because(format!(
                "{reviewer} is not a reviewer of {environment}"
            )));
        }
        if known.settings.prevent_self_review && same_login(&record.triggering_actor, reviewer) {
            return Err(Refused::because(format!(
                "{reviewer} started run {run} and may not review it"
            )));
        }
        let name = known.name.clone();
        self.record_approval(now, run, &name, reviewer, approved, comment, &jobs);
        for job in &jobs {
            log.push(
                now,
                None,
                What::Reviewed {
                    run,
                    job: *job,
                    environment: name.to_string(),
                    reviewer: reviewer.to_string(),
                    approved,
                    comment: comment.to_owned(),
                },
            );
        }
        for job in jobs {
            if approved {
                self.open_review(job);
                self.pass_if_open(now, log, job);
            } else if self.is_waiting(job) {
                self.end_unstarted(now, log, job, Conclusion::Failure);
            }
        }
        Ok(())
    }

    /// An admin starts all jobs of the run that wait at the environment, without its reviewers and
    /// its timer.
    pub fn bypass(
        &mut self,
        now: Instant,
        log: &mut Log,
        run: RunId,
        environment: &EnvironmentName,
        admin: &Login,
        comment: &str,
    ) -> Result<(), Refused> {
        self.require(admin, Role::Admin, "bypass the protection rules of")?;
        let jobs = self.waiting_at(Some(run), environment);
        if jobs.is_empty() {
            return Err(Refused::because(format!(
                "run {run} does not wait at {environment}"
            )));
        }
        let Some(known) = self.environments.get(environment) else {
            return Err(Refused::because(format!(
                "there is no environment {environment}"
            )));
        };
        if !known.settings.can_admins_bypass {
            return Err(Refused::because(format!(
                "{environment} does not let admins bypass it"
            )));
        }
        let name = known.name.clone();
        self.record_approval(now, run, &name, admin, true, comment, &jobs);
        for job in jobs {
            let bypassed = What::GateBypassed {
                run,
                job,
                environment: name.to_string(),
                admin: admin.to_string(),
                comment: comment.to_owned(),
            };
            log.push(now, None, bypassed);
            if let Some(record) = self.jobs.get_mut(&job)
                && let JobState::Waiting(gate) = &mut record.state
            {
                gate.timer_until = None;
            }
            self.open_review(job);
            self.pass_if_open(now, log, job);
        }
        Ok(())
    }

    fn awaits_review(&self, job: JobId) -> bool {
        let state = self.jobs.get(&job).map(|job| job.state);
        matches!(state, Some(JobState::Waiting(Gate { review: true, .. })))
    }

    fn open_review(&mut self, job: JobId) {
        if let Some(job) = self.jobs.get_mut(&job)
            && let JobState::Waiting(gate) = &mut job.state
        {
            gate.review = false;
        }
    }

    #[allow(clippy::too_many_arguments)] // a review has this many parts
    fn record_approval(
        &mut self,
        now: Instant,
        run: RunId,
        environment: &EnvironmentName,
        reviewer: &Login,
        approved: bool,
        comment: &str,
        jobs: &[JobId],
    ) {
        if let Some(run) = self.runs.get_mut(&run) {
            run.approvals.push(Approval {
                attempt: run.attempt,
                environment: environment.clone(),
                reviewer: reviewer.clone(),
                approved,
                comment: comment.to_owned(),
                at: now,
                jobs: jobs.to_vec(),
            });
        }
    }

    /// What a run waits for, one entry an environment.
    pub fn pending_deployments(&self, run: RunId) -> Vec<PendingDeployment> {
        let mut all: BTreeMap<String, PendingDeployment> = BTreeMap::new();
        for job in self
            .jobs_of(run)
            .iter()
            .filter_map(|job| self.jobs.get(job))
        {
            let (JobState::Waiting(gate), Some(name)) = (&job.state, &job.environment) else {
                continue;
            };
            let settings = self.environments.get(name).map(|e| &e.settings);
            let entry = all.entry(name.as_str().to_ascii_lowercase());
            let entry = entry.or_insert_with(|| PendingDeployment {
                environment: name.clone(),
                jobs: Vec::new(),
                reviewers: settings.map(|s| s.reviewers.clone()).unwrap_or_default(),
                waiting_since: gate.since,
                wait_timer: settings.map_or(0, |s| s.wait_timer),
            });
            entry.jobs.push(job.id);
        }
        all.into_values().collect()
    }
}

fn run_actor(hub: &Hub, run: RunId) -> Option<Login> {
    hub.runs.get(&run).map(|run| run.triggering_actor.clone())
}
