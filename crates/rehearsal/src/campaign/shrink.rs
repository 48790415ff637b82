//! The smallest schedule that still breaks a promise.
//!
//! In this order: the fewest faults; each of them as early, and as short, as it may be; then a
//! story with fewer runs. Every candidate is played, and so is the proof of the point of no return.

use std::collections::BTreeSet;

use lockkeeper_policy::PromiseId;
use lockkeeper_world::Instant;

use super::covered;
use super::draw::Urn;
use super::played::Played;
use crate::engine::EngineError;
use crate::faults::{Classes, Fault};
use crate::house::{Enough, House};
use crate::play::{Ground, Outcome};
use crate::promises::{Breach, PROMISES};
use crate::schedule::Schedule;

/// A broken promise, with the smallest schedule that was found to break it.
pub(super) struct CounterExample {
    pub(super) promise: PromiseId,
    /// Where it was found.
    pub(super) found: String,
    pub(super) schedule: Schedule,
    pub(super) breach: Breach,
    pub(super) no_return: Option<NoReturn>,
    pub(super) begun: Instant,
    pub(super) at: Option<Instant>,
    pub(super) plays: u32,
}

/// The last moment at which the story could still have been kept: what strikes there decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoReturn {
    /// The event of the fault.
    pub(crate) seq: u64,
    pub(crate) at: Instant,
    /// The fault, as a schedule spells it.
    pub(crate) fault: String,
}

/// The counter-examples of a campaign: one for each promise that is broken and covers what struck.
pub(super) fn counter_examples(
    house: &House,
    urn: &Urn,
    played: &[Played],
    most: u32,
) -> Result<Vec<CounterExample>, EngineError> {
    let mut begin: Vec<(PromiseId, Schedule)> = Vec::new();
    for promise in PROMISES {
        let broken = played.iter().filter(|played| {
            let mut breaches = played.breaches.iter();
            breaches.any(|breach| breach.counted && breach.promise == promise.id.as_str())
        });
        // They were printed by this program.
        let schedules = broken.filter_map(|played| Schedule::parse(&played.schedule).ok());
        if let Some(least) = schedules.min_by_key(|schedule| schedule.faults.len()) {
            begin.push((promise.id, least));
        }
    }
    let found = house.share_out(
        begin.len(),
        |ground, at| {
            let (promise, schedule) = &begin[at];
            let mut shrinker = Shrinker::new(ground, *promise, most);
            shrinker.shrink(schedule, urn)
        },
        |_, _| Enough::No,
    )?;
    Ok(found.into_iter().filter_map(|(_, found)| found).collect())
}

/// Looks for smaller schedules that break one promise.
pub(crate) struct Shrinker<'a> {
    ground: &'a Ground<'a>,
    promise: PromiseId,
    left: u32,
    plays: u32,
    /// What did not break it.
    kept: BTreeSet<String>,
}

impl<'a> Shrinker<'a> {
    pub(crate) fn new(ground: &'a Ground<'a>, promise: PromiseId, most: u32) -> Self {
        Self {
            ground,
            promise,
            left: most,
            plays: 0,
            kept: BTreeSet::new(),
        }
    }

    fn shrink(
        &mut self,
        found: &Schedule,
        urn: &Urn,
    ) -> Result<Option<CounterExample>, EngineError> {
        // The first play is no attempt, but what was found.
        let Some(outcome) = self.play(found)? else {
            return Ok(None);
        };
        let mut best = (found.clone(), outcome);
        self.drop_faults(&mut best)?;
        self.move_forward(&mut best)?;
        if self.take_a_shorter_story(&mut best, urn)? {
            self.drop_faults(&mut best)?;
            self.move_forward(&mut best)?;
        }
        let (schedule, outcome) = best;
        let plain = Schedule {
            seed: 1,
            ..schedule.clone()
        };
        let (schedule, outcome) = match self.attempt(&plain)? {
            Some(outcome) => (plain, outcome),
            None => (schedule, outcome),
        };
        let no_return = self.no_return(&schedule, &outcome)?;
        let Some(breach) = self.breach(&outcome).cloned() else {
            return Ok(None);
        };
        let instant = |seq: u64| outcome.events.get(seq as usize).map(|event| event.at);
        let begun = outcome.begun.and_then(|begun| outcome.events.get(begun));
        Ok(Some(CounterExample {
            promise: self.promise,
            found: found.to_string(),
            begun: begun.map_or(lockkeeper_world::clock::START, |event| event.at),
            at: instant(breach.seq),
            schedule,
            breach,
            no_return,
            plays: self.plays,
        }))
    }

    /// Tries every part of the faults, the smaller ones first.
    fn drop_faults(&mut self, best: &mut (Schedule, Outcome)) -> Result<(), EngineError> {
        let all = best.0.faults.clone();
        for size in 0..all.len() {
            for part in parts(all.len(), size) {
                let faults = part.into_iter().map(|at| all[at].clone()).collect();
                if self.improve(best, |schedule| schedule.faults = faults)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Makes each fault strike as early as it may, and last as short.
    fn move_forward(&mut self, best: &mut (Schedule, Outcome)) -> Result<(), EngineError> {
        for at in 0..best.0.faults.len() {
            let Fault { moment, amount, .. } = best.0.faults[at].clone();
            for number in smaller(moment.least(), moment.number(), 48) {
                let earlier = moment.with_number(number);
                if self.improve(best, |schedule| schedule.faults[at].moment = earlier)? {
                    break;
                }
            }
            for seconds in smaller(1, amount.unwrap_or_default(), 12) {
                if self.improve(best, |schedule| schedule.faults[at].amount = Some(seconds))? {
                    break;
                }
            }
        }
        Ok(())
    }

    fn take_a_shorter_story(
        &mut self,
        best: &mut (Schedule, Outcome),
        urn: &Urn,
    ) -> Result<bool, EngineError> {
        let Some(own) = urn.extent(best.0.scenario) else {
            return Ok(false);
        };
        let mut shorter: Vec<_> = urn
            .stories()
            .iter()
            .filter(|(_, extent)| (extent.runs, extent.steps) < (own.runs, own.steps))
            .collect();
        shorter.sort_by_key(|(_, extent)| (extent.runs, extent.steps));
        for (scenario, _) in shorter {
            if self.improve(best, |schedule| schedule.scenario = scenario)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn improve(
        &mut self,
        best: &mut (Schedule, Outcome),
        change: impl FnOnce(&mut Schedule),
    ) -> Result<bool, EngineError> {
        let mut schedule = best.0.clone();
        change(&mut schedule);
        let broken = self.attempt(&schedule)?;
        Ok(match broken {
            Some(outcome) => {
                *best = (schedule, outcome);
                true
            }
            None => false,
        })
    }

    fn attempt(&mut self, schedule: &Schedule) -> Result<Option<Outcome>, EngineError> {
        let name = schedule.to_string();
        if self.left == 0 || self.kept.contains(&name) {
            return Ok(None);
        }
        self.left -= 1;
        let broken = self.play(schedule)?;
        if broken.is_none() {
            self.kept.insert(name);
        }
        Ok(broken)
    }

    /// What came of it, if it breaks the promise by faults that the promise covers.
    fn play(&mut self, schedule: &Schedule) -> Result<Option<Outcome>, EngineError> {
        self.plays += 1;
        let outcome = self.ground.play_schedule(schedule)?;
        let counts = covered(self.promise, Classes::struck(&outcome.events));
        Ok((counts && self.breach(&outcome).is_some()).then_some(outcome))
    }

    fn breach<'o>(&self, outcome: &'o Outcome) -> Option<&'o Breach> {
        let mut judgements = outcome.judgements.iter();
        let (_, judgement) = judgements.find(|(id, _)| *id == self.promise)?;
        judgement.breaches.first()
    }

    /// The last fault before the breach without which the promise is kept; that is played. None
    /// where no single fault decides.
    pub(crate) fn no_return(
        &mut self,
        schedule: &Schedule,
        outcome: &Outcome,
    ) -> Result<Option<NoReturn>, EngineError> {
        let Some(breach) = self.breach(outcome) else {
            return Ok(None);
        };
        let mut struck: Vec<(usize, u64)> = outcome.struck.clone();
        struck.retain(|(_, seq)| *seq <= breach.seq);
        struck.sort_by_key(|(_, seq)| *seq);
        for (number, seq) in struck.into_iter().rev() {
            let mut without = schedule.clone();
            let fault = without.faults.remove(number);
            self.plays += 1;
            let other = self.ground.play_schedule(&without)?;
            if self.breach(&other).is_some() {
                continue;
            }
            let event = outcome.events.get(seq as usize);
            return Ok(event.map(|event| NoReturn {
                seq,
                at: event.at,
                fault: fault.to_string(),
            }));
        }
        Ok(None)
    }
}

/// All choices of `size` of `0..of`, in order.
fn parts(of: usize, size: usize) -> Vec<Vec<usize>> {
    match size {
        0 => vec![Vec::new()],
        _ if size > of => Vec::new(),
        _ => {
            let mut chosen = Vec::new();
            for first in 0..of {
                for rest in parts(of - first - 1, size - 1) {
                    let rest = rest.into_iter().map(|at| at + first + 1);
                    chosen.push(std::iter::once(first).chain(rest).collect());
                }
            }
            chosen
        }
    }
}

/// Numbers from `least` up to below `than`: all of them, or `most` that are spread over them.
fn smaller(least: u32, than: u32, most: u32) -> Vec<u32> {
    let all = than.saturating_sub(least);
    let count = all.min(most);
    let number = |at: u32| least + (u64::from(at) * u64::from(all) / u64::from(count)) as u32;
    (0..count).map(number).collect()
}
