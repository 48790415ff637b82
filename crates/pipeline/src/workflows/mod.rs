//! The three workflows.

mod ci;
mod deployment;
mod production;
mod staging;

pub(crate) use ci::{CI_GATE, ci};
pub(crate) use production::production;
pub(crate) use staging::staging;

/// The file of the production workflow, which it needs to know itself.
pub(crate) const PRODUCTION_FILE: &str = "deploy-production.yml";
