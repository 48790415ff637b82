//! Workflow runs: created, queued behind their group, cancelled, re-run, completed.

use std::collections::BTreeMap;
use std::time::Duration;

use lockkeeper_names::{BranchName, CommitSha, Login, WorkflowFile};

use super::{Approval, GITHUB, Group, Holder, Hub, JobState, RUN_LIMIT, Refused, Role};
use crate::clock::Instant;
use crate::event::{Conclusion, Log, What};
use crate::ids::{JobId, PullNumber, RunId};

/// A run can be re-run for this long.
const RERUN_LIMIT: Duration = Duration::from_secs(30 * 86_400);

/// What the runner asks for when an event starts a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRequest {
    /// The id that the hub promised when it took a dispatch; otherwise it gives a new one.
    pub id: Option<RunId>,
    pub workflow: WorkflowFile,
    /// The workflow's `name`.
    pub name: String,
    /// Its `run-name`, evaluated.
    pub title: Option<String>,
    /// `push`, `pull_request`, `workflow_dispatch`, …
    pub trigger: String,
    /// `refs/heads/main`, `refs/pull/1/merge`, …
    pub git_ref: String,
    /// `GITHUB_SHA`.
    pub sha: CommitSha,
    pub actor: Login,
    pub pull: Option<PullNumber>,
    pub inputs: BTreeMap<String, String>,
    /// The workflow's own `concurrency`.
    pub concurrency: Option<Group>,
    /// Started by a pull request from a fork: no secrets.
    pub from_fork: bool,
}

impl RunRequest {
    /// A run without inputs, pull request or group, named after its file.
    pub fn new(
        workflow: WorkflowFile,
        trigger: impl Into<String>,
        git_ref: impl Into<String>,
        sha: CommitSha,
        actor: Login,
    ) -> Self {
        Self {
            id: None,
            name: workflow.to_string(),
            title: None,
            workflow,
            trigger: trigger.into(),
            git_ref: git_ref.into(),
            sha,
            actor,
            pull: None,
            inputs: BTreeMap::new(),
            concurrency: None,
            from_fork: false,
        }
    }
}

/// As the REST API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// Behind a concurrency group.
    Pending,
    Queued,
    InProgress,
    /// For a reviewer or a timer.
    Waiting,
    Completed,
}

impl RunStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
        }
    }
}

/// A workflow run, over all its attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: RunId,
    /// `GITHUB_RUN_NUMBER`: counts the runs of this workflow.
    pub number: u64,
    pub workflow: WorkflowFile,
    pub name: String,
    pub title: Option<String>,
    pub trigger: String,
    pub git_ref: String,
    pub sha: CommitSha,
    /// The commit that checks are reported on: a pull request's head, otherwise `sha`.
    pub head_sha: CommitSha,
    pub actor: Login,
    /// Who started the current attempt.
    pub triggering_actor: Login,
    pub pull: Option<PullNumber>,
    pub inputs: BTreeMap<String, String>,
    pub concurrency: Option<Group>,
    pub from_fork: bool,
    /// From 1.
    pub attempt: u32,
    pub status: RunStatus,
    pub conclusion: Option<Conclusion>,
    /// The current attempt was asked to cancel.
    pub cancelled: bool,
    pub created_at: Instant,
    /// When the current attempt started.
    pub started_at: Instant,
    pub updated_at: Instant,
    /// Jobs of all attempts, in the order in which they were added.
    pub jobs: Vec<JobId>,
    /// Reviews of all attempts, oldest first.
    pub approvals: Vec<Approval>,
    /// It waits for its workflow's group.
    pub(crate) queued_behind_group: bool,
}

impl Run {
    pub(crate) fn expires_at(&self) -> Option<Instant> {
        // A run that was cancelled for its age waits for its runner alone.
        (self.status != RunStatus::Completed && !self.cancelled)
            .then(|| self.started_at + RUN_LIMIT)
    }

    /// The branch that the run was started for: the pull request's own is not kept here.
    pub fn branch(&self) -> Option<BranchName> {
        BranchName::parse(self.git_ref.strip_prefix("refs/heads/")?).ok()
    }
}

/// Which runs are asked for; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    pub workflow: Option<WorkflowFile>,
    /// A status or a conclusion, as the REST API mixes them.
    pub status: Option<String>,
    pub branch: Option<String>,
    pub event: Option<String>,
    pub actor: Option<String>,
    pub head_sha: Option<String>,
}

impl Hub {
    /// Creates a run. It is handed out by [`Hub::ready_runs`] once its jobs may be made, which is
    /// at once unless its workflow's concurrency group is held.
    pub fn create_run(
        &mut self,
        now: Instant,
        log: &mut Log,
        request: RunRequest,
    ) -> Result<RunId, Refused> {
        if self.repository.commit(&request.sha).is_none()
            && request
                .pull
                .is_none_or(|pull| !self.pulls.contains_key(&pull))
        {
            return Err(Refused::because(format!(
                "{} is not in the repository",
                request.sha
            )));
        }
        let id = match request.id {
            Some(promised) if self.runs.contains_key(&promised) || promised.0 >= self.next_run => {
                return Err(Refused::because(format!("run {promised} was not promised")));
            }
            Some(promised) => promised,
            None => self.promise_run(),
        };
        let head_sha = request
            .pull
            .and_then(|pull| self.pulls.get(&pull))
            .map_or_else(|| request.sha.clone(), |pull| pull.head.clone());
        let siblings = self
            .runs
            .values()
            .filter(|r| r.workflow == request.workflow);
        let run = Run {
            id,
            number: siblings.count() as u64 + 1,
            workflow: request.workflow,
            name: request.name,
            title: request.title,
            trigger: request.trigger,
            git_ref: request.git_ref,
            sha: request.sha,
            head_sha,
            triggering_actor: request.actor.clone(),
            actor: request.actor,
            pull: request.pull,
            inputs: request.inputs,
            concurrency: request.concurrency,
            from_fork: request.from_fork,
            attempt: 1,
            status: RunStatus::Queued,
            conclusion: None,
            cancelled: false,
            created_at: now,
            started_at: now,
            updated_at: now,
            jobs: Vec::new(),
            approvals: Vec::new(),
            queued_behind_group: false,
        };
        self.runs.insert(id, run);
        self.begin_attempt(now, log, id);
        Ok(id)
    }

    pub fn promise_run(&mut self) -> RunId {
        self.next_run += 1;
        RunId(self.next_run - 1)
    }

    fn begin_attempt(&mut self, now: Instant, log: &mut Log, id: RunId) {
        let Some(run) = self.runs.get(&id) else {
            return;
        };
        let created = What::RunCreated {
            run: id,
            attempt: run.attempt,
            workflow: run.workflow.to_string(),
            trigger: run.trigger.clone(),
            git_ref: run.git_ref.clone(),
            sha: run.sha.clone(),
            head_sha: (run.head_sha != run.sha).then(|| run.head_sha.clone()),
            actor: run.triggering_actor.to_string(),
            inputs: run.inputs.clone(),
        };
        let group = run.concurrency.clone();
        log.push(now, None, created);
        let Some(group) = group else {
            self.ready.push(id);
            return;
        };
        self.set_behind_group(id, true);
        self.enter_group(now, log, &group, Holder::Run(id));
    }

    pub(crate) fn set_behind_group(&mut self, id: RunId, behind: bool) {
        if let Some(run) = self.runs.get_mut(&id) {
            run.queued_behind_group = behind;
        }
        self.refresh(id);
    }

    /// Runs whose jobs are to be made now; each is handed out once an attempt. One that was
    /// cancelled in the meantime only needs completing.
    pub fn ready_runs(&mut self) -> Vec<RunId> {
        std::mem::take(&mut self.ready)
    }

    pub fn run(&self, id: RunId) -> Option<&Run> {
        self.runs.get(&id)
    }

    /// Runs that match, the newest first.
    pub fn runs(&self, filter: &RunFilter) -> Vec<&Run> {
        let is = |wanted: &Option<String>, has: &str| wanted.as_deref().is_none_or(|w| w == has);
        self.runs
            .values()
            .rev()
            .filter(|run| filter.workflow.as_ref().is_none_or(|w| *w == run.workflow))
            .filter(|run| {
                filter.status.as_deref().is_none_or(|wanted| {
                    wanted == run.status.as_str()
                        || run.conclusion.is_some_and(|c| wanted == conclusion_text(c))
                })
            })
            .filter(|run| {
                filter
                    .branch
                    .as_deref()
                    .is_none_or(|b| self.head_branch(run).as_deref() == Some(b))
            })
            .filter(|run| is(&filter.event, &run.trigger))
            .filter(|run| is(&filter.actor, run.actor.as_str()))
            .filter(|run| is(&filter.head_sha, run.head_sha.as_str()))
            .collect()
    }

    /// `head_branch` of a run; pull requests have theirs named after their number.
    pub(crate) fn head_branch(&self, run: &Run) -> Option<String> {
        match run.pull.and_then(|pull| self.pulls.get(&pull)) {
            Some(pull) => Some(pull.head_branch()),
            None => run
                .git_ref
                .strip_prefix("refs/heads/")
                .or_else(|| run.git_ref.strip_prefix("refs/tags/"))
                .map(str::to_owned),
        }
    }

    /// The jobs of a run's current attempt.
    pub fn jobs_of(&self, id: RunId) -> Vec<JobId> {
        let Some(run) = self.runs.get(&id) else {
            return Vec::new();
        };
        let current = |job: &&JobId| {
            self.jobs
                .get(job)
                .is_some_and(|job| job.attempt == run.attempt)
        };
        run.jobs.iter().filter(current).copied().collect()
    }

    /// Brings a run's status up to date with its jobs.
    pub(crate) fn refresh(&mut self, id: RunId) {
        let jobs: Vec<&JobState> = self
            .jobs_of(id)
            .iter()
            .filter_map(|job| self.jobs.get(job))
            .map(|job| &job.state)
            .collect();
        let any = |test: fn(&JobState) -> bool| jobs.iter().any(|state| test(state));
        let status = if any(|s| *s == JobState::InProgress) {
            RunStatus::InProgress
        } else if any(|s| matches!(s, JobState::Waiting(_))) {
            RunStatus::Waiting
        } else if any(|s| matches!(s, JobState::Queued { .. } | JobState::Startable)) {
            if any(|s| matches!(s, JobState::Completed(_))) {
                RunStatus::InProgress
            } else {
                RunStatus::Queued
            }
        } else if any(|s| *s == JobState::Pending) {
            RunStatus::Pending
        } else if jobs.is_empty() {
            RunStatus::Queued
        } else {
            RunStatus::InProgress
        };
        if let Some(run) = self.runs.get_mut(&id)
            && run.conclusion.is_none()
        {
            run.status = if run.queued_behind_group {
                RunStatus::Pending
            } else {
                status
            };
        }
    }

    /// The runner says that all jobs of the current attempt are done.
    pub fn complete_run(
        &mut self,
        now: Instant,
        log: &mut Log,
        id: RunId,
        conclusion: Conclusion,
    ) -> Result<(), Refused> {
        let run = self.live_run(id)?;
        if run.queued_behind_group {
            return Err(Refused::because(format!("run {id} has not started")));
        }
        let open = |job: &JobId| {
            self.jobs
                .get(job)
                .is_some_and(|job| !matches!(job.state, JobState::Completed(_)))
        };
        if let Some(job) = self.jobs_of(id).into_iter().find(open) {
            return Err(Refused::because(format!(
                "job {job} of run {id} has not completed"
            )));
        }
        self.end_run(now, log, id, conclusion);
        Ok(())
    }

    pub(crate) fn live_run(&self, id: RunId) -> Result<&Run, Refused> {
        match self.runs.get(&id) {
            None => Err(Refused::because(format!("there is no run {id}"))),
            Some(run) if run.status == RunStatus::Completed => {
                Err(Refused::because(format!("run {id} is completed")))
            }
            Some(run) => Ok(run),
        }
    }

    fn end_run(&mut self, now: Instant, log: &mut Log, id: RunId, conclusion: Conclusion) {
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        run.status = RunStatus::Completed;
        run.conclusion = Some(conclusion);
        run.queued_behind_group = false;
        run.updated_at = now;
        let attempt = run.attempt;
        let group = run.concurrency.clone();
        self.ready.retain(|ready| *ready != id);
        log.push(
            now,
            None,
            What::RunCompleted {
                run: id,
                attempt,
                conclusion,
            },
        );
        if let Some(group) = group {
            self.leave_group(now, log, &group.name, Holder::Run(id));
        }
    }

    /// A person (or a job's token, or GitHub) cancels a run. Jobs that run are handed out by
    /// [`Hub::cancellations`]; those that do not yet run end at once. Jobs that survive cancelling
    /// (`if: always()`) go on.
    pub fn cancel_run(
        &mut self,
        now: Instant,
        log: &mut Log,
        id: RunId,
        actor: &Login,
        why: &str,
    ) -> Result<(), Refused> {
        self.require(actor, Role::Write, "cancel runs of")?;
        self.live_run(id)?;
        self.stop_run(now, log, id, actor.as_str(), why, false);
        Ok(())
    }

    /// As [`Hub::cancel_run`], jobs with `if: always()` included.
    pub fn force_cancel_run(
        &mut self,
        now: Instant,
        log: &mut Log,
        id: RunId,
        actor: &Login,
        why: &str,
    ) -> Result<(), Refused> {
        self.require(actor, Role::Write, "cancel runs of")?;
        self.live_run(id)?;
        self.stop_run(now, log, id, actor.as_str(), why, true);
        Ok(())
    }

    pub(crate) fn expire_run(&mut self, now: Instant, log: &mut Log, id: RunId) {
        self.stop_run(now, log, id, GITHUB, "the run exceeded 35 days", true);
    }

    pub(crate) fn stop_run(
        &mut self,
        now: Instant,
        log: &mut Log,
        id: RunId,
        actor: &str,
        why: &str,
        forced: bool,
    ) {
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        run.cancelled = true;
        run.updated_at = now;
        let behind = run.queued_behind_group;
        let (actor, why) = (actor.to_owned(), why.to_owned());
        log.push(
            now,
            None,
            What::CancelRequested {
                run: id,
                actor,
                why,
            },
        );
        if behind {
            self.end_run(now, log, id, Conclusion::Cancelled);
            return;
        }
        // Those that wait for a group leave its queue first, lest a sibling's end hands it to them.
        let (pending, others): (Vec<JobId>, Vec<JobId>) =
            self.jobs_of(id).into_iter().partition(|job| {
                self.jobs
                    .get(job)
                    .is_some_and(|job| job.state == JobState::Pending)
            });
        for job in pending.into_iter().chain(others) {
            let survives = self.jobs.get(&job).is_some_and(|job| job.survives_cancel);
            if forced || !survives {
                self.cancel_job(now, log, job);
            }
        }
    }

    /// Starts a completed run again, as it was: same commit, same inputs. The runner makes its jobs
    /// anew and every gate asks again; earlier reviews stay on the run.
    pub fn rerun(
        &mut self,
        now: Instant,
        log: &mut Log,
        id: RunId,
        actor: &Login,
    ) -> Result<u32, Refused> {
        self.require(actor, Role::Write, "re-run workflows of")?;
        self.rerun_by(now, log, id, actor)
    }

    pub(crate) fn rerun_by(
        &mut self,
        now: Instant,
        log: &mut Log,
        id: RunId,
        actor: &Login,
    ) -> Result<u32, Refused> {
        let Some(run) = self.runs.get_mut(&id) else {
            return Err(Refused::because(format!("there is no run {id}")));
        };
        if run.status != RunStatus::Completed {
            return Err(Refused::because("This workflow is already running"));
        }
        if now.since(run.created_at) > RERUN_LIMIT {
            return Err(Refused::because(
                "Unable to retry this workflow run because it was created over a month ago",
            ));
        }
        run.attempt += 1;
        run.triggering_actor = actor.clone();
        run.status = RunStatus::Queued;
        run.conclusion = None;
        run.cancelled = false;
        run.started_at = now;
        run.updated_at = now;
        let attempt = run.attempt;
        self.begin_attempt(now, log, id);
        Ok(attempt)
    }

    /// Reviews of a run, of all its attempts, oldest first.
    pub fn approvals(&self, id: RunId) -> &[Approval] {
        self.runs.get(&id).map_or(&[], |run| &run.approvals)
    }
}

/// As the REST API names it.
pub(crate) fn conclusion_text(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Success => "success",
        Conclusion::Failure => "failure",
        Conclusion::Cancelled => "cancelled",
        Conclusion::Skipped => "skipped",
        Conclusion::TimedOut => "timed_out",
    }
}
