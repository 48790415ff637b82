//! What a rehearsal found, as data: the fixed JSON shape, and what its renderings need beside it.

mod cause;
mod film;
mod github;
mod html;
mod human;
mod junit;
mod timeline;
mod trace;

use lockkeeper_policy::PromiseId;
use lockkeeper_world::event::{Conclusion, Event};
use serde::Serialize;

use crate::engine::Layers;

pub use github::{Annotations, Summary};
pub use html::Html;
pub use human::Human;
pub use junit::junit;
pub use trace::trace;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Kept,
    Broken,
    /// No story in which it could have been broken was played.
    NotExercised,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Kept => "kept",
            Verdict::Broken => "broken",
            Verdict::NotExercised => "not exercised",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Played {
    Passed,
    Failed,
    /// The pipeline lacks what the story needs.
    NotPlayed,
}

/// One sentence of what went wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    pub file: String,
    pub line: u32,
    pub message: String,
    pub scenario: &'static str,
    /// `declared` or `defaults`.
    pub settings: &'static str,
    #[serde(skip)]
    pub(crate) story: usize,
    #[serde(skip)]
    pub(crate) seq: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PromiseReport {
    pub id: PromiseId,
    pub verdict: Verdict,
    pub with_defaults: Verdict,
    /// The stories in which it could have been broken.
    pub scenarios: Vec<&'static str>,
    pub evidence: Vec<Evidence>,
    pub mend: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunReport {
    pub id: u64,
    pub attempt: u32,
    pub workflow: String,
    pub trigger: String,
    pub conclusion: Option<Conclusion>,
    pub virtual_seconds: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScenarioReport {
    pub id: &'static str,
    pub title: &'static str,
    pub verdict: Played,
    /// Why it was not played, or not to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub virtual_seconds: f64,
    pub wall_seconds: f64,
    pub runs: Vec<RunReport>,
}

/// One story's events, for recordings and timelines.
#[derive(Debug, Clone)]
pub struct Recording {
    pub scenario: &'static str,
    pub settings: &'static str,
    pub events: Vec<Event>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub schema: u32,
    /// The workflow files that were read.
    pub pipeline: Vec<String>,
    pub seed: u64,
    pub promises: Vec<PromiseReport>,
    pub scenarios: Vec<ScenarioReport>,
    pub assumptions: Vec<String>,
    pub not_modelled: Vec<String>,
    /// What kept the steps apart from this machine.
    pub isolation: Layers,
    #[serde(skip)]
    pub recordings: Vec<Recording>,
    /// Workflow texts by file, for excerpts.
    #[serde(skip)]
    pub sources: std::collections::BTreeMap<String, String>,
}

impl Report {
    /// True when no promise is broken with the settings that the rules declare.
    pub fn all_well(&self) -> bool {
        self.promises
            .iter()
            .all(|promise| promise.verdict != Verdict::Broken)
    }

    /// True when no story could be played.
    pub fn is_empty(&self) -> bool {
        self.scenarios
            .iter()
            .all(|scenario| scenario.verdict == Played::NotPlayed)
    }

    pub fn count(&self, verdict: Verdict) -> usize {
        self.promises
            .iter()
            .filter(|promise| promise.verdict == verdict)
            .count()
    }

    /// The event log as JSON Lines: each event with its story.
    pub fn write_events(&self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            scenario: &'a str,
            settings: &'a str,
            #[serde(flatten)]
            event: &'a Event,
        }
        for recording in &self.recordings {
            for event in &recording.events {
                let line = Line {
                    scenario: recording.scenario,
                    settings: recording.settings,
                    event,
                };
                serde_json::to_writer(&mut *out, &line)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }
}
