//! All rules resolved. The serialised form is fixed: `lockkeeper explain --format json` prints it.

use lockkeeper_names::{
    AccountId, BranchName, ClusterName, CommandLine, ContainerName, HttpsUrl, Region,
    RepositoryName, ServiceName, UrlPath,
};
use serde::{Deserialize, Serialize};

use crate::Window;

/// What a team's rules ask for, as values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The branch that production is deployed from; pull requests aim at it.
    pub production_branch: BranchName,
    pub pull_request: PullRequest,
    pub ci: Ci,
    pub services: Vec<Service>,
    pub environments: Environments,
    /// What prepares the database for a new version; without, the pipeline leaves it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrations: Option<Migrations>,
    pub rollback: Option<Rollback>,
    /// What the registry keeps at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Images>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// How many of those that production served.
    pub kept: u16,
}

/// Before each deployment of a new version, to any environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrations {
    /// Runs in the container that is deployed, from the new image.
    pub command: CommandLine,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// Nobody pushes to the branch directly.
    pub required: bool,
}

/// The gates of a pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ci {
    pub lint: bool,
    pub type_check: bool,
    pub test: bool,
    /// Lines covered by tests, in percent, below which the gate is red.
    pub coverage_percent: Option<u8>,
    pub image_build: bool,
    pub image_scan: Option<ImageScan>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageScan {
    pub scanner: Scanner,
    /// Findings of these severities fail the gate.
    pub severities: Vec<Severity>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scanner {
    Trivy,
}

/// Ordered from the least to the most severe, named as scanners name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// The name that scanners use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub name: ServiceName,
    /// The ECR repository of its image.
    pub repository: RepositoryName,
    /// The container whose image is deployed, where the task definition has several.
    pub container: Option<ContainerName>,
    pub health_path: Option<UrlPath>,
    pub readiness_path: Option<UrlPath>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environments {
    pub staging: Environment,
    pub production: Environment,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    pub trigger: Trigger,
    /// The branch whose merges deploy here, for [`Trigger::Merge`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchName>,
    /// When new versions may be deployed here; without, at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// A person must approve each deployment.
    pub approval: bool,
    pub smoke_test: bool,
    pub cluster: Option<ClusterName>,
    pub region: Option<Region>,
    pub account: Option<AccountId>,
    /// Where users and smoke tests reach the service.
    pub url: Option<HttpsUrl>,
}

/// What starts a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// Each merge to the environment's branch.
    Merge,
    /// A person, through `workflow_dispatch`.
    Manual,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    pub method: RollbackMethod,
    pub trigger: RollbackTrigger,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackMethod {
    RedeployPreviousImage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackTrigger {
    WorkflowDispatch,
}
