//! Concurrency groups: one holder each, and who waits for it.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::{JobId, RunId};

/// The most that wait in a group with `queue: max`.
const QUEUE_MAX: usize = 100;

/// A `concurrency` as a workflow or a job asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Compared without regard to case, across the repository, for runs and jobs alike.
    pub name: String,
    pub cancel_in_progress: bool,
    /// `queue: max`: up to 100 wait, first in, first out; otherwise one, the newest.
    pub max_queue: bool,
}

/// Who holds a group or waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    Run(RunId),
    Job(JobId),
}

#[derive(Debug, Clone, Default)]
struct Lock {
    holder: Option<Holder>,
    queue: VecDeque<Holder>,
}

/// What came of asking for a group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    Acquired,
    /// Waits; these lose their place to it, and this holder is to be interrupted.
    Pending {
        replaced: Vec<Holder>,
        interrupt: Option<Holder>,
    },
    /// The queue is full.
    Full,
}

/// What came of leaving a group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// It held the group; the next holder, if one waited.
    Released(Option<Holder>),
    /// It waited, or was not there.
    Withdrawn,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Locks(BTreeMap<String, Lock>);

impl Locks {
    pub(crate) fn enter(&mut self, group: &Group, who: Holder) -> Entered {
        let lock = self.0.entry(group.name.to_lowercase()).or_default();
        let Some(holder) = lock.holder else {
            lock.holder = Some(who);
            return Entered::Acquired;
        };
        if group.max_queue && lock.queue.len() >= QUEUE_MAX {
            return Entered::Full;
        }
        let replaced = if group.max_queue {
            Vec::new()
        } else {
            lock.queue.drain(..).collect()
        };
        lock.queue.push_back(who);
        Entered::Pending {
            replaced,
            interrupt: group.cancel_in_progress.then_some(holder),
        }
    }

    pub(crate) fn leave(&mut self, name: &str, who: Holder) -> Left {
        let key = name.to_lowercase();
        let Some(lock) = self.0.get_mut(&key) else {
            return Left::Withdrawn;
        };
        if lock.holder == Some(who) {
            lock.holder = lock.queue.pop_front();
            let next = lock.holder;
            if next.is_none() {
                self.0.remove(&key);
            }
            return Left::Released(next);
        }
        lock.queue.retain(|waiting| *waiting != who);
        Left::Withdrawn
    }

    pub(crate) fn holder(&self, name: &str) -> Option<Holder> {
        self.0.get(&name.to_lowercase())?.holder
    }
}
