//! GitHub: repository, pull requests, runs, gates, locks.

use crate::{Instant, Log};

#[derive(Default)]
pub struct Hub {}

impl Hub {
    pub fn next_timer(&self) -> Option<Instant> {
        None
    }

    pub fn fire(&mut self, _now: Instant, _log: &mut Log) {}
}
