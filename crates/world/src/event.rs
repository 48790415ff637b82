//! What happened: one stream that reports, promises and recordings read.

use std::collections::BTreeMap;

use lockkeeper_names::{CommitSha, ImageDigest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::Behaviour;
use crate::clock::Instant;
use crate::cloud::Grant;
use crate::ids::{Caller, JobId, PullNumber, RunId};
use crate::outage::{Ailment, Api};

/// One thing that happened, when, and in which step if a step asked for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub seq: u64,
    pub at: Instant,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub caller: Option<Caller>,
    #[serde(flatten)]
    pub what: What,
}

/// The history of one rehearsal, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Log {
    events: Vec<Event>,
}

impl Log {
    pub fn push(&mut self, at: Instant, caller: Option<Caller>, what: What) {
        let seq = self.events.len() as u64;
        self.events.push(Event {
            seq,
            at,
            caller,
            what,
        });
    }

    pub fn events(&self) -> &[Event] {
        &self.events
    }
}

/// How a run, job or step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    Success,
    Failure,
    Cancelled,
    Skipped,
    /// A job that ran past `timeout-minutes`; a run never has it.
    TimedOut,
}

/// A service as ECS knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceKey {
    pub cluster: String,
    pub service: String,
}

/// What an annotation is about, as far as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end_column: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case"
)]
pub enum What {
    // ---- people and scenarios -------------------------------------------------------------
    /// A person or the scenario does something; in words, for the timeline.
    Stimulus {
        actor: String,
        text: String,
    },
    /// A fault strikes; in words.
    Fault {
        class: char,
        text: String,
    },

    // ---- hub: repository --------------------------------------------------------------------
    Pushed {
        branch: String,
        sha: CommitSha,
        actor: String,
        pull: Option<PullNumber>,
    },
    PushRefused {
        branch: String,
        sha: CommitSha,
        actor: String,
        why: String,
    },
    PullOpened {
        pull: PullNumber,
        head: CommitSha,
        base: String,
        fork: bool,
        actor: String,
    },
    CheckReported {
        pull: Option<PullNumber>,
        sha: CommitSha,
        context: String,
        conclusion: Conclusion,
        job: JobId,
    },
    MergeRefused {
        pull: PullNumber,
        sha: CommitSha,
        actor: String,
        why: String,
    },
    Merged {
        pull: PullNumber,
        head: CommitSha,
        sha: CommitSha,
        branch: String,
        actor: String,
    },

    // ---- hub: runs ---------------------------------------------------------------------------
    RunCreated {
        run: RunId,
        attempt: u32,
        workflow: String,
        trigger: String,
        git_ref: String,
        sha: CommitSha,
        /// A pull request's own commit, where the run is for its merge.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        head_sha: Option<CommitSha>,
        actor: String,
        inputs: BTreeMap<String, String>,
    },
    /// Nothing was started for this dispatch.
    DispatchRefused {
        workflow: String,
        actor: String,
        why: String,
    },
    JobCreated {
        run: RunId,
        attempt: u32,
        job: JobId,
        key: String,
        name: String,
        line: u32,
    },
    /// Waits for its concurrency group.
    JobPending {
        run: RunId,
        job: JobId,
        group: String,
    },
    /// Waits for a reviewer (it holds its concurrency group meanwhile).
    JobWaiting {
        run: RunId,
        job: JobId,
        environment: String,
        reviewers: Vec<String>,
    },
    /// Passed its gates; `unprotected` when its environment asks nobody.
    JobQueued {
        run: RunId,
        job: JobId,
        environment: Option<String>,
        unprotected: bool,
    },
    JobStarted {
        run: RunId,
        job: JobId,
    },
    JobCompleted {
        run: RunId,
        job: JobId,
        key: String,
        conclusion: Conclusion,
    },
    RunCompleted {
        run: RunId,
        attempt: u32,
        conclusion: Conclusion,
    },
    /// A whole run waits for its workflow's concurrency group.
    RunPending {
        run: RunId,
        group: String,
    },
    GroupAcquired {
        group: String,
        run: RunId,
        job: Option<JobId>,
    },
    GroupReleased {
        group: String,
        run: RunId,
        job: Option<JobId>,
    },
    CancelRequested {
        run: RunId,
        actor: String,
        why: String,
    },
    /// A job named an environment that did not exist: GitHub makes it, without protection.
    EnvironmentCreated {
        environment: String,
        run: RunId,
        job: JobId,
    },
    Reviewed {
        run: RunId,
        job: JobId,
        environment: String,
        reviewer: String,
        approved: bool,
        comment: String,
    },
    /// An admin let a job pass without its environment's reviewers.
    GateBypassed {
        run: RunId,
        job: JobId,
        environment: String,
        admin: String,
        comment: String,
    },
    /// Its environment failed a job before it ran: a ref that may not deploy, no review in time,
    /// an environment that was deleted.
    GateRefused {
        run: RunId,
        job: JobId,
        environment: String,
        why: String,
    },
    /// A call of GitHub's REST API.
    RestCalled {
        method: String,
        path: String,
        status: u16,
        ailment: Option<Ailment>,
    },

    // ---- hub: steps --------------------------------------------------------------------------
    StepStarted {
        run: RunId,
        job: JobId,
        step: u32,
        name: String,
        line: u32,
    },
    StepCompleted {
        run: RunId,
        job: JobId,
        step: u32,
        outcome: Conclusion,
        conclusion: Conclusion,
        exit_code: Option<i32>,
    },
    /// One line that a step printed, with masks applied.
    StepOutput {
        run: RunId,
        job: JobId,
        step: u32,
        text: String,
    },
    /// What a step wrote to its summary: visible once its job has completed.
    SummaryWritten {
        run: RunId,
        job: JobId,
        step: u32,
        text: String,
    },
    /// A workflow command: `notice`, `warning` or `error`.
    Annotation {
        run: RunId,
        job: JobId,
        step: u32,
        level: String,
        text: String,
        #[serde(flatten)]
        spot: Spot,
    },
    SignalSent {
        run: RunId,
        job: JobId,
        step: u32,
        signal: String,
    },
    /// A command that a shim answered.
    Command {
        argv: Vec<String>,
        exit_code: i32,
    },
    /// A container of a task definition is to get another image; of this family, where it is named.
    ContainerNamed {
        container: String,
        family: Option<String>,
    },
    /// A secret's or a role's value became reachable for this job's code.
    CredentialReachable {
        run: RunId,
        job: JobId,
        what: String,
    },

    // ---- cloud -------------------------------------------------------------------------------
    ApiCalled {
        api: Api,
        operation: String,
        principal: String,
        /// The error's code, where it was refused.
        error: Option<String>,
        ailment: Option<Ailment>,
    },
    /// A role whose policies are known exists; its documents as JSON.
    RoleKnown {
        role: String,
        trust: Value,
        policies: Vec<Value>,
        boundary: Option<Value>,
    },
    /// Somebody took on such a role with an identity token.
    RoleTaken {
        role: String,
        /// The token's claims that policies can ask for.
        claims: BTreeMap<String, String>,
    },
    /// What the policies of such a role said of an action that a request needed.
    AccessJudged {
        role: String,
        action: String,
        resource: String,
        /// What allowed it.
        grants: Vec<Grant>,
        /// Why it was refused, as AWS's message ends.
        refused: Option<String>,
    },
    ImagePushed {
        repository: String,
        digest: ImageDigest,
        tag: Option<String>,
        commit: Option<CommitSha>,
    },
    /// A repository has this lifecycle policy, its text as JSON.
    LifecycleKnown {
        repository: String,
        policy: String,
    },
    /// A lifecycle policy let an image go; by the priority of the rule that did.
    ImageExpired {
        repository: String,
        digest: ImageDigest,
        tags: Vec<String>,
        rule: u32,
    },
    /// A tag names this digest from now on; `previous` is what it named before.
    TagPut {
        repository: String,
        tag: String,
        digest: ImageDigest,
        previous: Option<ImageDigest>,
    },
    /// A service's wish changed: by an API call (see `caller`) or by ECS's own rollback.
    ServiceUpdated {
        service: ServiceKey,
        task_definition: String,
        desired_count: u32,
        forced: bool,
    },
    DeploymentStarted {
        service: ServiceKey,
        deployment: String,
        task_definition: String,
        /// The digest that the deployment's containers resolved to, the service's own container first.
        digests: Vec<ImageDigest>,
        /// ECS itself went back to an earlier revision.
        rollback: bool,
    },
    /// `state` as `rolloutState` / service deployment status: `COMPLETED`, `FAILED`, `ROLLBACK_SUCCESSFUL`, …
    DeploymentState {
        service: ServiceKey,
        deployment: String,
        state: String,
        reason: String,
    },
    /// A task of its own was asked for (`RunTask`). When it ends, and how, follows from its image.
    TaskRun {
        cluster: String,
        task: String,
        /// Of its containers that could be pulled.
        digests: Vec<ImageDigest>,
        /// What it runs in place of its containers' own commands.
        command: String,
        ends: Instant,
        /// None where it cannot start.
        exit_code: Option<i32>,
    },
    TaskStarted {
        service: ServiceKey,
        task: String,
        deployment: String,
        digest: ImageDigest,
        behaviour: Behaviour,
    },
    /// A task ended before its containers ran: its image cannot be pulled, for one.
    TaskFailedToStart {
        service: ServiceKey,
        task: String,
        reason: String,
    },
    /// The load balancer sends it requests from now on.
    TaskInService {
        service: ServiceKey,
        task: String,
        digest: ImageDigest,
    },
    TaskOutOfService {
        service: ServiceKey,
        task: String,
        digest: ImageDigest,
    },
    TaskStopped {
        service: ServiceKey,
        task: String,
        digest: ImageDigest,
        reason: String,
    },
    /// One request that a step's smoke test (or a user) sent.
    Requested {
        url: String,
        status: Option<u16>,
        digest: Option<ImageDigest>,
    },

    // ---- the rehearsal's own limits ----------------------------------------------------------
    /// The repository lacks something that a command needs; it was taken to work.
    Assumed {
        text: String,
    },
    /// Something was met that is not modelled; it was taken as passed, or refused, as `text` says.
    NotModelled {
        text: String,
        file: Option<String>,
        line: Option<u32>,
    },
}
