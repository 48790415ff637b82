//! `GITHUB_TOKEN` and what it may do.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{DefaultToken, Hub, JobState, Refused};
use crate::ids::JobId;

/// Scopes of `permissions`, as GitHub names them.
pub const SCOPES: &[&str] = &[
    "actions",
    "artifact-metadata",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "discussions",
    "id-token",
    "issues",
    "models",
    "packages",
    "pages",
    "pull-requests",
    "security-events",
    "statuses",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    None,
    Read,
    Write,
}

/// What a job's token may do; scopes that are not named are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions(pub BTreeMap<String, Access>);

impl Permissions {
    /// `permissions: {}`
    pub fn none() -> Self {
        Self::default()
    }

    /// `read-all` or `write-all`. There is no way to read an identity token.
    pub fn all(access: Access) -> Self {
        let of = |scope: &str| match scope {
            "id-token" if access == Access::Read => Access::None,
            "models" => access.min(Access::Read),
            _ => access,
        };
        Self(
            SCOPES
                .iter()
                .map(|scope| ((*scope).to_owned(), of(scope)))
                .collect(),
        )
    }

    /// What a workflow without `permissions` has.
    pub fn by_default(default: DefaultToken) -> Self {
        let mut all = match default {
            DefaultToken::Write => Self::all(Access::Write),
            DefaultToken::Read => Self::none()
                .with("contents", Access::Read)
                .with("packages", Access::Read),
        };
        for scope in ["id-token", "models"] {
            all.0.insert(scope.to_owned(), Access::None);
        }
        all
    }

    #[must_use]
    pub fn with(mut self, scope: &str, access: Access) -> Self {
        self.0.insert(scope.to_owned(), access);
        self
    }

    /// What is left of it in a run for a pull request from a fork: reading.
    #[must_use]
    pub fn for_fork(mut self) -> Self {
        for (scope, access) in &mut self.0 {
            *access = match scope.as_str() {
                "id-token" => Access::None,
                _ => (*access).min(Access::Read),
            };
        }
        self
    }

    /// What is left of it under a limit, as in a called workflow.
    #[must_use]
    pub fn within(mut self, limit: &Self) -> Self {
        for (scope, access) in &mut self.0 {
            *access = (*access).min(limit.of(scope));
        }
        self
    }

    /// Every token may read the repository's metadata.
    pub fn of(&self, scope: &str) -> Access {
        match scope {
            "metadata" => Access::Read,
            _ => self.0.get(scope).copied().unwrap_or(Access::None),
        }
    }

    /// Whether anything may be written with it.
    pub fn writes(&self) -> bool {
        self.0.values().any(|access| *access == Access::Write)
    }
}

impl Hub {
    /// The job's `GITHUB_TOKEN`: valid while the job runs.
    pub fn token_for(&self, job: JobId) -> String {
        let hash = Sha256::digest(format!("lockkeeper world token {} {job}", self.spec.slug));
        let secret: String = hash[..18]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("ghs_{secret}")
    }

    /// The running job whose token this is.
    pub(crate) fn job_of_token(&self, token: &str) -> Option<JobId> {
        self.jobs
            .values()
            .filter(|job| job.state == JobState::InProgress)
            .map(|job| job.id)
            .find(|job| self.token_for(*job) == token)
    }

    /// Refuses a job that is not running.
    pub(crate) fn running(&self, job: JobId) -> Result<(), Refused> {
        match self.jobs.get(&job) {
            Some(record) if record.state == JobState::InProgress => Ok(()),
            Some(_) => Err(Refused::because(format!("job {job} is not running"))),
            None => Err(Refused::because(format!("there is no job {job}"))),
        }
    }
}
