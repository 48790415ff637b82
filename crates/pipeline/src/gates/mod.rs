//! The checks of a pull request: one file each, one line each in [`GATES`].

mod image;
mod lint;
mod test;
mod type_check;

pub(crate) use image::{LAYOUT, build, scan};

use lockkeeper_policy::Ci;

use crate::error::PlanError;
use crate::site::Site;
use crate::workflow::Job;

/// A check that must pass before a pull request can be merged.
pub(crate) struct Gate {
    /// Whether the rules ask for it.
    pub(crate) asked: fn(&Ci) -> bool,
    /// The job that is red when it fails.
    pub(crate) job: fn(&Site<'_>) -> Result<Job, PlanError>,
}

pub(crate) const GATES: &[Gate] = &[lint::GATE, type_check::GATE, test::GATE, image::GATE];
