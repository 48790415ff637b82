//! What happens to runs and jobs when a concurrency group changes hands.

use super::locks::{Entered, Left};
use super::{GITHUB, Group, Holder, Hub};
use crate::clock::Instant;
use crate::event::{Log, What};
use crate::ids::{JobId, RunId};

impl Hub {
    /// A run or job asks for its group: it gets it, waits (others may lose their place to it), or is
    /// cancelled because too many wait.
    pub(crate) fn enter_group(&mut self, now: Instant, log: &mut Log, group: &Group, who: Holder) {
        let name = &group.name;
        let (run, job) = self.of_holder(who);
        match self.locks.enter(group, who) {
            Entered::Acquired => self.group_passed_to(now, log, name, who),
            Entered::Full => {
                let why = format!("the queue of concurrency group {name} is full");
                self.cancel_holder(now, log, who, &why);
            }
            Entered::Pending {
                replaced,
                interrupt,
            } => {
                let group = name.clone();
                let pending = match job {
                    Some(job) => What::JobPending { run, job, group },
                    None => What::RunPending { run, group },
                };
                log.push(now, None, pending);
                self.refresh(run);
                let why =
                    format!("Canceling since a higher priority waiting request for {name} exists");
                for holder in replaced.into_iter().chain(interrupt) {
                    self.cancel_holder(now, log, holder, &why);
                }
            }
        }
    }

    pub(crate) fn leave_group(&mut self, now: Instant, log: &mut Log, group: &str, who: Holder) {
        if let Left::Released(next) = self.locks.leave(group, who) {
            let (run, job) = self.of_holder(who);
            let group_name = group.to_owned();
            log.push(
                now,
                None,
                What::GroupReleased {
                    group: group_name,
                    run,
                    job,
                },
            );
            if let Some(next) = next {
                self.group_passed_to(now, log, group, next);
            }
        }
    }

    fn group_passed_to(&mut self, now: Instant, log: &mut Log, group: &str, who: Holder) {
        let (run, job) = self.of_holder(who);
        let group = group.to_owned();
        log.push(now, None, What::GroupAcquired { group, run, job });
        match who {
            Holder::Run(id) => {
                self.set_behind_group(id, false);
                self.ready.push(id);
            }
            Holder::Job(id) => self.enter_gate(now, log, id),
        }
    }

    fn of_holder(&self, who: Holder) -> (RunId, Option<JobId>) {
        match who {
            Holder::Run(run) => (run, None),
            Holder::Job(job) => (self.jobs.get(&job).map_or(RunId(0), |j| j.run), Some(job)),
        }
    }

    /// GitHub itself cancels a run or a single job because of a group.
    pub(crate) fn cancel_holder(&mut self, now: Instant, log: &mut Log, who: Holder, why: &str) {
        let already = match who {
            Holder::Run(run) => self.runs.get(&run).is_some_and(|run| run.cancelled),
            Holder::Job(job) => self.jobs.get(&job).is_some_and(|job| job.cancelled),
        };
        if already {
            return;
        }
        match who {
            Holder::Run(run) => self.stop_run(now, log, run, GITHUB, why, false),
            Holder::Job(job) => {
                let (run, _) = self.of_holder(who);
                let (actor, why) = (GITHUB.to_owned(), why.to_owned());
                log.push(now, None, What::CancelRequested { run, actor, why });
                self.cancel_job(now, log, job);
            }
        }
    }
}
