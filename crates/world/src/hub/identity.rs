//! OpenID Connect tokens: who a job is, to other parties.

use std::time::Duration;

use lockkeeper_names::{BranchName, Login};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Access, Hub, Job, OidcSubject, Refused, Run};
use crate::clock::Instant;
use crate::ids::JobId;
use crate::oidc::{Claims, ISSUER, issue};

const LIFETIME: Duration = Duration::from_secs(300);

impl Hub {
    /// A token for the running job, for this audience (GitHub's default is the owner's URL). Needs
    /// `id-token: write`.
    pub fn oidc_token(
        &self,
        now: Instant,
        job: JobId,
        audience: Option<&str>,
    ) -> Result<String, Refused> {
        self.running(job)?;
        let Some((job, run)) = self.job_and_run(job) else {
            return Err(Refused::because(format!("there is no job {job}")));
        };
        if job.permissions.of("id-token") < Access::Write {
            return Err(Refused::because(
                "Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable: the job lacks id-token: write",
            ));
        }
        Ok(issue(&Claims(self.claims(now, job, run, audience))))
    }

    fn claims(
        &self,
        now: Instant,
        job: &Job,
        run: &Run,
        audience: Option<&str>,
    ) -> Map<String, Value> {
        let slug = &self.spec.slug;
        let owner = self.spec.owner();
        let ref_type = if run.git_ref.starts_with("refs/tags/") {
            "tag"
        } else {
            "branch"
        };
        let workflow_ref = format!("{slug}/.github/workflows/{}@{}", run.workflow, run.git_ref);
        let pull = run.pull.and_then(|pull| self.pulls.get(&pull));
        let protected = run
            .git_ref
            .strip_prefix("refs/heads/")
            .and_then(|branch| BranchName::parse(branch).ok())
            .is_some_and(|branch| self.is_protected(&branch));
        let audience =
            audience.map_or_else(|| format!("https://github.com/{owner}"), str::to_owned);
        let seconds = now.millis() / 1000;
        let claims = json!({
            "jti": format!("{}-{}-{seconds}", job.id, run.attempt),
            "iss": ISSUER,
            "aud": audience,
            "sub": self.subject(job, run),
            "iat": seconds,
            "nbf": seconds,
            "exp": seconds + LIFETIME.as_secs(),
            "actor": run.actor.as_str(),
            "actor_id": self.user_id(&run.actor).to_string(),
            "base_ref": pull.map_or("", |pull| pull.base.as_str()),
            "check_run_id": job.id.to_string(),
            "event_name": run.trigger,
            "head_ref": pull.map_or(String::new(), super::Pull::head_branch),
            "job_workflow_ref": job.job_workflow_ref.as_deref().unwrap_or(&workflow_ref),
            "job_workflow_sha": run.sha.as_str(),
            "ref": run.git_ref,
            "ref_protected": protected.to_string(),
            "ref_type": ref_type,
            "repository": slug.as_str(),
            "repository_id": self.spec.repository_id.to_string(),
            "repository_owner": owner,
            "repository_owner_id": self.spec.owner_id.to_string(),
            "repository_visibility": self.spec.visibility.as_str(),
            "run_attempt": run.attempt.to_string(),
            "run_id": run.id.to_string(),
            "run_number": run.number.to_string(),
            "runner_environment": "github-hosted",
            "sha": run.sha.as_str(),
            "workflow": run.name,
            "workflow_ref": workflow_ref,
            "workflow_sha": run.sha.as_str(),
        });
        let Value::Object(mut claims) = claims else {
            return Map::new();
        };
        if let Some(environment) = &job.environment {
            claims.insert("environment".to_owned(), environment.as_str().into());
        }
        claims
    }

    /// Whether subjects carry ids.
    pub(crate) fn immutable_subject(&self) -> bool {
        match self.settings.oidc_subject {
            OidcSubject::ByAge => self.spec.created_after_immutable_ids,
            OidcSubject::Classic => false,
            OidcSubject::Immutable => true,
        }
    }

    /// What every subject of this repository starts with.
    pub fn subject_prefix(&self) -> String {
        let (owner, name) = (self.spec.owner(), self.spec.name());
        if self.immutable_subject() {
            format!(
                "repo:{owner}@{}/{name}@{}",
                self.spec.owner_id, self.spec.repository_id
            )
        } else {
            format!("repo:{owner}/{name}")
        }
    }

    fn subject(&self, job: &Job, run: &Run) -> String {
        let prefix = self.subject_prefix();
        let escaped = |text: &str| text.replace(':', "%3A");
        match &job.environment {
            Some(environment) => format!("{prefix}:environment:{}", escaped(environment.as_str())),
            // `pull_request_target` runs for the base branch, and its subject names that.
            None if run.trigger.starts_with("pull_request")
                && run.trigger != "pull_request_target" =>
            {
                format!("{prefix}:pull_request")
            }
            None => format!("{prefix}:ref:{}", escaped(&run.git_ref)),
        }
    }

    /// An account's number: the owner's as configured, anyone else's made from the login.
    pub(crate) fn user_id(&self, who: &Login) -> u64 {
        let login = who.as_str().to_ascii_lowercase();
        if login == self.spec.owner().to_ascii_lowercase() {
            return self.spec.owner_id;
        }
        let hash = Sha256::digest(login);
        u64::from(u32::from_be_bytes([0, hash[0], hash[1], hash[2]])) + 1_000_000
    }
}
