//! Runs: which jobs come next, and how the run ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use lockkeeper_names::{CommitSha, WorkflowFile};
use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::Object;
use lockkeeper_world::event::{Conclusion, Spot, What};
use lockkeeper_world::hub::Group;
use lockkeeper_world::ids::{JobId, PullNumber, RunId};

use super::Stage;
use super::contexts::Scope;
use super::flow::{Flow, Given, LegState, Place, RunPlay};
use super::unplayed::unplayed;
use crate::engine::EngineError;
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
                for leg in run.nodes.iter_mut().flat_map(|node| &mut node.legs) {
                    if leg.state == LegState::Blocked {
                        leg.state = LegState::Done(Conclusion::Cancelled);
                    }
                }
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
            Some(earlier) => Some(earlier.loaded().clone()),
            None => self.workflow_at(&record.sha, &record.workflow),
        };
        let Some(loaded) = loaded else {
            self.end_run(id, Conclusion::Failure);
            return Ok(());
        };
        let event = self.event_payload(&record);
        let store = self.store.join(format!("{id}-{}", record.attempt));
        std::fs::create_dir_all(&store).map_err(EngineError::io("make a place for artifacts"))?;
        let inputs = dispatch_inputs(&loaded, &record.inputs);
        let mut run = RunPlay {
            attempt: record.attempt,
            flows: Vec::new(),
            nodes: Vec::new(),
            event,
            artifacts: Artifacts::default(),
            store,
            cancelled: record.cancelled,
            over: false,
        };
        run.open(Flow {
            loaded: loaded.clone(),
            caller: None,
            inputs,
            secrets: Given::Inherited,
            cap: None,
            prefix: String::new(),
            reference: None,
            line: None,
            stopped: false,
        });
        self.runs.insert(id, run);
        self.note_unmodelled(&loaded);
        let problems = self.problems_of_calls(id, &loaded);
        if problems.is_empty() {
            self.advance_run(id);
            return Ok(());
        }
        // GitHub starts no job of such a run.
        for problem in problems {
            self.annotate(id, JobId(0), 0, "error", problem);
        }
        if let Some(run) = self.runs.get_mut(&id) {
            run.over = true;
        }
        self.end_run(id, Conclusion::Failure);
        Ok(())
    }

    fn end_run(&mut self, id: RunId, conclusion: Conclusion) {
        self.world
            .hub
            .complete_run(self.world.now(), &mut self.world.log, id, conclusion)
            .ok();
    }

    /// The workflow file as a commit holds it.
    pub(crate) fn workflow_at(&self, sha: &CommitSha, file: &WorkflowFile) -> Option<Arc<Loaded>> {
        self.read_workflow(sha, file)?.ok()
    }

    /// The same, with what is wrong with it.
    pub(super) fn read_workflow(&self, sha: &CommitSha, file: &WorkflowFile) -> Option<Read> {
        let files = self.repository.files_of(sha)?;
        let contents = files.get(format!(".github/workflows/{file}").as_str())?;
        let text = String::from_utf8_lossy(&contents.contents);
        Some(self.library.read(file.as_str(), &text))
    }

    pub(super) fn note_unmodelled(&mut self, loaded: &Loaded) {
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
        let place = self.runs.get(&run).and_then(|run| run.place_of(job));
        if let Some(place) = place {
            self.leg_is_done(run, place, conclusion, outputs);
        }
        self.advance_run(run);
    }

    /// Takes in how one combination of a job ended, which may end the others.
    pub(super) fn leg_is_done(
        &mut self,
        id: RunId,
        place: Place,
        conclusion: Conclusion,
        outputs: BTreeMap<String, String>,
    ) {
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        let Some(leg) = run.leg_mut(place) else {
            return;
        };
        leg.state = LegState::Done(conclusion);
        leg.outputs = outputs;
        let failed = matches!(conclusion, Conclusion::Failure | Conclusion::TimedOut);
        if leg.forgiven || !failed || !run.nodes[place.node].fail_fast {
            return;
        }
        let (blocked, running) = run.stop(place.node);
        for place in blocked {
            self.drop_leg(id, place, Conclusion::Cancelled);
        }
        let now = self.world.now();
        for job in running {
            self.world.hub.cancel_job(now, &mut self.world.log, job);
        }
    }

    /// Lets every job enter whose needs have ended, until nothing changes; then ends the run if
    /// all have.
    pub(super) fn advance_run(&mut self, id: RunId) {
        loop {
            let Some(run) = self.runs.get(&id) else {
                return;
            };
            if run.over {
                return;
            }
            if let Some(node) = run.next_to_enter() {
                self.enter(id, node);
            } else if let Some(place) = run.next_to_start() {
                self.start_leg(id, place);
            } else if let Some((place, flow)) = run.next_to_return() {
                self.return_from(id, place, flow);
            } else {
                break;
            }
        }
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        if run.is_flow_over(0) {
            run.over = true;
            let conclusion = match run.cancelled {
                true => Conclusion::Cancelled,
                false => run.conclusion(0),
            };
            self.end_run(id, conclusion);
        }
    }

    pub(super) fn annotate(
        &mut self,
        run: RunId,
        job: JobId,
        step: u32,
        level: &str,
        text: impl Into<String>,
    ) {
        let what = What::Annotation {
            run,
            job,
            step,
            level: level.to_owned(),
            text: text.into(),
            spot: Spot::default(),
        };
        self.world.log.push(self.world.now(), None, what);
    }
}

/// `inputs` of a dispatched run, with booleans and numbers as what they are.
fn dispatch_inputs(loaded: &Loaded, given: &BTreeMap<String, String>) -> Object {
    let declared = loaded.workflow.on.workflow_dispatch.as_ref();
    let typed = given.iter().map(|(name, value)| {
        let kind = declared
            .and_then(|dispatch| dispatch.inputs.get(name))
            .map_or(wf::InputType::String, |input| input.kind);
        let value = kind.read(value).unwrap_or_else(|| value.as_str().into());
        (name.clone(), value)
    });
    typed.collect()
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
