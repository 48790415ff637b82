//! How steps are ended from outside: cancellation, time limits, a machine that is lost
//! (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-cancellation>).

use std::time::Duration;

use lockkeeper_workflow::expr::Status;
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::ids::JobId;

use super::strand::{Doing, MAIN, Stop, StrandId};
use super::{Stage, Timer};
use crate::engine::{EngineError, Signal};

/// Between the first signal (SIGINT) and the second (SIGTERM), and between that and the kill.
const TO_TERMINATE: Duration = Duration::from_millis(7500);
const TO_KILL: Duration = Duration::from_millis(2500);
/// How long a `cancel` step, or a wait that is cancelled, waits for background steps to end.
pub(super) const TO_LEAVE: Duration = TO_TERMINATE;
/// After this GitHub takes a machine that says nothing for lost.
const TO_NOTICE: Duration = Duration::from_secs(10 * 60);

impl Stage {
    /// Cancels a job that is in progress.
    pub(super) fn cancel_job(&mut self, job: JobId) -> Result<(), EngineError> {
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(());
        };
        if play.cancelled {
            return Ok(());
        }
        play.cancelled = true;
        play.status = Conclusion::Cancelled;
        let strands: Vec<StrandId> = play.strands.keys().copied().collect();
        let limit = self.cancel_timeout(job);
        self.schedule(limit, Timer::Grace(job));
        for strand in strands {
            if strand == MAIN && self.outlives_cancel(job) {
                continue;
            }
            if strand == MAIN {
                self.say(job, MAIN, "Error: The operation was canceled.");
            }
            self.stop_strand(job, strand, Stop::Cancelled)?;
        }
        Ok(())
    }

    /// Whether the step that a job is in would run in a cancelled job: then it goes on.
    fn outlives_cancel(&self, job: JobId) -> bool {
        let Some((play, strand)) = self.strand(job, MAIN) else {
            return false;
        };
        if play.posting {
            return true;
        }
        let Some(definition) = play.definition() else {
            return false;
        };
        let condition = strand.at.of(definition).and_then(|step| step.if_.as_ref());
        let Some(condition) = condition else {
            return false;
        };
        let context = self.outer_context(job, play, strand);
        condition
            .value
            .eval(&context, &Status::CANCELLED)
            .unwrap_or(false)
    }

    /// Ends what a strand does: with the first of three signals, or at once.
    pub(super) fn stop_strand(
        &mut self,
        job: JobId,
        strand: StrandId,
        why: Stop,
    ) -> Result<(), EngineError> {
        let Some(of) = self.strand_mut(job, strand) else {
            return Ok(());
        };
        if of.over.is_some() {
            return Ok(());
        }
        of.stop.get_or_insert(why);
        if of.has_process() {
            of.signalled = true;
            let turn = of.turn;
            self.signal(job, strand, "SIGINT");
            self.send(job, strand, Signal::Interrupt)?;
            self.schedule(TO_TERMINATE, Timer::Terminate(job, strand, turn));
            return self.settle_machines();
        }
        match of.doing {
            Doing::Model(_) => self.end_model(job, strand),
            Doing::Queued => {
                of.doing = Doing::Nothing;
                self.complete_step(job, strand, Conclusion::Cancelled, None)
            }
            // It ends with those that it waits for.
            Doing::Waiting(_) | Doing::Nothing | Doing::Command => Ok(()),
        }
    }

    fn send(&mut self, job: JobId, strand: StrandId, signal: Signal) -> Result<(), EngineError> {
        let lane = self.lane(job, strand);
        match self.jobs.get(&job).map(|play| play.machine) {
            Some(machine) => self.engine.signal(machine, lane, signal),
            None => Ok(()),
        }
    }

    /// Where a strand's processes run on its job's machine.
    pub(super) fn lane(&self, job: JobId, strand: StrandId) -> u32 {
        let lane = self.strand(job, strand).and_then(|(_, of)| of.lane);
        lane.unwrap_or(0)
    }

    fn is_in(&self, job: JobId, strand: StrandId, turn: u64) -> bool {
        self.strand(job, strand)
            .is_some_and(|(_, of)| of.turn == turn && of.has_process())
    }

    pub(super) fn terminate(
        &mut self,
        job: JobId,
        strand: StrandId,
        turn: u64,
    ) -> Result<(), EngineError> {
        if !self.is_in(job, strand, turn) {
            return Ok(());
        }
        self.signal(job, strand, "SIGTERM");
        self.send(job, strand, Signal::Terminate)?;
        self.schedule(TO_KILL, Timer::Kill(job, strand, turn));
        self.settle_machines()
    }

    pub(super) fn kill_step(
        &mut self,
        job: JobId,
        strand: StrandId,
        turn: u64,
    ) -> Result<(), EngineError> {
        if !self.is_in(job, strand, turn) {
            return Ok(());
        }
        let Some(play) = self.jobs.get(&job) else {
            return Ok(());
        };
        let machine = play.machine;
        let alone = !play
            .strands
            .iter()
            .any(|(other, of)| *other != strand && of.lane.is_some());
        let lane = (!(alone && strand == MAIN)).then(|| self.lane(job, strand));
        self.signal(job, strand, "SIGKILL");
        self.engine.kill(machine, lane)?;
        self.settle_machines()
    }

    fn signal(&mut self, job: JobId, strand: StrandId, name: &str) {
        if let Some((play, of)) = self.strand(job, strand) {
            let what = What::SignalSent {
                run: play.run,
                job,
                step: of.number,
                signal: name.to_owned(),
            };
            self.world.log.push(self.world.now(), None, what);
        }
    }

    /// A step ran past its `timeout-minutes`.
    pub(super) fn step_timed_out(
        &mut self,
        job: JobId,
        strand: StrandId,
        number: u32,
    ) -> Result<(), EngineError> {
        let Some((play, of)) = self.strand(job, strand) else {
            return Ok(());
        };
        let idle = matches!(of.doing, Doing::Nothing | Doing::Queued);
        if of.number != number || of.over.is_some() || idle || play.posting {
            return Ok(());
        }
        let minutes = of
            .at
            .of_play(play)
            .and_then(|step| step.timeout_minutes.clone());
        let minutes = minutes.and_then(|template| self.evaluate_number(job, strand, &template));
        let name = self.strand(job, strand).map(|(_, of)| of.name.clone());
        let text = format!(
            "Error: The action '{}' has timed out after {} minutes.",
            name.unwrap_or_default(),
            minutes.unwrap_or_default()
        );
        self.say(job, strand, &text);
        self.stop_strand(job, strand, Stop::TimedOut)
    }

    pub(crate) fn job_timed_out(&mut self, job: JobId) -> Result<(), EngineError> {
        if self.jobs.contains_key(&job) {
            self.say(
                job,
                MAIN,
                "Error: The job has exceeded its maximum execution time (timeout-minutes).",
            );
            self.cancel_job(job)?;
        }
        Ok(())
    }

    /// A cancelled job has had its time: nothing of it runs on, whatever its condition.
    pub(super) fn grace_is_over(&mut self, job: JobId) -> Result<(), EngineError> {
        if !self.jobs.contains_key(&job) {
            return Ok(());
        }
        self.drop_machine(job)?;
        self.end_dropped(job, Conclusion::Cancelled)
    }

    /// Kills everything on a job's machine, and forgets what its strands did.
    fn drop_machine(&mut self, job: JobId) -> Result<(), EngineError> {
        let Some(play) = self.jobs.get(&job) else {
            return Ok(());
        };
        let machine = play.machine;
        if play
            .strands
            .values()
            .any(super::strand::Strand::has_process)
        {
            self.engine.kill(machine, None)?;
            self.engine.settle()?;
            self.engine.take_happenings();
            self.ended.retain(|(ended, ..)| *ended != job);
        }
        Ok(())
    }

    fn end_dropped(&mut self, job: JobId, outcome: Conclusion) -> Result<(), EngineError> {
        let open: Vec<StrandId> = match self.jobs.get(&job) {
            Some(play) => play
                .strands
                .iter()
                .filter(|(_, of)| of.over.is_none() && !matches!(of.doing, Doing::Nothing))
                .map(|(id, _)| *id)
                .collect(),
            None => return Ok(()),
        };
        for strand in open {
            self.log_step_end(job, strand, outcome, outcome, None);
        }
        self.finish_job(job)
    }

    /// The job's machine dies: no process of it goes on, and GitHub hears nothing more of it.
    pub(crate) fn lose_runner(&mut self, job: JobId) -> Result<(), EngineError> {
        if !self.jobs.contains_key(&job) {
            return Ok(());
        }
        self.drop_machine(job)?;
        if let Some(play) = self.jobs.get_mut(&job) {
            for of in play.strands.values_mut() {
                if !matches!(of.doing, Doing::Nothing) {
                    // Nothing wakes it any more.
                    of.doing = Doing::Waiting(vec![StrandId(u32::MAX)]);
                }
            }
            let machine = play.machine;
            self.calls.retain(|call, _| call.machine != machine);
        }
        self.schedule(TO_NOTICE, Timer::Lost(job));
        Ok(())
    }

    /// GitHub gives up a job whose machine is lost: it failed, and none of its later steps ran.
    pub(super) fn runner_is_lost(&mut self, job: JobId) -> Result<(), EngineError> {
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(());
        };
        play.status = Conclusion::Failure;
        let run = play.run;
        self.annotate(
            run,
            job,
            0,
            "error",
            "The hosted runner lost communication with the server. Anything in your workflow that terminates the runner process, starves it for CPU/Memory, or blocks its network access can cause this error.",
        );
        self.end_dropped(job, Conclusion::Cancelled)
    }
}
