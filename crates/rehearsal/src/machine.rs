//! The runner machine of one job: what its tools and actions leave behind for later steps.

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_names::CommitSha;
use lockkeeper_world::app::ImageFacts;

/// State of one job's machine that is not in files.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// The commit that the workspace holds since the last checkout.
    pub commit: Option<CommitSha>,
    /// Docker's local images by reference (`name:tag`).
    pub images: BTreeMap<String, LocalImage>,
    /// Registries that Docker or skopeo is logged in to, with the AWS access key behind the login.
    pub logins: BTreeMap<String, String>,
    /// Tools that a `setup-*` action or `npm ci` installed.
    pub installed: BTreeSet<String>,
    /// Counts image builds on this machine: with the run, attempt and job it makes each build's
    /// digest its own.
    pub builds: u64,
}

/// An image in Docker's local store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalImage {
    pub manifest: Vec<u8>,
    pub config: Vec<u8>,
    pub facts: ImageFacts,
}
