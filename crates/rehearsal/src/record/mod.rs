//! What a rehearsal leaves to be judged, at once or later from a file: what it was about, and each
//! story with its events.

mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_world::Instant;
use lockkeeper_world::event::Event;
use serde::{Deserialize, Serialize};

use crate::commits::Commits;
use crate::engine::Layers;
use crate::promises::Facts;
use crate::scenarios::{SCENARIOS, Scenario};
use crate::survey::Settings;

pub use read::{RecordError, judge};
pub(crate) use write::write;

/// The version of the log's shape.
const SCHEMA: u32 = 1;

/// What all stories of a rehearsal have in common.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subject {
    pub(crate) seed: u64,
    /// The stories that were asked for; all when empty.
    pub(crate) only: Vec<String>,
    pub(crate) facts: Facts,
    /// What was concluded about the pipeline before the first story.
    pub(crate) assumptions: Vec<String>,
    /// The workflow files' texts, by name.
    pub(crate) workflows: BTreeMap<String, String>,
}

impl Subject {
    /// The scenarios that were asked for: all that the rules give a reason for, or those of a list.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &'static Scenario> {
        SCENARIOS.iter().copied().filter(|scenario| {
            if self.only.is_empty() {
                let mut challenges = scenario.challenges.iter();
                challenges.all(|promise| self.facts.ask_for(*promise))
            } else {
                self.only.iter().any(|name| name == scenario.id)
            }
        })
    }
}

/// What there is to know of a played story beside its events.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    /// Why it was not played to its end.
    pub(crate) note: Option<String>,
    pub(crate) settled: Instant,
    pub(crate) commits: Commits,
    /// What was assumed, and what was met that could not be done as asked.
    pub(crate) notes: BTreeSet<String>,
    pub(crate) isolation: Layers,
    /// The schedule that was played, with its faults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) schedule: Option<String>,
}

/// One story's events, with what its verdicts need beside them; the survey has none.
#[derive(Debug, Clone)]
pub struct Recording {
    pub scenario: &'static str,
    pub settings: &'static str,
    pub events: Vec<Event>,
    pub(crate) told: Option<Told>,
}

/// The name under which the survey's events are recorded.
pub(crate) const SURVEY: &str = "survey";

/// A line of a log that is no event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case", deny_unknown_fields)]
enum Record {
    Rehearsal {
        schema: u32,
        subject: Box<Subject>,
    },
    /// The events of this story follow.
    Story {
        scenario: String,
        settings: Settings,
        told: Box<Told>,
    },
    /// The events of the survey follow.
    Survey {},
    /// Nothing follows.
    End {
        stories: usize,
    },
}
