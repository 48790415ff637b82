//! What must hold in every story: pure questions to its event log.
//!
//! A promise is a file here and a line in [`PROMISES`]. It says whether a story exercised it, and
//! each breach with the step that caused it; whether the story was a challenge is the scenario's
//! to say.

use std::collections::BTreeMap;

use lockkeeper_names::{CommitSha, ImageDigest};
use lockkeeper_policy::{Policy, PromiseId};
use lockkeeper_world::Instant;
use lockkeeper_world::event::{Event, ServiceKey};
use lockkeeper_world::ids::RunId;
use serde::{Deserialize, Serialize};

use crate::commits::Commits;
use crate::faults::Classes;
use crate::history::{History, Run};
use crate::survey::Settings;

mod always_ends;
mod approval_shows_digest;
mod failed_deploy_restores;
mod failure_says_what_serves;
mod good_change_arrives;
mod green_means_serving;
mod merge_gated;
mod migrated_first;
mod never_backwards;
mod one_at_a_time;
mod permissions_isolated;
mod permissions_suffice;
pub(crate) mod permissions_used;
mod pr_has_no_credentials;
mod previous_image_kept;
mod production_approved;
mod production_promotes_staging;
mod rerun_is_inert;
mod rollback_not_blocked;
mod rollback_restores;
mod smoke_detects;
mod staging_serves_merge;
mod stale_approval_refused;
mod ungated_fails_closed;
mod window_kept;

/// A promise that is judged.
pub struct Promise {
    pub id: PromiseId,
    /// The faults that it holds under.
    pub(crate) covers: Classes,
    /// How a broken one is usually mended, in a sentence.
    pub mend: &'static str,
    pub(crate) judge: fn(&Story<'_>) -> Judgement,
}

impl Promise {
    /// The classes of faults under which it holds, as letters.
    pub fn covers(&self) -> String {
        self.covers.to_string()
    }
}

/// Every promise, in the order in which reports list them.
pub const PROMISES: &[&Promise] = &[
    &green_means_serving::PROMISE,
    &good_change_arrives::PROMISE,
    &production_approved::PROMISE,
    &merge_gated::PROMISE,
    &pr_has_no_credentials::PROMISE,
    &staging_serves_merge::PROMISE,
    &never_backwards::PROMISE,
    &production_promotes_staging::PROMISE,
    &approval_shows_digest::PROMISE,
    &ungated_fails_closed::PROMISE,
    &stale_approval_refused::PROMISE,
    &migrated_first::PROMISE,
    &window_kept::PROMISE,
    &rerun_is_inert::PROMISE,
    &one_at_a_time::PROMISE,
    &smoke_detects::PROMISE,
    &failed_deploy_restores::PROMISE,
    &failure_says_what_serves::PROMISE,
    &rollback_restores::PROMISE,
    &rollback_not_blocked::PROMISE,
    &previous_image_kept::PROMISE,
    &permissions_suffice::PROMISE,
    &permissions_isolated::PROMISE,
    &permissions_used::PROMISE,
    &always_ends::PROMISE,
];

/// What all stories of a rehearsal are about, beside their events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    pub policy: Policy,
    pub staging: Option<ServiceKey>,
    pub production: Option<ServiceKey>,
    /// The ECR repository of the service's image.
    pub repository: String,
    /// Workflow files by what they do, as observed.
    pub deploys_staging: Vec<String>,
    pub deploys_production: Vec<String>,
    pub checks_pulls: Vec<String>,
    /// The lines of the workflows' own `concurrency`, by file.
    pub locks: BTreeMap<String, u32>,
    /// The input of the production workflow that takes the image's tag.
    pub tag_input: Option<String>,
    pub reviewers: Vec<String>,
    /// Workflows of a pipeline that is not ours which end red here although nothing is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The commit of the production branch with which each story begins.
    pub root: CommitSha,
}

/// A workflow that does not come to a good end here: it needs something that this world, this machine
/// or the given files lack, so its runs say nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    pub workflow: String,
    pub trigger: String,
    /// Where it fails, and with what.
    pub line: u32,
    pub message: String,
}

impl Facts {
    /// Whether there is something that this promise is about; a rehearsal is silent about the others.
    pub(crate) fn ask_for(&self, promise: PromiseId) -> bool {
        match promise {
            PromiseId::MigratedFirst => self.policy.migrations.is_some(),
            PromiseId::WindowKept => self.policy.environments.production.window.is_some(),
            _ => true,
        }
    }

    /// Whether a workflow's runs with this trigger say nothing.
    pub(crate) fn leaves_out(&self, workflow: &str, trigger: &str) -> bool {
        let mut left_out = self.left_out.iter();
        left_out.any(|left| left.workflow == workflow && left.trigger == trigger)
    }
}

/// One story that was played to its end.
pub struct Story<'a> {
    pub scenario: &'static str,
    /// The promises that the scenario tries to falsify.
    pub challenges: &'a [PromiseId],
    pub(crate) settings: Settings,
    pub events: &'a [Event],
    pub facts: &'a Facts,
    pub commits: &'a Commits,
    pub(crate) history: &'a History,
    /// When the story had settled.
    pub settled: Instant,
}

/// One way in which a story broke a promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// What happened, in a sentence.
    pub message: String,
    /// The attempt whose workflow is to blame, with the line in it; none when a setting is.
    pub run: Option<RunId>,
    pub file: Option<String>,
    pub line: Option<u32>,
    /// The event at which it could no longer be kept.
    pub seq: u64,
}

/// What a story says about a promise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) exercised: bool,
    pub(crate) breaches: Vec<Breach>,
    /// Those by faults that the promise does not cover.
    pub(crate) set_aside: Vec<Breach>,
}

impl Judgement {
    pub(crate) fn exercise(&mut self) {
        self.exercised = true;
    }

    pub(crate) fn breach(&mut self, breach: Breach) {
        self.exercised = true;
        self.breaches.push(breach);
    }
}

/// The name in a role's ARN.
fn role_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Which environment a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Staging,
    Production,
}

impl Target {
    pub(crate) const BOTH: [Target; 2] = [Target::Staging, Target::Production];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Target::Staging => "staging",
            Target::Production => "production",
        }
    }
}

impl Story<'_> {
    pub(crate) fn challenged(&self, id: PromiseId) -> bool {
        self.challenges.contains(&id)
    }

    pub(crate) fn service(&self, target: Target) -> Option<&ServiceKey> {
        match target {
            Target::Staging => self.facts.staging.as_ref(),
            Target::Production => self.facts.production.as_ref(),
        }
    }

    /// The attempts that deploy to `target`, those left out that lean on what is not modelled.
    pub(crate) fn deploys(&self, target: Target) -> impl Iterator<Item = &Run> {
        let (files, trigger_is) = match target {
            Target::Staging => (&self.facts.deploys_staging, "push"),
            Target::Production => (&self.facts.deploys_production, "workflow_dispatch"),
        };
        self.history.runs.iter().filter(move |run| {
            files.contains(&run.workflow)
                && (run.trigger == trigger_is || !self.both(&run.workflow))
                && !self.history.unmodelled.contains(&(run.run, run.attempt))
        })
    }

    /// One file that deploys to both: its trigger says which.
    fn both(&self, workflow: &String) -> bool {
        self.facts.deploys_staging.contains(workflow)
            && self.facts.deploys_production.contains(workflow)
    }

    /// The commit that a digest was built from.
    pub(crate) fn commit_of(&self, digest: &ImageDigest) -> Option<&CommitSha> {
        self.history
            .commit_of(digest)
            .or_else(|| self.history.initial.get(digest))
    }

    /// What a run was asked to deploy, as known at `at`: the digest its tag names, or for a merge
    /// the commit.
    pub(crate) fn asked(&self, run: &Run, target: Target, at: Instant) -> Asked {
        if target == Target::Production
            && let Some(tag) = self
                .facts
                .tag_input
                .as_ref()
                .and_then(|input| run.inputs.get(input))
        {
            return match self.history.tagged(&self.facts.repository, tag, at) {
                Some(digest) => Asked::Digest(digest.clone()),
                None => Asked::Unknown,
            };
        }
        Asked::Commit(run.sha.clone())
    }

    pub(crate) fn is_asked(&self, asked: &Asked, digest: &ImageDigest) -> bool {
        match asked {
            Asked::Digest(wanted) => wanted == digest,
            Asked::Commit(sha) => self.commit_of(digest) == Some(sha),
            Asked::Unknown => false,
        }
    }

    /// What a digest is, for people: its commit where that is known.
    pub(crate) fn name(&self, digest: &ImageDigest) -> String {
        let hex = &digest.as_str()["sha256:".len()..][..12];
        match self.commit_of(digest) {
            Some(commit) => format!("{hex} (commit {})", commit.short()),
            None => hex.to_owned(),
        }
    }

    pub(crate) fn names(&self, serving: &BTreeMap<ImageDigest, u32>) -> String {
        if serving.is_empty() {
            return "nothing".into();
        }
        serving
            .keys()
            .map(|digest| self.name(digest))
            .collect::<Vec<_>>()
            .join(" and ")
    }

    /// A breach that a line of a run's workflow caused: the line of its last change of the
    /// service, else of its last job, else of the lock that no job of it got past.
    pub(crate) fn blame(
        &self,
        run: &Run,
        service: Option<&ServiceKey>,
        seq: u64,
        message: String,
    ) -> Breach {
        let update = service.and_then(|service| self.history.updates_of(run, service).last());
        let line = update
            .and_then(|update| update.caller)
            .map(|caller| caller.line);
        let job = || {
            let mut jobs = self
                .history
                .jobs
                .values()
                .filter(|job| job.run == run.run && job.attempt == run.attempt);
            jobs.next_back().map(|job| job.line)
        };
        Breach {
            message,
            run: Some(run.run),
            file: Some(run.workflow.clone()),
            line: line
                .or_else(job)
                .or_else(|| self.facts.locks.get(&run.workflow).copied()),
            seq,
        }
    }

    /// The number of the last event at or before `at`.
    pub(crate) fn seq_at(&self, at: Instant) -> u64 {
        self.events
            .iter()
            .rev()
            .find(|event| event.at <= at)
            .map_or(0, |event| event.seq)
    }

    /// Everything that a run's attempt printed or wrote to summaries up to an instant, by job.
    pub(crate) fn texts(
        &self,
        run: RunId,
    ) -> impl Iterator<Item = (&Event, lockkeeper_world::ids::JobId, &str)> {
        use lockkeeper_world::event::What;
        self.events
            .iter()
            .filter_map(move |event| match &event.what {
                What::StepOutput {
                    run: r, job, text, ..
                }
                | What::SummaryWritten {
                    run: r, job, text, ..
                }
                | What::Annotation {
                    run: r, job, text, ..
                } if *r == run => Some((event, *job, text.as_str())),
                _ => None,
            })
    }
}

/// What a run should bring to service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Digest(ImageDigest),
    Commit(CommitSha),
    /// A tag that names nothing.
    Unknown,
}

/// Whether a text names a digest well enough for a person to recognise it.
/// The gates that a policy asks for.
pub(crate) fn wanted_gates(policy: &Policy) -> Vec<crate::commits::Gate> {
    merge_gated::wanted(policy)
}

pub(crate) fn names_digest(text: &str, digest: &ImageDigest) -> bool {
    text.contains(&digest.as_str()["sha256:".len()..][..12])
}
