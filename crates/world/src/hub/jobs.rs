//! Jobs: through their group and their gate, onto a runner, to their end.

use lockkeeper_names::{EnvironmentName, SettingName};
use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Group, Holder, Hub, Permissions, REVIEW_LIMIT, Refused};
use crate::clock::Instant;
use crate::event::{Conclusion, Log, What};
use crate::ids::{JobId, RunId};

/// What a job asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobRequest {
    /// Its key in the workflow.
    pub key: String,
    /// What GitHub shows, matrix values included.
    pub name: String,
    /// What it reports on the commit; for a called workflow `caller / job`.
    pub check_context: String,
    /// Where it stands in the workflow file, from 1.
    pub line: u32,
    pub environment: Option<EnvironmentName>,
    /// `deployment: false`: gate and secrets without a deployment record.
    pub no_deployment: bool,
    pub concurrency: Option<Group>,
    /// As the workflow's `permissions` come out for this job.
    pub permissions: Permissions,
    /// Its `if` holds even when the run is cancelled (`always()`): cancelling passes it by.
    pub survives_cancel: bool,
    /// For a job of a called workflow: `owner/name/.github/workflows/file.yml@ref`.
    pub job_workflow_ref: Option<String>,
    /// Labels of the runner that it asks for.
    pub runs_on: Vec<String>,
}

impl JobRequest {
    /// A job that is named and reported by its key, without gate, group or permissions.
    pub fn new(key: impl Into<String>, line: u32) -> Self {
        let key = key.into();
        Self {
            name: key.clone(),
            check_context: key.clone(),
            key,
            line,
            ..Self::default()
        }
    }
}

/// What a waiting job waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    pub since: Instant,
    /// The environment's wait timer, while it runs.
    pub timer_until: Option<Instant>,
    /// Nobody has approved yet, and somebody must.
    pub review: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// For its concurrency group.
    Pending,
    /// For its environment's gate; it holds its group.
    Waiting(Gate),
    /// For a runner.
    Queued {
        ready_at: Instant,
    },
    /// A runner may take it.
    Startable,
    InProgress,
    Completed(Conclusion),
}

impl JobState {
    /// As the REST API names it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Waiting(_) => "waiting",
            Self::Queued { .. } | Self::Startable => "queued",
            Self::InProgress => "in_progress",
            Self::Completed(_) => "completed",
        }
    }
}

/// A job of one attempt of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    pub run: RunId,
    pub attempt: u32,
    pub key: String,
    pub name: String,
    pub check_context: String,
    pub line: u32,
    pub environment: Option<EnvironmentName>,
    pub no_deployment: bool,
    pub concurrency: Option<Group>,
    pub permissions: Permissions,
    pub survives_cancel: bool,
    pub job_workflow_ref: Option<String>,
    pub runs_on: Vec<String>,
    pub state: JobState,
    /// It was asked to cancel while it ran.
    pub cancelled: bool,
    pub created_at: Instant,
    pub started_at: Option<Instant>,
    pub completed_at: Option<Instant>,
}

impl Job {
    pub fn conclusion(&self) -> Option<Conclusion> {
        match self.state {
            JobState::Completed(conclusion) => Some(conclusion),
            _ => None,
        }
    }

    pub(crate) fn next_timer(&self) -> Option<Instant> {
        match self.state {
            JobState::Queued { ready_at } => Some(ready_at),
            JobState::Waiting(gate) => {
                let expiry = gate.review.then(|| gate.since + REVIEW_LIMIT);
                gate.timer_until.into_iter().chain(expiry).min()
            }
            _ => None,
        }
    }
}

impl Hub {
    /// A job whose `needs` and `if` let it run: it enters its concurrency group, then its
    /// environment's gate, then the queue.
    pub fn add_job(
        &mut self,
        now: Instant,
        log: &mut Log,
        run: RunId,
        request: JobRequest,
    ) -> Result<JobId, Refused> {
        let id = self.record_job(now, log, run, request)?;
        self.report_check(now, log, id, None);
        let Some(job) = self.jobs.get(&id) else {
            return Ok(id);
        };
        let Some(group) = job.concurrency.clone() else {
            self.enter_gate(now, log, id);
            return Ok(id);
        };
        // A run that holds a group can never give it to its own job.
        let held_by_run = self.locks.holder(&group.name) == Some(Holder::Run(run));
        if held_by_run {
            let why = format!(
                "Canceling since a deadlock was detected for concurrency group: '{}' between a top level workflow and '{}'",
                group.name, job.key
            );
            self.cancel_holder(now, log, Holder::Job(id), &why);
            return Ok(id);
        }
        self.enter_group(now, log, &group, Holder::Job(id));
        Ok(id)
    }

    /// A job whose `if` or `needs` rule it out. Its check counts as passed, as on GitHub.
    pub fn skip_job(
        &mut self,
        now: Instant,
        log: &mut Log,
        run: RunId,
        request: JobRequest,
    ) -> Result<JobId, Refused> {
        self.drop_job(now, log, run, request, Conclusion::Skipped)
    }

    /// A job that ends before it asks for its group: skipped, cancelled with its matrix, or with a
    /// definition that cannot be evaluated.
    pub fn drop_job(
        &mut self,
        now: Instant,
        log: &mut Log,
        run: RunId,
        request: JobRequest,
        conclusion: Conclusion,
    ) -> Result<JobId, Refused> {
        let request = JobRequest {
            environment: None,
            concurrency: None,
            ..request
        };
        let id = self.record_job(now, log, run, request)?;
        self.end_job(now, log, id, conclusion);
        Ok(id)
    }

    fn record_job(
        &mut self,
        now: Instant,
        log: &mut Log,
        run: RunId,
        request: JobRequest,
    ) -> Result<JobId, Refused> {
        let record = self.live_run(run)?;
        if record.queued_behind_group {
            return Err(Refused::because(format!(
                "run {run} waits for its concurrency group"
            )));
        }
        let attempt = record.attempt;
        let id = JobId(self.next_job);
        self.next_job += 1;
        log.push(
            now,
            None,
            What::JobCreated {
                run,
                attempt,
                job: id,
                key: request.key.clone(),
                name: request.name.clone(),
                line: request.line,
            },
        );
        let job = Job {
            id,
            run,
            attempt,
            key: request.key,
            name: request.name,
            check_context: request.check_context,
            line: request.line,
            environment: request.environment,
            no_deployment: request.no_deployment,
            concurrency: request.concurrency,
            permissions: request.permissions,
            survives_cancel: request.survives_cancel,
            job_workflow_ref: request.job_workflow_ref,
            runs_on: request.runs_on,
            state: JobState::Pending,
            cancelled: false,
            created_at: now,
            started_at: None,
            completed_at: None,
        };
        self.jobs.insert(id, job);
        if let Some(run) = self.runs.get_mut(&run) {
            run.jobs.push(id);
        }
        Ok(id)
    }

    pub(crate) fn queue_job(&mut self, now: Instant, log: &mut Log, id: JobId, unprotected: bool) {
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        job.state = JobState::Queued {
            ready_at: now + self.durations.job_pickup,
        };
        let run = job.run;
        let environment = job.environment.as_ref().map(EnvironmentName::to_string);
        log.push(
            now,
            None,
            What::JobQueued {
                run,
                job: id,
                environment,
                unprotected,
            },
        );
        self.refresh(run);
    }

    pub(crate) fn fire_job(&mut self, now: Instant, log: &mut Log, id: JobId) {
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        match job.state {
            JobState::Queued { ready_at } if ready_at <= now => job.state = JobState::Startable,
            JobState::Waiting(_) => self.fire_gate(now, log, id),
            _ => {}
        }
    }

    /// Jobs that a runner may take, in the order in which they were added.
    pub fn startable(&self) -> Vec<JobId> {
        let startable = self
            .jobs
            .values()
            .filter(|job| job.state == JobState::Startable);
        startable.map(|job| job.id).collect()
    }

    /// A runner takes the job; its token is valid from now on.
    pub fn start_job(&mut self, now: Instant, log: &mut Log, id: JobId) -> Result<(), Refused> {
        let Some(job) = self.jobs.get_mut(&id) else {
            return Err(Refused::because(format!("there is no job {id}")));
        };
        if job.state != JobState::Startable {
            let state = job.state.as_str();
            return Err(Refused::because(format!(
                "job {id} is {state}: no runner may take it"
            )));
        }
        job.state = JobState::InProgress;
        job.started_at = Some(now);
        let run = job.run;
        log.push(now, None, What::JobStarted { run, job: id });
        self.deployments.job_started(now, id);
        self.refresh(run);
        Ok(())
    }

    /// The runner says how a job that it ran ended.
    pub fn complete_job(
        &mut self,
        now: Instant,
        log: &mut Log,
        id: JobId,
        conclusion: Conclusion,
    ) -> Result<(), Refused> {
        match self.jobs.get(&id) {
            None => Err(Refused::because(format!("there is no job {id}"))),
            Some(job) if job.state != JobState::InProgress => {
                let state = job.state.as_str();
                Err(Refused::because(format!(
                    "job {id} is {state}, not in progress"
                )))
            }
            Some(_) => {
                self.end_job(now, log, id, conclusion);
                Ok(())
            }
        }
    }

    /// Ends a job without its runner, and tells the runner by [`Hub::completions`].
    pub(crate) fn end_unstarted(
        &mut self,
        now: Instant,
        log: &mut Log,
        id: JobId,
        conclusion: Conclusion,
    ) {
        self.completions.push(id);
        self.end_job(now, log, id, conclusion);
    }

    fn end_job(&mut self, now: Instant, log: &mut Log, id: JobId, conclusion: Conclusion) {
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        job.state = JobState::Completed(conclusion);
        job.completed_at = Some(now);
        let (run, key, group) = (job.run, job.key.clone(), job.concurrency.clone());
        self.cancellations.retain(|waiting| *waiting != id);
        log.push(
            now,
            None,
            What::JobCompleted {
                run,
                job: id,
                key,
                conclusion,
            },
        );
        self.report_check(now, log, id, Some(conclusion));
        self.deployments.job_completed(now, id, conclusion);
        self.refresh(run);
        if let Some(group) = group {
            self.leave_group(now, log, &group.name, Holder::Job(id));
        }
    }

    fn report_check(
        &mut self,
        now: Instant,
        log: &mut Log,
        id: JobId,
        conclusion: Option<Conclusion>,
    ) {
        let Some(job) = self.jobs.get(&id) else {
            return;
        };
        let Some(run) = self.runs.get(&job.run) else {
            return;
        };
        let check = Check {
            job: id,
            conclusion,
        };
        self.checks
            .report(&run.head_sha, &job.check_context, &run.workflow, check);
        if let Some(conclusion) = conclusion {
            let reported = What::CheckReported {
                pull: run.pull,
                sha: run.head_sha.clone(),
                context: job.check_context.clone(),
                conclusion,
                job: id,
            };
            log.push(now, None, reported);
        }
    }

    /// Cancels one job: at once if no runner has it, otherwise through its runner.
    pub fn cancel_job(&mut self, now: Instant, log: &mut Log, id: JobId) {
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        match job.state {
            JobState::Completed(_) => {}
            JobState::InProgress if job.cancelled => {}
            JobState::InProgress => {
                job.cancelled = true;
                self.cancellations.push(id);
            }
            _ => self.end_unstarted(now, log, id, Conclusion::Cancelled),
        }
    }

    /// Running jobs that their runner must cancel now; each is handed out once.
    pub fn cancellations(&mut self) -> Vec<JobId> {
        std::mem::take(&mut self.cancellations)
    }

    /// Jobs that ended without a runner since the last call: rejected, expired, refused by their
    /// environment, cancelled before they ran.
    pub fn completions(&mut self) -> Vec<JobId> {
        std::mem::take(&mut self.completions)
    }

    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.get(&id)
    }

    pub(crate) fn gate_refuses(&mut self, now: Instant, log: &mut Log, id: JobId, why: String) {
        let Some(job) = self.jobs.get(&id) else {
            return;
        };
        let environment = job.environment.as_ref().map(EnvironmentName::to_string);
        let refused = What::GateRefused {
            run: job.run,
            job: id,
            environment: environment.unwrap_or_default(),
            why,
        };
        log.push(now, None, refused);
        self.end_unstarted(now, log, id, Conclusion::Failure);
    }

    /// Names of the secrets that a job sees: none for a pull request from a fork, an environment's
    /// only once the job passed its gate.
    pub fn secret_names(&self, id: JobId) -> BTreeSet<SettingName> {
        let Some((job, run)) = self.job_and_run(id) else {
            return BTreeSet::new();
        };
        if run.from_fork {
            return BTreeSet::new();
        }
        let mut names = self.settings.secrets.repository.clone();
        if let Some(of_environment) = passed_gate(job)
            .and_then(|environment| self.scoped(&self.settings.secrets.environments, environment))
        {
            names.extend(of_environment.iter().cloned());
        }
        names
    }

    /// Names of the secrets that a job has from its environment alone.
    pub fn environment_secret_names(&self, id: JobId) -> BTreeSet<SettingName> {
        let names = self
            .job_and_run(id)
            .filter(|(_, run)| !run.from_fork)
            .and_then(|(job, _)| passed_gate(job))
            .and_then(|environment| self.scoped(&self.settings.secrets.environments, environment));
        names.cloned().unwrap_or_default()
    }

    /// Names of the repository's own secrets.
    pub fn repository_secret_names(&self) -> &BTreeSet<SettingName> {
        &self.settings.secrets.repository
    }

    /// Configuration variables that a job sees; an environment's win over the repository's.
    pub fn variables(&self, id: JobId) -> BTreeMap<SettingName, String> {
        let mut all = self.settings.variables.repository.clone();
        if let Some(of_environment) = self
            .jobs
            .get(&id)
            .and_then(|job| job.environment.as_ref())
            .and_then(|environment| self.scoped(&self.settings.variables.environments, environment))
        {
            all.extend(of_environment.clone());
        }
        all
    }

    /// Variables of the repository: what expressions outside jobs see.
    pub fn repository_variables(&self) -> &BTreeMap<SettingName, String> {
        &self.settings.variables.repository
    }

    fn scoped<'a, T>(
        &self,
        by_environment: &'a BTreeMap<EnvironmentName, T>,
        environment: &EnvironmentName,
    ) -> Option<&'a T> {
        by_environment
            .iter()
            .find(|(name, _)| name.as_str().eq_ignore_ascii_case(environment.as_str()))
            .map(|(_, value)| value)
    }

    pub(crate) fn job_and_run(&self, id: JobId) -> Option<(&Job, &super::Run)> {
        let job = self.jobs.get(&id)?;
        Some((job, self.runs.get(&job.run)?))
    }
}

fn passed_gate(job: &Job) -> Option<&EnvironmentName> {
    let past = matches!(
        job.state,
        JobState::Queued { .. }
            | JobState::Startable
            | JobState::InProgress
            | JobState::Completed(_)
    );
    job.environment.as_ref().filter(|_| past)
}
