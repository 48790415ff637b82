//! How jobs may end.

use std::collections::BTreeMap;

/// How a job ends, as `needs.<id>.result` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// `skipped`
    Skipped,
    /// `success`
    Success,
    /// `cancelled`
    Cancelled,
    /// `failure`
    Failure,
}

impl Outcome {
    const ALL: [Outcome; 4] = [
        Outcome::Skipped,
        Outcome::Success,
        Outcome::Cancelled,
        Outcome::Failure,
    ];

    /// GitHub's word, as in `needs.<job_id>.result`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Skipped => "skipped",
            Outcome::Success => "success",
            Outcome::Cancelled => "cancelled",
            Outcome::Failure => "failure",
        }
    }
}

/// The ways in which a job may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Results(u8);

impl Results {
    /// This result and no other.
    pub const fn only(outcome: Outcome) -> Results {
        Results(1 << outcome as u8)
    }

    /// The results of both.
    #[must_use]
    pub fn or(self, other: Results) -> Results {
        Results(self.0 | other.0)
    }

    /// Whether the result is possible.
    pub fn may(self, outcome: Outcome) -> bool {
        self.0 & Results::only(outcome).0 != 0
    }

    /// Whether no other result is possible.
    pub fn must(self, outcome: Outcome) -> bool {
        self == Results::only(outcome)
    }

    /// The same with success in the place of failure.
    pub(super) fn forgiven(self) -> Results {
        let rest = Results(self.0 & !Results::only(Outcome::Failure).0);
        rest.or(Results::only(Outcome::Success))
    }

    /// The possible results.
    pub fn iter(self) -> impl Iterator<Item = Outcome> {
        Outcome::ALL.into_iter().filter(move |o| self.may(*o))
    }

    /// How several jobs taken as one may end: the worst of them decides.
    pub(super) fn worst(all: impl IntoIterator<Item = Results>) -> Results {
        let mut together = Results::only(Outcome::Skipped);
        for results in all {
            let mut next = Results(0);
            for (a, b) in together
                .iter()
                .flat_map(|a| results.iter().map(move |b| (a, b)))
            {
                next = next.or(Results::only(a.max(b)));
            }
            together = next;
        }
        together
    }
}

/// How jobs that run are assumed to end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assumptions {
    by_path: BTreeMap<String, Outcome>,
}

impl Assumptions {
    /// Every job that runs succeeds.
    pub fn success() -> Self {
        Self::default()
    }

    /// The same but for one job, named by its path: `test`, or `deploy/migrate` for a job of a
    /// called workflow.
    #[must_use]
    pub fn but(mut self, path: &str, outcome: Outcome) -> Self {
        self.by_path.insert(path.to_owned(), outcome);
        self
    }

    pub(super) fn of(&self, path: &str) -> Option<Outcome> {
        self.by_path.get(path).copied()
    }
}
