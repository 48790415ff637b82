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
use lockkeeper_world::event::Conclusion;
use serde::Serialize;

use crate::engine::Layers;
use crate::estimates::Estimate;
use crate::record::{self, Recording, Subject};

pub(crate) use github::annotation;
pub use github::{Annotations, Summary};
pub use html::Html;
pub use human::{Human, is_obeyed};
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
    /// The schedule that was played, where it was no story as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    #[serde(skip)]
    pub(crate) story: usize,
    #[serde(skip)]
    pub(crate) seq: u64,
}

impl Evidence {
    /// The arguments that play this story alone, for a shell.
    pub(crate) fn replay(&self) -> String {
        match &self.schedule {
            Some(schedule) => format!("--replay '{schedule}'"),
            None => format!("--scenario {}", self.scenario),
        }
    }
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

#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub schema: u32,
    /// The workflow files that were read.
    pub pipeline: Vec<String>,
    pub seed: u64,
    pub promises: Vec<PromiseReport>,
    pub scenarios: Vec<ScenarioReport>,
    /// How long things take with the settings that the rules declare.
    pub estimates: Vec<Estimate>,
    pub assumptions: Vec<String>,
    pub not_modelled: Vec<String>,
    /// What kept the steps apart from this machine.
    pub isolation: Layers,
    /// What of it was missing, in words.
    pub isolation_missing: Vec<String>,
    #[serde(skip)]
    pub recordings: Vec<Recording>,
    #[serde(skip)]
    pub(crate) subject: Subject,
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

    /// Everything that happened, and what `judge` needs beside it, as JSON Lines.
    pub fn write_events(&self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        record::write(&self.subject, &self.recordings, out)
    }
}
