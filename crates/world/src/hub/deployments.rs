//! Deployment records and their statuses.

use std::collections::BTreeMap;

use lockkeeper_names::{CommitSha, EnvironmentName, Login};

use crate::clock::Instant;
use crate::event::Conclusion;
use crate::ids::JobId;

/// A record that something is deployed to an environment; no more than that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    pub id: u64,
    pub environment: EnvironmentName,
    pub git_ref: String,
    pub sha: CommitSha,
    pub task: String,
    pub description: String,
    pub creator: Login,
    pub created_at: Instant,
    /// The job that it was made for; none where the API made it.
    pub job: Option<JobId>,
    /// Oldest first.
    pub statuses: Vec<DeploymentStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentStatus {
    pub id: u64,
    /// `queued`, `in_progress`, `success`, `failure`, `inactive`, …
    pub state: String,
    pub description: String,
    pub environment_url: String,
    pub log_url: String,
    pub creator: Login,
    pub created_at: Instant,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Deployments {
    all: BTreeMap<u64, Deployment>,
    next_status: u64,
}

/// What a new status says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) state: String,
    pub(crate) description: String,
    pub(crate) environment_url: String,
    pub(crate) log_url: String,
    /// A success makes the environment's earlier successes inactive.
    pub(crate) auto_inactive: bool,
}

impl Said {
    fn state(state: &str) -> Self {
        Self {
            state: state.to_owned(),
            auto_inactive: true,
            ..Self::default()
        }
    }
}

impl Deployments {
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Deployment> {
        self.all.values().rev()
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Deployment> {
        self.all.get(&id)
    }

    /// Adds a deployment; its `id` is given here.
    pub(crate) fn create(&mut self, mut deployment: Deployment) -> u64 {
        let id = 7001 + self.all.len() as u64;
        deployment.id = id;
        self.all.insert(id, deployment);
        id
    }

    pub(crate) fn say(
        &mut self,
        now: Instant,
        id: u64,
        creator: Login,
        said: Said,
    ) -> Option<&DeploymentStatus> {
        let environment = self.all.get(&id)?.environment.clone();
        if said.auto_inactive && said.state == "success" {
            let earlier: Vec<u64> = self
                .all
                .values()
                .filter(|other| other.id != id)
                .filter(|other| {
                    other
                        .environment
                        .as_str()
                        .eq_ignore_ascii_case(environment.as_str())
                })
                .filter(|other| other.statuses.last().is_some_and(|s| s.state == "success"))
                .map(|other| other.id)
                .collect();
            for other in earlier {
                self.append(now, other, creator.clone(), Said::state("inactive"));
            }
        }
        self.append(now, id, creator, said);
        self.all.get(&id)?.statuses.last()
    }

    fn append(&mut self, now: Instant, id: u64, creator: Login, said: Said) {
        let status = DeploymentStatus {
            id: 9001 + self.next_status,
            state: said.state,
            description: said.description,
            environment_url: said.environment_url,
            log_url: said.log_url,
            creator,
            created_at: now,
        };
        if let Some(deployment) = self.all.get_mut(&id) {
            self.next_status += 1;
            deployment.statuses.push(status);
        }
    }

    fn of_job(&self, job: JobId) -> Option<(u64, Login)> {
        let mine = self
            .all
            .values()
            .find(|deployment| deployment.job == Some(job))?;
        Some((mine.id, mine.creator.clone()))
    }

    /// A job came to its environment's gate.
    pub(crate) fn job_gated(
        &mut self,
        now: Instant,
        job: JobId,
        environment: &EnvironmentName,
        git_ref: &str,
        sha: &CommitSha,
        creator: Option<Login>,
    ) {
        let creator = creator.unwrap_or_else(super::bot);
        let short = ["refs/heads/", "refs/tags/"]
            .iter()
            .find_map(|p| git_ref.strip_prefix(p));
        let id = self.create(Deployment {
            id: 0,
            environment: environment.clone(),
            git_ref: short.unwrap_or(git_ref).to_owned(),
            sha: sha.clone(),
            task: "deploy".to_owned(),
            description: String::new(),
            creator: creator.clone(),
            created_at: now,
            job: Some(job),
            statuses: Vec::new(),
        });
        self.append(now, id, creator, Said::state("pending"));
    }

    pub(crate) fn job_started(&mut self, now: Instant, job: JobId) {
        if let Some((id, creator)) = self.of_job(job) {
            self.say(now, id, creator, Said::state("in_progress"));
        }
    }

    pub(crate) fn job_completed(&mut self, now: Instant, job: JobId, conclusion: Conclusion) {
        let state = match conclusion {
            Conclusion::Success => "success",
            Conclusion::Cancelled => "error",
            Conclusion::Failure | Conclusion::TimedOut | Conclusion::Skipped => "failure",
        };
        if let Some((id, creator)) = self.of_job(job) {
            self.say(now, id, creator, Said::state(state));
        }
    }
}

impl super::Hub {
    /// Deployment records, the newest first.
    pub fn deployments(&self) -> Vec<&Deployment> {
        self.deployments.newest_first().collect()
    }
}
