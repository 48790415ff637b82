//! How the users' application behaves, by image.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lockkeeper_names::{CommitSha, ImageDigest};
use serde::{Deserialize, Serialize};

/// What a task of an image does once its container is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// Answers every path with 200 after a second.
    Healthy,
    /// Answers nothing for this long, then as healthy.
    SlowStart(Duration),
    /// Its process exits with 1 within a second.
    CrashesAtStart,
    /// Healthy, then its process exits with 1; the replacement does the same, and so on.
    Flapping { healthy_for: Duration },
    /// Healthy for this long after the first task started, then exits; replacements are healthy.
    CrashesOnce { after: Duration },
    /// `/health` answers 200, the readiness path 503 for ever.
    NeverReady,
    /// Every path answers 500, the health path excepted, from this long after its start.
    ErrorsAfter(Duration),
}

/// What is known of an image beyond its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// The commit that it was built from, where a pipeline built it.
    pub commit: Option<CommitSha>,
    pub behaviour: Behaviour,
    /// A scanner finds HIGH or CRITICAL vulnerabilities in it.
    pub vulnerable: bool,
}

/// Facts of every image that was ever built or put into the world, by digest.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    images: BTreeMap<ImageDigest, ImageFacts>,
    failing_commands: BTreeSet<ImageDigest>,
}

impl Catalog {
    pub fn insert(&mut self, digest: ImageDigest, facts: ImageFacts) {
        self.images.insert(digest, facts);
    }

    pub fn get(&self, digest: &ImageDigest) -> Option<&ImageFacts> {
        self.images.get(digest)
    }

    /// Whether a command that runs in a task of its own (`RunTask`), such as a migration, ends with 0.
    pub fn set_command_fails(&mut self, digest: &ImageDigest, fails: bool) {
        if fails {
            self.failing_commands.insert(digest.clone());
        } else {
            self.failing_commands.remove(digest);
        }
    }

    /// Whether a task of its own fails: with its own command where the image crashes at start.
    pub(crate) fn command_fails(&self, digest: &ImageDigest, own: bool) -> bool {
        let crashes = |facts: &ImageFacts| matches!(facts.behaviour, Behaviour::CrashesAtStart);
        self.failing_commands.contains(digest) || own && self.get(digest).is_some_and(crashes)
    }

    /// From now on tasks of the image behave so; those that run already do not change.
    pub fn set_behaviour(&mut self, digest: &ImageDigest, behaviour: Behaviour) {
        if let Some(facts) = self.images.get_mut(digest) {
            facts.behaviour = behaviour;
        }
    }
}
