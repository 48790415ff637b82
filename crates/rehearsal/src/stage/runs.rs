//! Runs: which jobs come next, and how the run ends.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use lockkeeper_names::{CommitSha, EnvironmentName, WorkflowFile};
use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::{Object, Status};
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::hub::{Access, Group, Hub, JobRequest, Permissions, SCOPES};
use lockkeeper_world::ids::{JobId, PullNumber, RunId};
use serde_json::Value;

use super::Stage;
use super::contexts::Scope;
use super::unplayed::unplayed;
use crate::engine::EngineError;
use crate::history::TAKEN_AS_PASSED;
use crate::models::Artifacts;

/// A workflow file that was read.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) file: String,
    pub(crate) text: String,
    pub(crate) workflow: wf::Workflow,
}

/// What a workflow file's text turned out to be.
pub(crate) type Read = Result<Arc<Loaded>, Vec<wf::Problem>>;

/// Workflow files that were read, by name and text, for all stories.
#[derive(Debug, Clone, Default)]
pub(crate) struct Library(Arc<Mutex<BTreeMap<(String, String), Read>>>);

impl Library {
    pub(crate) fn read(&self, file: &str, text: &str) -> Read {
        let key = (file.to_owned(), text.to_owned());
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        read.entry(key)
            .or_insert_with(|| {
                let workflow = wf::load(file, text)?;
                Ok(Arc::new(Loaded {
                    file: file.to_owned(),
                    text: text.to_owned(),
                    workflow,
                }))
            })
            .clone()
    }
}

/// Where a pull request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PullRequestFrom {
    SameRepository,
    Fork,
}

/// One combination of a job's matrix, or the job itself.
#[derive(Debug, Clone)]
pub(super) struct Leg {
    pub(super) key: String,
    pub(super) matrix: Object,
    pub(super) state: LegState,
    pub(super) outputs: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LegState {
    /// Its `needs` have not ended.
    Blocked,
    Entered(JobId),
    Done(Conclusion),
}

#[derive(Clone)]
pub(super) struct RunPlay {
    pub(super) attempt: u32,
    pub(super) loaded: Arc<Loaded>,
    pub(super) event: Value,
    pub(super) legs: Vec<Leg>,
    pub(super) artifacts: Artifacts,
    pub(super) store: PathBuf,
    pub(super) cancelled: bool,
    pub(super) over: bool,
}

impl RunPlay {
    pub(super) fn leg_of(&self, job: JobId) -> Option<&Leg> {
        self.legs
            .iter()
            .find(|leg| leg.state == LegState::Entered(job))
    }

    /// How a job ended, over all combinations of its matrix.
    pub(super) fn result(&self, key: &str) -> Option<Conclusion> {
        let mut worst = Conclusion::Skipped;
        for leg in self.legs.iter().filter(|leg| leg.key == key) {
            let LegState::Done(conclusion) = leg.state else {
                return None;
            };
            worst = match (worst, conclusion) {
                (Conclusion::Failure | Conclusion::TimedOut, _)
                | (_, Conclusion::Failure | Conclusion::TimedOut) => Conclusion::Failure,
                (Conclusion::Cancelled, _) | (_, Conclusion::Cancelled) => Conclusion::Cancelled,
                (Conclusion::Success, _) | (_, Conclusion::Success) => Conclusion::Success,
                (Conclusion::Skipped, Conclusion::Skipped) => Conclusion::Skipped,
            };
        }
        Some(worst)
    }

    pub(super) fn outputs(&self, key: &str) -> BTreeMap<String, String> {
        self.legs
            .iter()
            .filter(|leg| leg.key == key)
            .flat_map(|leg| leg.outputs.clone())
            .collect()
    }

    /// Queued or in progress: not over, and not only waiting for a reviewer.
    pub(super) fn is_busy(&self, hub: &Hub) -> bool {
        if self.over {
            return false;
        }
        let waiting = |leg: &Leg| match leg.state {
            LegState::Entered(job) => hub
                .job(job)
                .is_some_and(|job| matches!(job.state.as_str(), "waiting" | "pending")),
            LegState::Blocked | LegState::Done(_) => true,
        };
        let entered = self
            .legs
            .iter()
            .any(|leg| matches!(leg.state, LegState::Entered(_)));
        !(entered && self.legs.iter().all(waiting))
    }

    /// What status functions see for a job that needs `key`'s ancestors.
    pub(super) fn status_for(&self, key: &str) -> Status {
        let ancestors = wf::graph::ancestors(&self.loaded.workflow, key);
        let results: Vec<Conclusion> = ancestors
            .into_iter()
            .filter_map(|need| self.result(need))
            .collect();
        let failed = results
            .iter()
            .any(|result| matches!(result, Conclusion::Failure | Conclusion::TimedOut));
        let skipped_or_worse = results.iter().any(|result| *result != Conclusion::Success);
        Status {
            success: !skipped_or_worse && !self.cancelled,
            failure: failed,
            cancelled: self.cancelled,
        }
    }
}

impl Stage {
    /// Reacts to what GitHub did since the last look; true when there was anything.
    pub(super) fn react(&mut self) -> Result<bool, EngineError> {
        let mut moved = false;
        for dispatch in self.world.hub.take_dispatches() {
            moved = true;
            self.carry_out_dispatch(dispatch);
        }
        for run in self.world.hub.ready_runs() {
            moved = true;
            self.begin_attempt(run)?;
        }
        for job in self.world.hub.completions() {
            moved = true;
            if let Some(record) = self.world.hub.job(job) {
                let (run, conclusion) = (
                    record.run,
                    record.conclusion().unwrap_or(Conclusion::Cancelled),
                );
                self.job_is_done(run, job, conclusion, BTreeMap::new());
            }
        }
        for job in self.world.hub.cancellations() {
            moved = true;
            self.cancel_job(job)?;
        }
        moved |= self.notice_cancelled_runs();
        if let Some(job) = self
            .world
            .hub
            .startable()
            .into_iter()
            .find(|job| !self.jobs.contains_key(job))
        {
            self.start_job(job)?;
            moved = true;
        }
        Ok(moved)
    }

    fn notice_cancelled_runs(&mut self) -> bool {
        let hub = &self.world.hub;
        let newly: Vec<RunId> = self
            .runs
            .iter()
            .filter(|(id, run)| {
                !run.cancelled && !run.over && hub.run(**id).is_some_and(|record| record.cancelled)
            })
            .map(|(id, _)| *id)
            .collect();
        for id in &newly {
            if let Some(run) = self.runs.get_mut(id) {
                run.cancelled = true;
            }
            self.advance_run(*id);
        }
        !newly.is_empty()
    }

    /// Begins a run, or another attempt of it.
    fn begin_attempt(&mut self, id: RunId) -> Result<(), EngineError> {
        let Some(record) = self.world.hub.run(id).cloned() else {
            return Ok(());
        };
        let loaded = match self.runs.get(&id) {
            Some(earlier) => Some(earlier.loaded.clone()),
            None => self.workflow_at(&record.sha, &record.workflow),
        };
        let Some(loaded) = loaded else {
            self.world
                .hub
                .complete_run(
                    self.world.now(),
                    &mut self.world.log,
                    id,
                    Conclusion::Failure,
                )
                .ok();
            return Ok(());
        };
        let event = self.event_payload(&record);
        let store = self.store.join(format!("{id}-{}", record.attempt));
        std::fs::create_dir_all(&store).map_err(EngineError::io("make a place for artifacts"))?;
        let run = RunPlay {
            attempt: record.attempt,
            loaded: loaded.clone(),
            event,
            legs: Vec::new(),
            artifacts: Artifacts::default(),
            store,
            cancelled: record.cancelled,
            over: false,
        };
        self.runs.insert(id, run);
        self.note_unmodelled(&loaded);
        let mut legs = Vec::new();
        for (key, job) in &loaded.workflow.jobs {
            for matrix in self.combinations(id, job) {
                legs.push(Leg {
                    key: key.clone(),
                    matrix,
                    state: LegState::Blocked,
                    outputs: BTreeMap::new(),
                });
            }
        }
        if let Some(run) = self.runs.get_mut(&id) {
            run.legs = legs;
        }
        self.advance_run(id);
        Ok(())
    }

    /// The workflow file as a commit holds it.
    pub(crate) fn workflow_at(&self, sha: &CommitSha, file: &WorkflowFile) -> Option<Arc<Loaded>> {
        let files = self.repository.files_of(sha)?;
        let contents = files.get(format!(".github/workflows/{file}").as_str())?;
        self.library
            .read(file.as_str(), &String::from_utf8_lossy(&contents.contents))
            .ok()
    }

    fn note_unmodelled(&mut self, loaded: &Loaded) {
        for unplayed in unplayed(&loaded.workflow) {
            let what = What::NotModelled {
                text: unplayed.text(),
                file: Some(loaded.file.clone()),
                line: Some(unplayed.line),
            };
            self.world.log.push(self.world.now(), None, what);
        }
    }

    /// A job has ended: takes that in, and lets the run go on.
    pub(super) fn job_is_done(
        &mut self,
        run: RunId,
        job: JobId,
        conclusion: Conclusion,
        outputs: BTreeMap<String, String>,
    ) {
        if let Some(play) = self.runs.get_mut(&run)
            && let Some(leg) = play
                .legs
                .iter_mut()
                .find(|leg| leg.state == LegState::Entered(job))
        {
            leg.state = LegState::Done(conclusion);
            leg.outputs = outputs;
        }
        self.advance_run(run);
    }

    /// Lets every job enter whose needs have ended, until nothing changes; then ends the run if
    /// all have.
    fn advance_run(&mut self, id: RunId) {
        loop {
            let Some(run) = self.runs.get(&id) else {
                return;
            };
            if run.over {
                return;
            }
            let ready = run.legs.iter().position(|leg| {
                let needs = run
                    .loaded
                    .workflow
                    .jobs
                    .get(&leg.key)
                    .map(|job| job.needs.as_slice())
                    .unwrap_or_default();
                leg.state == LegState::Blocked
                    && needs.iter().all(|need| run.result(&need.value).is_some())
            });
            match ready {
                Some(at) => self.enter(id, at),
                None => break,
            }
        }
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        if run
            .legs
            .iter()
            .all(|leg| matches!(leg.state, LegState::Done(_)))
        {
            run.over = true;
            let loaded = run.loaded.clone();
            let mut conclusion = Conclusion::Success;
            for leg in &run.legs {
                let LegState::Done(ended) = leg.state else {
                    continue;
                };
                let forgiven = loaded
                    .workflow
                    .jobs
                    .get(&leg.key)
                    .is_some_and(|job| job.continue_on_error.is_some());
                match ended {
                    Conclusion::Failure | Conclusion::TimedOut if !forgiven => {
                        conclusion = Conclusion::Failure
                    }
                    Conclusion::Cancelled if conclusion == Conclusion::Success => {
                        conclusion = Conclusion::Cancelled
                    }
                    _ => {}
                }
            }
            if run.cancelled {
                conclusion = Conclusion::Cancelled;
            }
            self.world
                .hub
                .complete_run(self.world.now(), &mut self.world.log, id, conclusion)
                .ok();
        }
    }

    /// Lets a job through its `if`, and into GitHub's locks and gates.
    fn enter(&mut self, id: RunId, at: usize) {
        let Some(run) = self.runs.get(&id) else {
            return;
        };
        let Some(leg) = run.legs.get(at) else { return };
        let (key, matrix) = (leg.key.clone(), leg.matrix.clone());
        let loaded = run.loaded.clone();
        let Some(job) = loaded.workflow.jobs.get(&key) else {
            return;
        };
        let status = run.status_for(&key);
        let context = self.job_context(id, &key, &matrix);
        let wanted = match &job.if_ {
            None => Ok(status.success),
            Some(condition) => condition.value.eval(&context, &status),
        };
        let name = job
            .name
            .as_ref()
            .and_then(|name| name.eval_string(&context).ok());
        let name = name.unwrap_or_else(|| format!("{key}{}", wf::matrix::name_suffix(&matrix)));
        let mut request = JobRequest::new(key.clone(), job.place.line);
        request.check_context = name.clone();
        request.name = name;
        let now = self.world.now();
        if !matches!(wanted, Ok(true)) {
            let failed = wanted.is_err();
            let skipped = self
                .world
                .hub
                .skip_job(now, &mut self.world.log, id, request);
            if let (true, Ok(job)) = (failed, &skipped) {
                let text = "Error: the job's `if` cannot be evaluated".to_owned();
                self.world.log.push(
                    now,
                    None,
                    What::Annotation {
                        run: id,
                        job: *job,
                        step: 0,
                        level: "error".into(),
                        text,
                    },
                );
            }
            self.set_leg(
                id,
                at,
                LegState::Done(if failed {
                    Conclusion::Failure
                } else {
                    Conclusion::Skipped
                }),
            );
            return;
        }
        if job.call.is_some() {
            let text = format!("the reusable workflow of job `{key}`: {TAKEN_AS_PASSED}");
            let caller = Some(lockkeeper_world::ids::Caller {
                run: id,
                attempt: self.runs.get(&id).map_or(1, |run| run.attempt),
                job: JobId(0),
                step: 0,
                line: job.place.line,
            });
            let what = What::NotModelled {
                text,
                file: Some(loaded.file.clone()),
                line: Some(job.place.line),
            };
            self.world.log.push(now, caller, what);
            self.world
                .hub
                .skip_job(now, &mut self.world.log, id, request)
                .ok();
            self.set_leg(id, at, LegState::Done(Conclusion::Success));
            return;
        }
        request.survives_cancel = job
            .if_
            .as_ref()
            .is_some_and(|condition| condition.value.calls_status_function())
            && matches!(
                job.if_
                    .as_ref()
                    .map(|condition| condition.value.eval(&context, &Status::CANCELLED)),
                Some(Ok(true))
            );
        request.permissions = self.permissions(id, &loaded.workflow, job);
        request.concurrency = job
            .concurrency
            .as_ref()
            .map(|concurrency| group(concurrency, &context));
        let environment = job
            .environment
            .as_ref()
            .map(|used| used.name.eval_string(&context).unwrap_or_default());
        if let Some(name) = environment.filter(|name| !name.is_empty()) {
            match EnvironmentName::parse(&name) {
                Ok(name) => request.environment = Some(name),
                Err(error) => {
                    let what = What::NotModelled {
                        text: error.to_string(),
                        file: Some(loaded.file.clone()),
                        line: Some(job.place.line),
                    };
                    self.world.log.push(now, None, what);
                }
            }
        }
        match self
            .world
            .hub
            .add_job(now, &mut self.world.log, id, request)
        {
            Ok(job) => {
                self.set_leg(id, at, LegState::Entered(job));
                // Its gate may have refused it at once.
                if let Some(conclusion) = self.world.hub.job(job).and_then(|job| job.conclusion()) {
                    self.set_leg(id, at, LegState::Done(conclusion));
                }
            }
            Err(_) => self.set_leg(id, at, LegState::Done(Conclusion::Cancelled)),
        }
    }

    fn set_leg(&mut self, id: RunId, at: usize, state: LegState) {
        if let Some(leg) = self.runs.get_mut(&id).and_then(|run| run.legs.get_mut(at)) {
            leg.state = state;
        }
    }

    /// A job's permissions: its own, else the workflow's, else the repository's default.
    fn permissions(&self, id: RunId, workflow: &wf::Workflow, job: &wf::Job) -> Permissions {
        let given = job
            .permissions
            .as_ref()
            .or(workflow.permissions.as_ref())
            .map(|given| &given.kind);
        let permissions = match given {
            None => Permissions::by_default(self.world.hub.default_token()),
            Some(wf::PermissionsKind::ReadAll) => Permissions::all(Access::Read),
            Some(wf::PermissionsKind::WriteAll) => Permissions::all(Access::Write),
            Some(wf::PermissionsKind::Scopes(scopes)) => scopes
                .iter()
                .filter(|(scope, _)| SCOPES.contains(&scope.value.as_str()))
                .fold(Permissions::none(), |permissions, (scope, level)| {
                    let access = match level.value {
                        wf::Access::None => Access::None,
                        wf::Access::Read => Access::Read,
                        wf::Access::Write => Access::Write,
                    };
                    permissions.with(&scope.value, access)
                }),
        };
        match self.world.hub.run(id).is_some_and(|run| run.from_fork) {
            true => permissions.for_fork(),
            false => permissions,
        }
    }

    /// The combinations of a job's matrix; one empty one without a matrix.
    fn combinations(&self, id: RunId, job: &wf::Job) -> Vec<Object> {
        let context = self.job_context(id, &job.id.value, &Object::new());
        match wf::matrix::expand(job.strategy.as_ref(), &context) {
            Ok(combinations) if !combinations.is_empty() => combinations,
            _ => vec![Object::new()],
        }
    }
}

pub(super) fn group(concurrency: &wf::Concurrency, context: &Scope) -> Group {
    Group {
        name: concurrency.group.eval_string(context).unwrap_or_default(),
        cancel_in_progress: concurrency
            .cancel_in_progress
            .as_ref()
            .is_some_and(|template| template.eval_bool(context).unwrap_or(false)),
        max_queue: concurrency.queue == wf::Queue::Max,
    }
}

/// Where a run comes from, for the events that start it.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) trigger: &'static str,
    /// The activity type (`opened`), where the event has one.
    pub(crate) activity: Option<&'static str>,
    pub(crate) git_ref: String,
    pub(crate) sha: CommitSha,
    pub(crate) actor: lockkeeper_names::Login,
    pub(crate) pull: Option<PullNumber>,
    pub(crate) fork: bool,
    /// The branch that filters look at: pushed to, or a pull request's base.
    pub(crate) branch: String,
    pub(crate) changed: Vec<String>,
}
