//! What came of the jobs that a job needs, directly or through others.

use crate::partial::JobStatus;
use crate::plan::{Outcome, Results, Skip};

/// The first job, in the order of the plan, of each bad end.
#[derive(Clone, Debug, Default)]
pub(super) struct Upstream {
    failed: Option<String>,
    cancelled: Option<String>,
    skipped: Option<String>,
    /// Jobs whose ends are not known.
    unknown: Vec<String>,
    may_fail: bool,
}

/// No more jobs of unknown end are named.
const MAX_NAMED: usize = 8;

impl Upstream {
    /// Takes in a job that is needed, and all that it needs.
    pub(super) fn add(&mut self, id: &str, results: Results, its: &Upstream) {
        let first = |mine: &mut Option<String>, theirs: &Option<String>| {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        };
        // What a needed job itself was is nearer than what it was because of.
        let own = |outcome: Outcome| results.must(outcome).then(|| id.to_owned());
        first(&mut self.failed, &its.failed);
        first(&mut self.failed, &own(Outcome::Failure));
        first(&mut self.cancelled, &its.cancelled);
        first(&mut self.cancelled, &own(Outcome::Cancelled));
        first(&mut self.skipped, &its.skipped);
        first(&mut self.skipped, &own(Outcome::Skipped));
        let own_unknown = (results.iter().count() > 1).then(|| id.to_owned());
        for unknown in its.unknown.iter().cloned().chain(own_unknown) {
            if !self.unknown.contains(&unknown) && self.unknown.len() < MAX_NAMED {
                self.unknown.push(unknown);
            }
        }
        let uncertain = results.may(Outcome::Failure) && !results.must(Outcome::Failure);
        self.may_fail |= its.may_fail || uncertain;
    }

    pub(super) fn status(&self) -> JobStatus {
        let bad = self.failed.is_some() || self.cancelled.is_some() || self.skipped.is_some();
        JobStatus {
            success: match (bad, self.unknown.is_empty()) {
                (true, _) => Some(false),
                (false, true) => Some(true),
                (false, false) => None,
            },
            failure: match (&self.failed, self.may_fail) {
                (Some(_), _) => Some(true),
                (None, true) => None,
                (None, false) => Some(false),
            },
            cancelled: Some(false),
        }
    }

    /// Why a job that runs only after success is skipped.
    pub(super) fn skip(&self) -> Option<Skip> {
        let failed = self.failed.clone().map(Skip::NeedFailed);
        let cancelled = || self.cancelled.clone().map(Skip::NeedCancelled);
        let skipped = || self.skipped.clone().map(Skip::NeedSkipped);
        failed.or_else(cancelled).or_else(skipped)
    }

    /// What would have to be known of them.
    pub(super) fn unknown(&self) -> Vec<String> {
        self.unknown
            .iter()
            .map(|id| format!("needs.{id}.result"))
            .collect()
    }
}
