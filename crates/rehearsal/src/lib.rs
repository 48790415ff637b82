//! Runs the real workflow files in a world and judges which promises hold.

mod calendar;
mod cast;
pub mod commits;
mod console;
mod director;
mod durations;
pub mod engine;
mod estimates;
mod history;
pub mod machine;
mod memory;
pub mod models;
pub mod personality;
mod play;
pub mod promises;
pub mod real;
mod record;
mod rehearse;
pub mod report;
pub mod repository;
mod runner;
mod scenarios;
mod stage;
mod strangers;
mod survey;
mod timeout;
pub mod tools;
pub mod trial;
mod verdicts;

pub use durations::{DurationsError, durations};
pub use estimates::{Estimate, Measure};
pub use lockkeeper_world::{Durations, Entry};
pub use record::{RecordError, Recording, judge};
pub use rehearse::{Progress, RehearsalError, Request, rehearse, scenarios};
