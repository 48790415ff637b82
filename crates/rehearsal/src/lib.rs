//! Runs the real workflow files in a world and judges which promises hold.

mod calendar;
mod campaign;
mod cast;
pub mod commits;
mod console;
mod director;
mod durations;
pub mod engine;
mod estimates;
mod faults;
mod history;
mod house;
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
mod saved;
mod scenarios;
mod schedule;
mod stage;
mod strangers;
mod survey;
mod timeout;
pub mod tools;
pub mod trial;
mod verdicts;

pub use campaign::{
    BrokenOrder, Campaign, CampaignProgress, CampaignReport, HumanCampaign, HumanOrders,
    OrdersReport, Shard, StoryOrders, campaign, orders,
};
pub use durations::{DurationsError, durations};
pub use estimates::{Estimate, Measure};
pub use faults::{FaultError, fault_kinds};
pub use lockkeeper_world::{Durations, Entry};
pub use record::{RecordError, Recording, judge};
pub use rehearse::{Progress, RehearsalError, Request, rehearse, scenarios};
pub use saved::{SAVED, SavedError, save};
pub use schedule::ScheduleError;
