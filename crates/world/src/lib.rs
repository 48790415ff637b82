//! The embedded GitHub and AWS: one clock, one event log, no I/O, no processes.
//!
//! [`World`] holds the [`hub`] (GitHub: repository, pull requests, runs, gates, locks), the
//! [`cloud`] (ECR, ECS, STS, the load balancer) and the [`Log`] that both write to. Requests flow
//! in as typed values with the instant at which they happen; answers flow out; everything that
//! changes is an [`Event`]. Time passes only through [`World::advance`].

pub mod app;
pub mod clock;
pub mod cloud;
mod durations;
pub mod event;
pub mod hub;
pub mod ids;
pub mod oidc;
pub mod outage;

pub use clock::Instant;
pub use durations::{Durations, Entry};
pub use event::{Event, Log};

/// Everything that exists in one rehearsal of one story.
#[derive(Clone)]
pub struct World {
    now: Instant,
    pub hub: hub::Hub,
    pub cloud: cloud::Cloud,
    pub log: Log,
}

impl World {
    pub fn new(hub: hub::Hub, cloud: cloud::Cloud) -> Self {
        Self {
            now: clock::START,
            hub,
            cloud,
            log: Log::default(),
        }
    }

    pub fn now(&self) -> Instant {
        self.now
    }

    /// How long everything takes.
    pub fn durations(&self) -> Durations {
        self.cloud.durations
    }

    /// Sets how long everything takes from now on.
    pub fn set_durations(&mut self, durations: Durations) {
        self.cloud.durations = durations;
        self.hub.durations = durations;
    }

    /// The next instant at which something happens by itself.
    pub fn next_timer(&self) -> Option<Instant> {
        [self.hub.next_timer(), self.cloud.next_timer()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Lets time pass to `to`, firing what is due on the way in the order of its instants.
    pub fn advance(&mut self, to: Instant) {
        while let Some(due) = self.next_timer().filter(|due| *due <= to) {
            self.now = self.now.max(due);
            self.hub.fire(self.now, &mut self.log);
            self.cloud.fire(self.now, &mut self.log);
        }
        self.now = self.now.max(to);
    }
}
