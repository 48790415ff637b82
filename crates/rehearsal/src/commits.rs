//! What each commit of a scenario is like: which gates it fails, and how its image behaves.

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_names::CommitSha;
use lockkeeper_world::app::Behaviour;
use serde::{Deserialize, Serialize};

/// A gate that a commit can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    Lint,
    TypeCheck,
    Test,
    /// Its tests pass but cover less than asked for: see [`Traits::coverage_percent`].
    Coverage,
    ImageBuild,
    ImageScan,
}

impl Gate {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Gate::Lint => "lint",
            Gate::TypeCheck => "type check",
            Gate::Test => "tests",
            Gate::Coverage => "coverage",
            Gate::ImageBuild => "image build",
            Gate::ImageScan => "image scan",
        }
    }
}

/// What a commit is like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traits {
    pub fails: BTreeSet<Gate>,
    pub coverage_percent: f64,
    pub behaviour: Behaviour,
}

impl Default for Traits {
    /// A good commit: fails nothing, covers 97.5 %, its image is healthy.
    fn default() -> Self {
        Self {
            fails: BTreeSet::new(),
            coverage_percent: 97.5,
            behaviour: Behaviour::Healthy,
        }
    }
}

/// The traits of the scenario's commits; any other commit is a good one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Commits(BTreeMap<CommitSha, Traits>);

impl Commits {
    pub fn insert(&mut self, sha: CommitSha, traits: Traits) {
        self.0.insert(sha, traits);
    }

    pub fn of(&self, sha: &CommitSha) -> Traits {
        self.0.get(sha).cloned().unwrap_or_default()
    }
}
