//! Faults that wait for their moment.

use std::time::Duration;

use lockkeeper_names::{CommitSha, ImageDigest};
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::ids::{Caller, JobId};

use super::strand::MAIN;
use super::{Chance, Stage, Timer};
use crate::engine::EngineError;
use crate::faults::{Aim, Class, Fault, Moment};

/// The faults of a story, and how far it has come since they may strike.
#[derive(Debug, Default)]
pub(super) struct Armed {
    /// Each once, until it has struck.
    waiting: Vec<Option<Fault>>,
    /// The number of events that were counted already.
    counted: usize,
    steps: u32,
    requests: u32,
    versions: u32,
    /// Those whose instant has come.
    due: Vec<usize>,
    struck: Vec<(usize, u64)>,
}

impl Stage {
    /// From now on the seed's choices are these, and faults strike when their moments come.
    pub(crate) fn arm(
        &mut self,
        seed: u64,
        order: Option<&[u8]>,
        faults: &[Fault],
    ) -> Result<(), EngineError> {
        self.chance = Chance::new(seed);
        if let Some(order) = order {
            self.chance = self.chance.clone().with_order(order);
        }
        self.armed = Armed {
            waiting: faults.iter().cloned().map(Some).collect(),
            counted: self.world.log.events().len(),
            ..Armed::default()
        };
        for (number, fault) in faults.iter().enumerate() {
            if let Moment::Second(seconds) = fault.moment {
                let after = Duration::from_secs(seconds.into());
                self.schedule(after, Timer::Fault(number));
            }
        }
        self.strike_at(Moment::Request(0), &Aim::default())
    }

    /// The choices that were made where a schedule gives an order, each with how many there were.
    pub(crate) fn choices(&self) -> &[(u8, u8)] {
        self.chance.made()
    }

    pub(super) fn fault_is_due(&mut self, number: usize) {
        self.armed.due.push(number);
    }

    /// Lets strike whatever what has happened brings.
    pub(super) fn strike(&mut self) -> Result<(), EngineError> {
        if self.armed.waiting.iter().all(Option::is_none) {
            return Ok(());
        }
        while let Some(event) = self.world.log.events().get(self.armed.counted) {
            self.armed.counted += 1;
            let (moment, aim) = match &event.what {
                What::StepStarted { run, job, .. } => {
                    self.armed.steps += 1;
                    let aim = Aim {
                        run: Some(*run),
                        job: Some(*job),
                        ..Aim::default()
                    };
                    (Moment::Step(self.armed.steps), aim)
                }
                What::ApiCalled { .. } | What::RestCalled { .. } => {
                    self.armed.requests += 1;
                    let aim = event.caller.map(of_caller).unwrap_or_default();
                    (Moment::Request(self.armed.requests), aim)
                }
                _ => continue,
            };
            self.strike_at(moment, &aim)?;
        }
        while let Some(number) = self.armed.due.pop() {
            let aim = self.newest_job().unwrap_or_default();
            self.strike_with(number, &aim)?;
        }
        Ok(())
    }

    /// The story brings a version: a commit that is merged, or an image that is asked for.
    pub(crate) fn brings(
        &mut self,
        commit: Option<CommitSha>,
        digest: Option<ImageDigest>,
    ) -> Result<(), EngineError> {
        self.armed.versions += 1;
        let aim = Aim {
            commit,
            digest,
            ..Aim::default()
        };
        self.strike_at(Moment::Version(self.armed.versions), &aim)
    }

    fn strike_at(&mut self, moment: Moment, aim: &Aim) -> Result<(), EngineError> {
        for number in 0..self.armed.waiting.len() {
            let waits = &self.armed.waiting[number];
            if waits.as_ref().is_some_and(|fault| fault.moment == moment) {
                self.strike_with(number, aim)?;
            }
        }
        Ok(())
    }

    fn strike_with(&mut self, number: usize, aim: &Aim) -> Result<(), EngineError> {
        let fault = self.armed.waiting.get_mut(number).and_then(Option::take);
        let Some(fault) = fault else { return Ok(()) };
        let before = self.world.log.events().len();
        (fault.kind.strike)(&fault, aim, self)?;
        let mut since = self.world.log.events()[before..].iter();
        if let Some(event) = since.find(|event| matches!(event.what, What::Fault { .. })) {
            self.armed.struck.push((number, event.seq));
        }
        Ok(())
    }

    /// The faults that found something to hit, by their number, each with the event that says so.
    pub(crate) fn struck(&self) -> &[(usize, u64)] {
        &self.armed.struck
    }

    /// The job that was started last of those under way.
    fn newest_job(&self) -> Option<Aim> {
        let (job, play) = self.jobs.iter().next_back()?;
        Some(Aim {
            run: Some(play.run),
            job: Some(*job),
            ..Aim::default()
        })
    }

    pub(crate) fn is_running(&self, job: JobId) -> bool {
        self.jobs.contains_key(&job)
    }

    /// The class of ending a run from outside: beyond C where a job of it is past its end already,
    /// in steps that put things right.
    pub(crate) fn class_of_end(&self, aim: &Aim) -> Class {
        let mut jobs = self.jobs.values().filter(|play| Some(play.run) == aim.run);
        let past = jobs.any(|play| {
            play.cancelled
                || (play.status != Conclusion::Success
                    && !play.posting
                    && play.at < play.plan.len())
                || play
                    .strands
                    .get(&MAIN)
                    .is_some_and(|main| main.stop.is_some())
        });
        let run = aim.run.and_then(|run| self.world.hub.run(run));
        let mut done = run
            .into_iter()
            .flat_map(|run| self.world.hub.jobs_of(run.id));
        // A job that runs although another one failed is there to put things right, or to tell.
        let failed = done.any(|job| {
            let job = self.world.hub.job(job);
            let conclusion = job.and_then(|job| job.conclusion());
            conclusion.is_some_and(|how| !matches!(how, Conclusion::Success | Conclusion::Skipped))
        });
        if past || failed { Class::E } else { Class::C }
    }
}

fn of_caller(caller: Caller) -> Aim {
    Aim {
        run: Some(caller.run),
        job: Some(caller.job),
        ..Aim::default()
    }
}
