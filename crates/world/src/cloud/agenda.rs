//! What will happen by itself, in the order in which it will.

use std::collections::BTreeMap;

use crate::Instant;
use crate::event::ServiceKey;

/// A moment in a service's life, or in that of one of its tasks (by its place in the service).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Due {
    /// The scheduler takes up a new deployment (by its place in the service).
    Begin(usize),
    /// The scheduler carries out a stop that was asked for (of a service deployment).
    Stop(usize),
    /// The scheduler looks again.
    Look,
    Task(usize, Step),
}

/// A task's next transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Placed,
    Activating,
    Pulled,
    Running,
    /// The process of one of its essential containers ends by itself.
    Exits,
    /// The load balancer checks its health.
    Check,
    /// Its health check grace period is over.
    GraceOver,
    Drained,
    ContainersStopped,
    Gone,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Agenda {
    entries: BTreeMap<(Instant, u64), (ServiceKey, Due)>,
    count: u64,
}

impl Agenda {
    pub(crate) fn at(&mut self, when: Instant, service: &ServiceKey, due: Due) {
        self.entries
            .insert((when, self.count), (service.clone(), due));
        self.count += 1;
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.entries.keys().next().map(|(when, _)| *when)
    }

    pub(crate) fn take_due(&mut self, now: Instant) -> Option<(ServiceKey, Due)> {
        let entry = self.entries.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}
