//! What can go wrong in a story, each at a chosen moment.
//!
//! A fault is a file here and a line in [`FAULTS`]: how it is written, its class, and what it does
//! when its moment has come.

use lockkeeper_names::{CommitSha, ImageDigest};
use lockkeeper_world::ids::{JobId, RunId};
use lockkeeper_world::outage::Api;

use crate::engine::EngineError;
use crate::stage::Stage;

mod cancel;
mod class;
mod crash;
mod error;
mod errors_later;
mod flap;
mod image;
mod lost_answer;
mod lost_runner;
mod moment;
mod outage;
mod slow;
mod slow_start;
mod text;
mod throttle;
mod timeout;
mod unready;

pub(crate) use class::{Class, Classes};
pub(crate) use moment::Moment;
pub use text::FaultError;
pub(crate) use text::{number, shown};

/// Every kind of fault.
pub(crate) const FAULTS: &[&Kind] = &[
    &throttle::KIND,
    &error::KIND,
    &slow::KIND,
    &lost_answer::KIND,
    &crash::KIND,
    &slow_start::KIND,
    &flap::KIND,
    &unready::KIND,
    &errors_later::KIND,
    &cancel::KIND,
    &timeout::KIND,
    &lost_runner::KIND,
];

/// The APIs that outages are about, as faults name them.
pub(crate) const APIS: &[(&str, Api)] = &[
    ("ecs", Api::Ecs),
    ("ecr", Api::Ecr),
    ("sts", Api::Sts),
    ("elb", Api::Elbv2),
    ("github", Api::GitHub),
];

/// A kind of fault.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    /// What it is, in a few words, for lists.
    pub(crate) about: &'static str,
    pub(crate) subject: Subject,
    pub(crate) amount: Option<Amount>,
    pub(crate) strike: fn(&Fault, &Aim, &mut Stage) -> Result<(), EngineError>,
}

/// What a kind of fault hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// One of [`APIS`], named after the kind: `throttle-ecs`.
    Api,
    /// A version that the story brings; its moment says which.
    Version,
    /// A run, or the job of it, that is under way.
    Run,
}

/// The number of seconds that a kind of fault takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount {
    /// The most within the kind's own class; more is class E.
    pub(crate) usual: u32,
    pub(crate) most: u32,
}

/// Something that goes wrong at a moment.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) kind: &'static Kind,
    pub(crate) api: Option<Api>,
    pub(crate) moment: Moment,
    /// In seconds.
    pub(crate) amount: Option<u32>,
}

impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.kind.name == other.kind.name
            && (self.api, self.moment, self.amount) == (other.api, other.moment, other.amount)
    }
}

impl Eq for Fault {}

/// Whom a fault meets when its moment has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Aim {
    pub(crate) run: Option<RunId>,
    pub(crate) job: Option<JobId>,
    /// The commit of the version that the story brings, and its image where there is one already.
    pub(crate) commit: Option<CommitSha>,
    pub(crate) digest: Option<ImageDigest>,
}

impl Fault {
    /// Its seconds; 0 for a kind that takes none.
    fn seconds(&self) -> u64 {
        u64::from(self.amount.unwrap_or_default())
    }

    /// Its class when nothing else has gone wrong.
    pub(crate) fn class(&self) -> Class {
        match (self.kind.amount, self.amount) {
            (Some(Amount { usual, .. }), Some(seconds)) if seconds > usual => Class::E,
            _ => self.kind.class,
        }
    }
}

fn api_name(api: Api) -> &'static str {
    match api {
        Api::Ecs => "ECS",
        Api::Ecr => "ECR",
        Api::Sts => "STS",
        Api::Elbv2 => "Elastic Load Balancing",
        Api::GitHub => "GitHub's API",
    }
}

/// The name, the class and the meaning of every kind of fault.
pub fn fault_kinds() -> impl Iterator<Item = (&'static str, char, &'static str)> {
    let kinds = FAULTS.iter();
    kinds.map(|kind| (kind.name, kind.class.letter(), kind.about))
}
