//! Where a story is played: a world, real processes, and one hand that decides what happens next.
//!
//! A move is one thing: it lets the runner react to GitHub, or answers one tool call
//! that is ready (the seed picks among several), or lets time jump to the next instant at which
//! anything is due. Nothing else moves the world or the processes.

mod actions;
mod armed;
mod background;
mod called;
mod calls;
mod chance;
mod contexts;
mod credentials;
mod enter;
mod environment;
mod events;
mod flow;
mod jobs;
mod log;
mod pairs;
mod posts;
mod runs;
mod shell;
mod signals;
mod steps;
mod strand;
mod unplayed;
mod uses;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lockkeeper_names::Login;
use lockkeeper_world::event::What;
use lockkeeper_world::ids::{JobId, RunId};
use lockkeeper_world::{Instant, World};

use crate::commits::Commits;
use crate::engine::{CallId, Engine, EngineError, Happening, MachineId};
use crate::models::Caches;
use crate::repository::Repository;
pub(crate) use chance::Chance;
use strand::StrandId;

pub(crate) use credentials::secrets_named;
pub(crate) use runs::{Library, Loaded, PullRequestFrom};

/// What a story's stage is made of.
pub(crate) struct Properties {
    pub(crate) world: World,
    pub(crate) engine: Engine,
    pub(crate) repository: Arc<Repository>,
    pub(crate) commits: Commits,
    /// Values of secrets, by name.
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) seed: u64,
    /// Workflow files by content, read once for all stories.
    pub(crate) library: runs::Library,
}

/// Something of the runner's own that is due at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Timer {
    /// A call's tool goes on.
    Call(CallId),
    /// A modelled action goes on, in the turn of its strand.
    Model(JobId, StrandId, u64),
    /// `timeout-minutes` of a step, by its number.
    StepTimeout(JobId, StrandId, u32),
    JobTimeout(JobId),
    /// What follows the first signal of a cancellation.
    Terminate(JobId, StrandId, u64),
    Kill(JobId, StrandId, u64),
    /// A `cancel` step waits no longer.
    Leave(JobId, u64),
    /// The end of the time that a cancelled job has.
    Grace(JobId),
    /// GitHub gives up a job whose machine is lost.
    Lost(JobId),
    /// The moment of a fault, by its number.
    Fault(usize),
}

/// The most virtual time that a story may take between two of its acts.
const LONGEST: Duration = Duration::from_secs(12 * 3600);

/// A story's state between two acts.
pub(crate) struct Snapshot {
    world: World,
    runs: BTreeMap<RunId, flow::RunPlay>,
    caches: Caches,
    chance: Chance,
    unknown_settings: BTreeSet<String>,
}

pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) repository: Arc<Repository>,
    pub(crate) commits: Commits,
    engine: Engine,
    secrets: BTreeMap<String, String>,
    library: runs::Library,
    runs: BTreeMap<RunId, flow::RunPlay>,
    jobs: BTreeMap<JobId, jobs::JobPlay>,
    machines: BTreeMap<MachineId, JobId>,
    calls: BTreeMap<CallId, calls::CallPlay>,
    /// Processes that have ended, for [`Stage::take_in_ends`].
    ended: VecDeque<(JobId, StrandId, Happening)>,
    /// What `actions/cache` keeps from job to job.
    caches: Caches,
    /// Due things in the order of their instants, then of their making.
    timers: BTreeMap<(Instant, u64), Timer>,
    next_timer: u64,
    chance: Chance,
    /// Faults whose moment has not come.
    armed: armed::Armed,
    /// Names of variables and secrets that workflows asked for and that have no value.
    pub(crate) unknown_settings: BTreeSet<String>,
    store: PathBuf,
}

/// Of more things that are due at one instant, those that came last wait for the others.
const MOST_AT_ONCE: usize = 8;

impl Stage {
    pub(crate) fn new(properties: Properties) -> Self {
        let Properties {
            world,
            engine,
            repository,
            commits,
            secrets,
            seed,
            library,
        } = properties;
        let store = engine.scratch().join("store");
        let mut stage = Self {
            world,
            repository,
            commits,
            engine,
            secrets,
            library,
            runs: BTreeMap::new(),
            jobs: BTreeMap::new(),
            machines: BTreeMap::new(),
            calls: BTreeMap::new(),
            ended: VecDeque::new(),
            caches: Caches::default(),
            timers: BTreeMap::new(),
            next_timer: 0,
            chance: Chance::new(seed),
            armed: armed::Armed::default(),
            unknown_settings: BTreeSet::new(),
            store,
        };
        stage.set_clock();
        stage
    }

    /// The state of the story, if nothing is under way on any machine.
    pub(crate) fn snapshot(&self) -> Option<Snapshot> {
        let at_rest = self.jobs.is_empty() && self.calls.is_empty();
        at_rest.then(|| Snapshot {
            world: self.world.clone(),
            runs: self.runs.clone(),
            caches: self.caches.clone(),
            chance: self.chance.clone(),
            unknown_settings: self.unknown_settings.clone(),
        })
    }

    /// Goes on from the state of another story, which had nothing under way.
    pub(crate) fn restore(&mut self, snapshot: &Snapshot) {
        self.world = snapshot.world.clone();
        self.runs = snapshot.runs.clone();
        self.caches = snapshot.caches.clone();
        self.chance = snapshot.chance.clone();
        self.unknown_settings = snapshot.unknown_settings.clone();
        self.timers.clear();
        self.set_clock();
    }

    pub(crate) fn now(&self) -> Instant {
        self.world.now()
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Writes into the story that somebody does something.
    pub(crate) fn stimulus(&mut self, actor: &Login, text: impl Into<String>) {
        let what = What::Stimulus {
            actor: actor.to_string(),
            text: text.into(),
        };
        self.world.log.push(self.world.now(), None, what);
    }

    pub(crate) fn fault(&mut self, class: char, text: impl Into<String>) {
        let what = What::Fault {
            class,
            text: text.into(),
        };
        self.world.log.push(self.world.now(), None, what);
    }

    fn set_clock(&mut self) {
        self.engine
            .set_clock(self.world.now().millis().saturating_mul(1_000_000));
    }

    fn schedule(&mut self, after: Duration, timer: Timer) {
        self.next_timer += 1;
        self.timers
            .insert((self.world.now() + after, self.next_timer), timer);
    }

    /// Goes on until `done` holds. False when nothing happens any more, or not within `limit`.
    pub(crate) fn run_until(
        &mut self,
        limit: Duration,
        mut done: impl FnMut(&Stage) -> bool,
    ) -> Result<bool, EngineError> {
        let end = self.now() + limit.min(LONGEST);
        loop {
            if done(self) {
                return Ok(true);
            }
            if self.now() > end || !self.step_before(end)? {
                return Ok(false);
            }
        }
    }

    /// Does the next thing without letting time pass `end`; false when there is none.
    fn step_before(&mut self, end: Instant) -> Result<bool, EngineError> {
        let moved = if self.react()? || self.serve_next_call()? {
            true
        } else {
            match self.next_instant() {
                Some(at) if at <= end => self.advance()?,
                _ => false,
            }
        };
        self.take_in_ends()?;
        self.strike()?;
        Ok(moved)
    }

    /// Lets the story come to rest: no run is queued or in progress (one that waits for a reviewer
    /// excepted), then 30 virtual minutes in which nobody does anything.
    pub(crate) fn settle(&mut self) -> Result<(), EngineError> {
        let quiet = Duration::from_secs(30 * 60);
        loop {
            self.run_until(LONGEST, |stage| !stage.busy())?;
            let end = self.now() + quiet;
            self.run_until(quiet, Stage::busy)?;
            if !self.busy() || self.now() >= end {
                if self.now() < end {
                    self.pass(end)?;
                }
                return Ok(());
            }
        }
    }

    /// Lets time pass to `end`, whatever happens meanwhile.
    pub(crate) fn pass(&mut self, end: Instant) -> Result<(), EngineError> {
        while self.now() < end {
            if !self.step_before(end)? {
                self.world.advance(end);
                self.set_clock();
            }
        }
        Ok(())
    }

    /// Whether a run is queued or in progress, or something waits to be done at this instant.
    pub(crate) fn busy(&self) -> bool {
        self.runs.values().any(|run| run.is_busy(&self.world.hub)) || !self.jobs.is_empty()
    }

    fn next_instant(&self) -> Option<Instant> {
        let own = self.timers.keys().next().map(|(at, _)| *at);
        [own, self.world.next_timer()].into_iter().flatten().min()
    }

    /// Jumps to the next instant at which something is due, and lets that happen.
    fn advance(&mut self) -> Result<bool, EngineError> {
        let Some(at) = self.next_instant() else {
            return Ok(false);
        };
        let at = at.max(self.now());
        self.world.advance(at);
        self.set_clock();
        // Of what is due at one instant, the seed picks what happens first.
        let due: Vec<_> = self
            .timers
            .keys()
            .take_while(|(when, _)| *when <= at)
            .take(MOST_AT_ONCE)
            .copied()
            .collect();
        let first = match due.len() {
            0 => return Ok(true),
            1 => 0,
            several => self.chance.pick(several),
        };
        if let Some(timer) = self.timers.remove(&due[first]) {
            self.ring(timer)?;
        }
        Ok(true)
    }

    fn ring(&mut self, timer: Timer) -> Result<(), EngineError> {
        match timer {
            Timer::Call(call) => self.wake_call(call),
            Timer::Model(job, strand, turn) => self.wake_model(job, strand, turn)?,
            Timer::StepTimeout(job, strand, number) => {
                self.step_timed_out(job, strand, number)?;
            }
            Timer::JobTimeout(job) => self.job_timed_out(job)?,
            Timer::Terminate(job, strand, turn) => self.terminate(job, strand, turn)?,
            Timer::Kill(job, strand, turn) => self.kill_step(job, strand, turn)?,
            Timer::Leave(job, turn) => self.leave(job, turn)?,
            Timer::Grace(job) => self.grace_is_over(job)?,
            Timer::Lost(job) => self.runner_is_lost(job)?,
            Timer::Fault(number) => self.fault_is_due(number),
        }
        Ok(())
    }
}
