//! Steps in the background, and those that wait for them
//! (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsbackground>).

use lockkeeper_workflow as wf;
use lockkeeper_world::event::Conclusion;
use lockkeeper_world::ids::JobId;

use super::signals::TO_LEAVE;
use super::strand::{Doing, Finished, MAIN, Planned, StepRecord, Stop, Strand, StrandId};
use super::{Stage, Timer};
use crate::engine::EngineError;

/// How many background steps of a job run at once; others queue.
pub(super) const SLOTS: usize = wf::MAX_BACKGROUND_STEPS;

impl Stage {
    /// Begins a background step: as far as it gets before it waits for something.
    pub(super) fn begin_in_background(
        &mut self,
        job: JobId,
        mut fresh: Strand,
    ) -> Result<(), EngineError> {
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(());
        };
        let strand = StrandId(play.next_strand);
        play.next_strand += 1;
        let Some(step) = fresh.at.of_play(play).cloned() else {
            return Ok(());
        };
        fresh.collected = false;
        play.strands.insert(strand, fresh);
        // Its condition and environment are those of the moment at which its turn comes.
        let Some((play, of)) = self.strand(job, strand) else {
            return Ok(());
        };
        let decided = self.own_env(job, play, of, &step).and_then(|own| {
            if let Some(of) = self.strand_mut(job, strand) {
                of.env = own;
            }
            self.wanted(job, strand, &step)
        });
        match decided {
            Ok(true) => {}
            Ok(false) => {
                self.skip_background(job, strand, &step);
                return Ok(());
            }
            Err(error) => {
                self.started(job, strand, &step);
                self.fails(job, strand, &error.to_string())?;
                return Ok(());
            }
        }
        if let Some(of) = self.strand_mut(job, strand) {
            of.doing = Doing::Queued;
        }
        self.fill_slots(job)
    }

    fn skip_background(&mut self, job: JobId, strand: StrandId, step: &wf::Step) {
        self.log_step_end(job, strand, Conclusion::Skipped, Conclusion::Skipped, None);
        let Some(play) = self.jobs.get_mut(&job) else {
            return;
        };
        if let Some(id) = &step.id {
            let record = StepRecord {
                outputs: Default::default(),
                outcome: Conclusion::Skipped,
                conclusion: Conclusion::Skipped,
            };
            play.steps.insert(id.value.clone(), record);
        }
        if let Some(of) = play.strands.get_mut(&strand) {
            of.collected = true;
            of.over = Some(Finished {
                outcome: Conclusion::Skipped,
                conclusion: Conclusion::Skipped,
                env: Default::default(),
                path: Vec::new(),
            });
        }
    }

    /// Starts queued background steps while there are slots.
    fn fill_slots(&mut self, job: JobId) -> Result<(), EngineError> {
        loop {
            let Some(play) = self.jobs.get(&job) else {
                return Ok(());
            };
            let in_background = || play.strands.iter().filter(|(id, _)| **id != MAIN);
            let running = in_background()
                .filter(|(_, of)| of.over.is_none() && !matches!(of.doing, Doing::Queued));
            if running.count() >= SLOTS {
                return Ok(());
            }
            let next = in_background()
                .find(|(_, of)| of.over.is_none() && matches!(of.doing, Doing::Queued))
                .map(|(id, _)| *id);
            let (Some(strand), Some(lane)) = (next, play.free_lane()) else {
                return Ok(());
            };
            let Some(of) = self.strand_mut(job, strand) else {
                return Ok(());
            };
            of.doing = Doing::Nothing;
            of.lane = Some(lane);
            let Some((play, of)) = self.strand(job, strand) else {
                return Ok(());
            };
            let Some(step) = play.step(of).cloned() else {
                return Ok(());
            };
            self.started(job, strand, &step);
            self.limit_time(job, strand, &step);
            if !self.carry_out(job, strand, &step)? {
                self.proceed(job, strand)?;
            }
        }
    }

    /// A background step has ended: another may have its slot, and somebody may wait for it.
    pub(super) fn background_is_over(&mut self, job: JobId) -> Result<(), EngineError> {
        self.fill_slots(job)?;
        let Some((play, main)) = self.strand(job, MAIN) else {
            return Ok(());
        };
        let Doing::Waiting(strands) = &main.doing else {
            return Ok(());
        };
        let over = |strand: &StrandId| play.strands.get(strand).is_some_and(|of| of.over.is_some());
        if strands.iter().all(over) {
            self.waited(job)
        } else {
            Ok(())
        }
    }

    /// Begins a `wait`, `wait-all` or `cancel` step, or the end of a `parallel` group; true when it
    /// now takes its time.
    pub(super) fn begin_control(
        &mut self,
        job: JobId,
        planned: &Planned,
    ) -> Result<bool, EngineError> {
        let Some(play) = self.jobs.get(&job) else {
            return Ok(true);
        };
        let Some(step) = planned.at().of_play(play).cloned() else {
            return Ok(true);
        };
        let strands: Vec<StrandId> = match (&step.kind, planned) {
            (wf::StepKind::Wait { steps }, _) => steps
                .iter()
                .filter_map(|id| self.background_step(job, &id.value))
                .collect(),
            (wf::StepKind::Cancel { step }, _) => {
                self.background_step(job, &step.value).into_iter().collect()
            }
            (_, Planned::Join(_, numbers)) => {
                self.uncollected(job, |of| numbers.contains(&of.number))
            }
            _ => self.uncollected(job, |_| true),
        };
        self.started(job, MAIN, &step);
        let names = self.names(job, &strands);
        if let Planned::Cancel(_) = planned {
            self.say(
                job,
                MAIN,
                &format!("Cancelling background step(s): {names}"),
            );
            let turn = self.wait_for(job, strands.clone());
            self.schedule(TO_LEAVE, Timer::Leave(job, turn));
            for strand in strands {
                if let Some(of) = self.strand_mut(job, strand) {
                    of.dismissed = true;
                }
                self.stop_strand(job, strand, Stop::Cancelled)?;
            }
        } else {
            self.say(
                job,
                MAIN,
                &format!("Waiting for background step(s) to complete: {names}"),
            );
            self.wait_for(job, strands);
        }
        let waiting = self
            .strand(job, MAIN)
            .is_some_and(|(_, main)| matches!(main.doing, Doing::Waiting(_)));
        if waiting {
            // They may all have ended before.
            self.background_is_over(job)?;
        }
        Ok(true)
    }

    fn wait_for(&mut self, job: JobId, strands: Vec<StrandId>) -> u64 {
        match self.strand_mut(job, MAIN) {
            Some(main) => {
                main.doing = Doing::Waiting(strands);
                main.turn += 1;
                main.turn
            }
            None => 0,
        }
    }

    /// The background step of an id, if it has begun.
    fn background_step(&self, job: JobId, id: &str) -> Option<StrandId> {
        let play = self.jobs.get(&job)?;
        let found = play.strands.iter().find(|(strand, of)| {
            let step = of.at.of_play(play);
            **strand != MAIN
                && step
                    .and_then(|step| step.id.as_ref())
                    .is_some_and(|found| found.value.eq_ignore_ascii_case(id))
        });
        found.map(|(strand, _)| *strand)
    }

    /// Background steps whose end does not count yet.
    fn uncollected(&self, job: JobId, wanted: impl Fn(&Strand) -> bool) -> Vec<StrandId> {
        let Some(play) = self.jobs.get(&job) else {
            return Vec::new();
        };
        let open =
            |(strand, of): &(&StrandId, &Strand)| **strand != MAIN && !of.collected && wanted(of);
        let found = play.strands.iter().filter(open);
        found.map(|(strand, _)| *strand).collect()
    }

    fn names(&self, job: JobId, strands: &[StrandId]) -> String {
        let named = strands
            .iter()
            .filter_map(|strand| Some(self.strand(job, *strand)?.1.name.clone()));
        let names: Vec<String> = named.collect();
        match names.is_empty() {
            true => "(none)".to_owned(),
            false => names.join(", "),
        }
    }

    /// Lets the ends of background steps count: outputs, environment, conclusion. The worst of
    /// those conclusions.
    fn collect(&mut self, job: JobId, strands: &[StrandId]) -> Conclusion {
        let mut worst = Conclusion::Success;
        let Some(play) = self.jobs.get_mut(&job) else {
            return worst;
        };
        for strand in strands {
            let Some(of) = play.strands.get_mut(strand) else {
                continue;
            };
            of.collected = true;
            let Some(over) = &of.over else { continue };
            let (outcome, conclusion) = (over.outcome, over.conclusion);
            match conclusion {
                Conclusion::Failure => worst = Conclusion::Failure,
                Conclusion::Cancelled if !of.dismissed && worst == Conclusion::Success => {
                    worst = Conclusion::Cancelled;
                }
                _ => {}
            }
            play.env.extend(over.env.clone());
            for directory in &over.path {
                play.path.retain(|other| other != directory);
                play.path.push(directory.clone());
            }
            let outputs = std::mem::take(&mut of.outputs);
            let at = of.at;
            let id = at
                .of(match play.loaded.workflow.jobs.get(&play.key) {
                    Some(definition) => definition,
                    None => continue,
                })
                .and_then(|step| step.id.as_ref());
            if let Some(id) = id {
                let record = StepRecord {
                    outputs,
                    outcome,
                    conclusion,
                };
                play.steps.insert(id.value.clone(), record);
            }
        }
        worst
    }

    /// What the main strand waits for has ended.
    fn waited(&mut self, job: JobId) -> Result<(), EngineError> {
        let Some((play, main)) = self.strand(job, MAIN) else {
            return Ok(());
        };
        let Doing::Waiting(strands) = &main.doing else {
            return Ok(());
        };
        let strands = strands.clone();
        let cancels = matches!(play.plan.get(play.at), Some(Planned::Cancel(_)));
        let at_the_end = play.at >= play.plan.len();
        let worst = self.collect(job, &strands);
        if let Some(main) = self.strand_mut(job, MAIN) {
            main.doing = Doing::Nothing;
        }
        if at_the_end {
            if let Some(play) = self.jobs.get_mut(&job)
                && worst != Conclusion::Success
                && play.status == Conclusion::Success
            {
                play.status = worst;
            }
        } else {
            let outcome = if cancels { Conclusion::Success } else { worst };
            self.complete_step(job, MAIN, outcome, None)?;
        }
        self.proceed(job, MAIN)
    }

    /// A `cancel` step waits no longer: what has not ended counts as cancelled.
    pub(super) fn leave(&mut self, job: JobId, turn: u64) -> Result<(), EngineError> {
        let Some((_, main)) = self.strand(job, MAIN) else {
            return Ok(());
        };
        let (Doing::Waiting(strands), true) = (&main.doing, main.turn == turn) else {
            return Ok(());
        };
        for strand in strands.clone() {
            let open = self
                .strand(job, strand)
                .is_some_and(|(_, of)| of.over.is_none());
            if open {
                self.abandon(job, strand);
            }
        }
        self.waited(job)
    }

    /// Counts a background step as cancelled while its process still ends.
    fn abandon(&mut self, job: JobId, strand: StrandId) {
        self.log_step_end(
            job,
            strand,
            Conclusion::Cancelled,
            Conclusion::Cancelled,
            None,
        );
        if let Some(of) = self.strand_mut(job, strand) {
            of.over = Some(Finished {
                outcome: Conclusion::Cancelled,
                conclusion: Conclusion::Cancelled,
                env: of.local_env.clone(),
                path: of.local_path.clone(),
            });
        }
    }

    /// All steps of a job's own are over: what is still in the background is waited for, then
    /// actions clean up.
    pub(super) fn wrap_up(&mut self, job: JobId) -> Result<(), EngineError> {
        let open = self.uncollected(job, |_| true);
        if !open.is_empty() {
            self.wait_for(job, open);
            return self.background_is_over(job);
        }
        if let Some(play) = self.jobs.get_mut(&job) {
            play.posting = true;
        }
        self.next_post(job)
    }
}
