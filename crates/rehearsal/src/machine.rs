//! The runner machine of one job: what its tools and actions leave behind for later steps.

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_names::CommitSha;
use lockkeeper_world::app::ImageFacts;

/// State of one job's machine that is not in files.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// The commit that the workspace holds since the last checkout.
    pub commit: Option<CommitSha>,
    /// Docker's local images by reference (`name:tag`, or `name@digest` for one pulled that way).
    pub images: BTreeMap<String, LocalImage>,
    /// Registries that Docker or skopeo is logged in to, with the AWS access key behind the login.
    pub logins: BTreeMap<String, String>,
    /// Tools that a `setup-*` action or `npm ci` installed.
    pub installed: BTreeSet<String>,
    /// Counts image builds on this machine: with the run, attempt and job it makes each build's
    /// digest its own.
    pub builds: u64,
    /// What `docker image inspect` shows as `RepoDigests`: `name@digest` of all that was pushed or
    /// pulled.
    pub repo_digests: BTreeSet<String>,
    /// Whether `docker buildx` builds in a builder of its own (`docker buildx create --use`,
    /// docker/setup-buildx-action), which can write OCI layouts and does not load what it builds.
    pub container_builder: bool,
}

/// An image in Docker's local store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalImage {
    pub manifest: Vec<u8>,
    pub config: Vec<u8>,
    /// The layers' bytes; empty for an image that came from a registry.
    pub layers: Vec<Vec<u8>>,
    pub facts: ImageFacts,
}
