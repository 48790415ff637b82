//! A job on its machine: from the moment it may start to its conclusion.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use indexmap::IndexMap;
use lockkeeper_workflow as wf;
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::ids::{Caller, JobId, RunId};

use super::background::SLOTS;
use super::flow::Place;
use super::posts::Post;
use super::runs::Loaded;
use super::strand::{MAIN, Planned, StepAt, StepRecord, Strand, StrandId, plan};
use super::{Stage, Timer};
use crate::engine::EngineError;
use crate::machine::Machine;
use crate::runner::masks::Masks;
use crate::runner::matchers::Matchers;
use crate::tools::TOOLS;

/// GitHub's default for a job without `timeout-minutes`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(360 * 60);

/// Beside the main strand's: the slots, and some for steps that were left while they still end.
pub(super) const LANES: u32 = SLOTS as u32 + 6;

pub(super) struct JobPlay {
    pub(super) run: RunId,
    pub(super) attempt: u32,
    pub(super) place: Place,
    pub(super) flow: usize,
    pub(super) key: String,
    pub(super) loaded: Arc<Loaded>,
    pub(super) machine: crate::engine::MachineId,
    pub(super) machine_state: Machine,
    /// The machine's writable directory: as its processes see it, and as a handle that nothing can
    /// lead out of.
    pub(super) inside: PathBuf,
    pub(super) files: Dir,
    /// In that directory.
    pub(super) workspace: PathBuf,
    pub(super) status: Conclusion,
    pub(super) env: BTreeMap<String, String>,
    /// Put before the others on `PATH`; the last comes first.
    pub(super) path: Vec<String>,
    pub(super) steps: IndexMap<String, StepRecord>,
    pub(super) plan: Vec<Planned>,
    /// What of the plan is next, or under way.
    pub(super) at: usize,
    pub(super) strands: BTreeMap<StrandId, Strand>,
    pub(super) next_strand: u32,
    /// What actions do when all steps are over, the last first.
    pub(super) posts: Vec<Post>,
    /// The steps are over.
    pub(super) posting: bool,
    pub(super) masks: Masks,
    pub(super) matchers: Matchers,
    /// Counts scripts, so that each has a file of its own.
    pub(super) scripts: u32,
    pub(super) cancelled: bool,
}

impl JobPlay {
    pub(super) fn definition(&self) -> Option<&wf::Job> {
        self.loaded.workflow.jobs.get(&self.key)
    }

    pub(super) fn workspace_inside(&self) -> PathBuf {
        self.inside.join(&self.workspace)
    }

    /// The step that a strand is in: the job's own, or the innermost action's.
    pub(super) fn step<'a>(&'a self, strand: &'a Strand) -> Option<&'a wf::Step> {
        match strand.frames.last() {
            Some(frame) => frame.action.steps().get(frame.at),
            None => strand.at.of(self.definition()?),
        }
    }

    /// The strand whose processes run in a lane.
    pub(super) fn strand_in(&self, lane: u32) -> StrandId {
        let found = self.strands.iter().find(|(_, of)| of.lane == Some(lane));
        found.map_or(MAIN, |(strand, _)| *strand)
    }

    pub(super) fn free_lane(&self) -> Option<u32> {
        let taken = |lane: &u32| self.strands.values().any(|of| of.lane == Some(*lane));
        (1..=LANES).find(|lane| !taken(lane))
    }

    pub(super) fn main(&self) -> &Strand {
        &self.strands[&MAIN]
    }
}

impl Stage {
    pub(super) fn strand(&self, job: JobId, strand: StrandId) -> Option<(&JobPlay, &Strand)> {
        let play = self.jobs.get(&job)?;
        Some((play, play.strands.get(&strand)?))
    }

    pub(super) fn strand_mut(&mut self, job: JobId, strand: StrandId) -> Option<&mut Strand> {
        self.jobs.get_mut(&job)?.strands.get_mut(&strand)
    }

    /// What a strand of a job does now: who asks, when one of its processes asks.
    pub(super) fn caller(&self, job: JobId, strand: StrandId) -> Option<Caller> {
        let (play, strand) = self.strand(job, strand)?;
        let of_call = self
            .runs
            .get(&play.run)
            .and_then(|run| run.flows.get(play.flow))
            .and_then(|flow| flow.line);
        let step = strand.at.of(play.definition()?);
        Some(Caller {
            run: play.run,
            attempt: play.attempt,
            job,
            step: strand.number,
            // A called workflow is another file: the place is that of the call.
            line: of_call.or(step.map(|step| step.place.line))?,
        })
    }

    /// Starts a job that GitHub has let through its gates.
    pub(super) fn start_job(&mut self, job: JobId) -> Result<(), EngineError> {
        let now = self.world.now();
        let Some(record) = self.world.hub.job(job).cloned() else {
            return Ok(());
        };
        let Some(run) = self.runs.get(&record.run) else {
            return Ok(());
        };
        let attempt = run.attempt;
        let Some(place) = run.place_of(job) else {
            return Ok(());
        };
        let of = &run.nodes[place.node];
        let (flow, key) = (of.flow, of.key.clone());
        let loaded = run.flows[flow].loaded.clone();
        let started = self.world.hub.start_job(now, &mut self.world.log, job);
        if started.is_err() {
            return Ok(());
        }
        let plan = loaded.workflow.jobs.get(&key).map(plan).unwrap_or_default();
        let tools: Vec<&str> = TOOLS.iter().map(|entry| entry.name).collect();
        let seed = self.chance.next();
        let in_background = plan.iter().any(|planned| {
            matches!(
                planned,
                Planned::Step {
                    background: true,
                    ..
                }
            )
        });
        let lanes = if in_background { LANES } else { 0 };
        let machine = self.engine.open(&tools, seed, lanes)?;
        self.set_clock();
        let Some((directory, inside)) = self.engine.directories(machine) else {
            return Ok(());
        };
        let (host, inside) = (directory.join("rw"), inside.join("rw"));
        let repository = self
            .repository
            .slug
            .as_str()
            .rsplit_once('/')
            .map_or("repository", |(_, name)| name)
            .to_owned();
        let workspace = Path::new("work").join(&repository).join(&repository);
        let failed = || EngineError::io("prepare a job's workspace");
        std::fs::create_dir_all(host.join(&workspace)).map_err(failed())?;
        std::fs::create_dir_all(host.join("temp/_files")).map_err(failed())?;
        let files = Dir::open_ambient_dir(&host, ambient_authority()).map_err(failed())?;
        let mut masks = Masks::default();
        for value in self.secrets.values() {
            masks.add(value);
        }
        masks.add(&self.world.hub.token_for(job));
        let first = StepAt {
            step: 0,
            inner: None,
        };
        let play = JobPlay {
            run: record.run,
            attempt,
            place,
            flow,
            key,
            loaded,
            machine,
            machine_state: Machine::default(),
            inside,
            files,
            workspace,
            status: Conclusion::Success,
            env: BTreeMap::new(),
            path: Vec::new(),
            steps: IndexMap::new(),
            plan,
            at: 0,
            strands: BTreeMap::from([(MAIN, Strand::new(0, first))]),
            next_strand: 1,
            posts: Vec::new(),
            posting: false,
            masks,
            matchers: Matchers::default(),
            scripts: 0,
            cancelled: false,
        };
        self.machines.insert(machine, job);
        self.jobs.insert(job, play);
        // A call may pass on secrets that it has put together itself.
        let given = self.secrets_of(job);
        if let Some(play) = self.jobs.get_mut(&job) {
            given.values().for_each(|value| play.masks.add(value));
        }
        self.write_event(job).map_err(failed())?;
        self.note_unmodelled_job(job);
        self.note_credentials(job);
        let timeout = self.job_timeout(job);
        self.schedule(timeout, Timer::JobTimeout(job));
        if let Err(error) = self.evaluate_job_env(job) {
            self.say(job, MAIN, &format!("Error: {error}"));
            if let Some(play) = self.jobs.get_mut(&job) {
                play.status = Conclusion::Failure;
                play.at = play.plan.len();
            }
        }
        self.proceed(job, MAIN)?;
        self.take_in_ends()
    }

    /// A duration of a job's definition in minutes; `default` where there is none or no number.
    fn job_minutes(
        &self,
        job: JobId,
        of: impl Fn(&wf::Job) -> Option<&wf::Template>,
        default: Duration,
    ) -> Duration {
        let template = self
            .jobs
            .get(&job)
            .and_then(|play| of(play.definition()?))
            .cloned();
        let minutes = template.and_then(|template| self.evaluate_number(job, MAIN, &template));
        match minutes {
            Some(minutes) if minutes > 0.0 && minutes < 60_000.0 => {
                Duration::from_secs_f64(minutes * 60.0)
            }
            _ => default,
        }
    }

    fn job_timeout(&self, job: JobId) -> Duration {
        self.job_minutes(job, |job| job.timeout_minutes.as_ref(), DEFAULT_TIMEOUT)
    }

    /// How long a cancelled job may go on.
    pub(super) fn cancel_timeout(&self, job: JobId) -> Duration {
        let five = Duration::from_secs(5 * 60);
        self.job_minutes(job, |job| job.cancel_timeout_minutes.as_ref(), five)
    }

    pub(super) fn mask_all(&self, job: JobId, texts: &mut [String]) {
        if let Some(play) = self.jobs.get(&job) {
            for text in texts {
                *text = play.masks.apply(text);
            }
        }
    }

    /// Records something of a job's workflow that is not modelled.
    pub(super) fn not_modelled(&mut self, job: JobId, strand: StrandId, text: String) {
        let caller = self.caller(job, strand);
        let Some(play) = self.jobs.get(&job) else {
            return;
        };
        let step = self
            .strand(job, strand)
            .and_then(|(play, strand)| strand.at.of(play.definition()?))
            .map(|step| step.place.line);
        let what = What::NotModelled {
            text,
            file: Some(play.loaded.file.clone()),
            line: step.or(caller.map(|caller| caller.line)),
        };
        self.world.log.push(self.world.now(), caller, what);
    }

    /// Ends a job whose steps are done.
    pub(super) fn finish_job(&mut self, job: JobId) -> Result<(), EngineError> {
        let outputs = self.evaluate_job_outputs(job);
        let Some(play) = self.jobs.remove(&job) else {
            return Ok(());
        };
        self.machines.remove(&play.machine);
        self.calls.retain(|call, _| call.machine != play.machine);
        self.engine.close(play.machine);
        let conclusion = play.status;
        self.world
            .hub
            .complete_job(self.world.now(), &mut self.world.log, job, conclusion)
            .ok();
        self.job_is_done(play.run, job, conclusion, outputs);
        Ok(())
    }
}
