//! A story's events, read once: who ran, what served when, who changed what.

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_names::{CommitSha, ImageDigest};
use lockkeeper_world::Instant;
use lockkeeper_world::app::Behaviour;
use lockkeeper_world::event::{Conclusion, Event, ServiceKey, What};
use lockkeeper_world::ids::{Caller, JobId, RunId};

use crate::promises::Facts;

/// One attempt of a run.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) run: RunId,
    pub(crate) attempt: u32,
    pub(crate) workflow: String,
    pub(crate) trigger: String,
    pub(crate) sha: CommitSha,
    /// The commit that its checks are about: a pull request's head.
    pub(crate) head: CommitSha,
    pub(crate) inputs: BTreeMap<String, String>,
    pub(crate) created: Instant,
    pub(crate) ended: Option<(Instant, Conclusion)>,
}

impl Run {
    pub(crate) fn green(&self) -> bool {
        matches!(self.ended, Some((_, Conclusion::Success)))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) run: RunId,
    pub(crate) attempt: u32,
    pub(crate) line: u32,
    pub(crate) started: Option<Instant>,
    pub(crate) ended: Option<(Instant, Conclusion)>,
}

/// A change of what a service should run.
#[derive(Debug, Clone)]
pub(crate) struct Update {
    pub(crate) seq: u64,
    pub(crate) at: Instant,
    pub(crate) service: ServiceKey,
    pub(crate) caller: Option<Caller>,
}

/// A digest that begins to be served while it was not.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    pub(crate) at: Instant,
    pub(crate) service: ServiceKey,
    pub(crate) digest: ImageDigest,
    /// ECS itself went back.
    pub(crate) rollback: bool,
    /// The change that led to it, if anyone made one.
    pub(crate) update: Option<Update>,
}

#[derive(Debug, Clone)]
pub(crate) struct Review {
    pub(crate) at: Instant,
    pub(crate) run: RunId,
    pub(crate) job: JobId,
    pub(crate) reviewer: String,
    pub(crate) approved: bool,
}

/// When what is in service changed, with the event, and what is in service since.
type ServingChange = (Instant, u64, BTreeMap<ImageDigest, u32>);

/// Everything that promises ask of a story's events.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) runs: Vec<Run>,
    pub(crate) jobs: BTreeMap<JobId, Job>,
    pub(crate) updates: Vec<Update>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) reviews: Vec<Review>,
    /// In-service targets by digest, after each change.
    serving: BTreeMap<ServiceKey, Vec<ServingChange>>,
    /// What tags name, in the order of the changes.
    tags: Vec<(Instant, String, String, ImageDigest)>,
    /// What each digest was built from.
    commits: BTreeMap<ImageDigest, CommitSha>,
    /// How tasks of a digest behaved on a service: the last that was started.
    behaviours: BTreeMap<(ServiceKey, ImageDigest), Behaviour>,
    /// The production branch's commits of this story, oldest first.
    pub(crate) branch: Vec<CommitSha>,
    /// What the images that were there from the start were built from.
    pub(crate) initial: BTreeMap<ImageDigest, CommitSha>,
    /// Attempts that leaned on something that is not modelled and was taken as passed.
    pub(crate) unmodelled: BTreeSet<(RunId, u32)>,
}

impl History {
    pub(crate) fn read(events: &[Event], facts: &Facts) -> Self {
        let mut history = Self {
            branch: vec![facts.root.clone()],
            ..Self::default()
        };
        let mut begun = false;
        let mut deployments: BTreeMap<String, (bool, Option<Update>)> = BTreeMap::new();
        let mut tasks: BTreeMap<String, String> = BTreeMap::new();
        let mut current: BTreeMap<ServiceKey, BTreeMap<ImageDigest, u32>> = BTreeMap::new();
        let mut attempts: BTreeMap<RunId, u32> = BTreeMap::new();
        for event in events {
            match &event.what {
                What::RunCreated {
                    run,
                    attempt,
                    workflow,
                    trigger,
                    sha,
                    head_sha,
                    inputs,
                    ..
                } => {
                    attempts.insert(*run, *attempt);
                    history.runs.push(Run {
                        run: *run,
                        attempt: *attempt,
                        workflow: workflow.clone(),
                        trigger: trigger.clone(),
                        sha: sha.clone(),
                        head: head_sha.as_ref().unwrap_or(sha).clone(),
                        inputs: inputs.clone(),
                        created: event.at,
                        ended: None,
                    });
                }
                What::RunCompleted {
                    run,
                    attempt,
                    conclusion,
                } => {
                    if let Some(found) = history
                        .runs
                        .iter_mut()
                        .find(|r| r.run == *run && r.attempt == *attempt)
                    {
                        found.ended = Some((event.at, *conclusion));
                    }
                }
                What::JobCreated {
                    run,
                    attempt,
                    job,
                    line,
                    ..
                } => {
                    let record = Job {
                        run: *run,
                        attempt: *attempt,
                        line: *line,
                        started: None,
                        ended: None,
                    };
                    history.jobs.insert(*job, record);
                }
                What::JobStarted { job, .. } => {
                    if let Some(record) = history.jobs.get_mut(job) {
                        record.started = Some(event.at);
                    }
                }
                What::JobCompleted {
                    job, conclusion, ..
                } => {
                    if let Some(record) = history.jobs.get_mut(job) {
                        record.ended = Some((event.at, *conclusion));
                    }
                }
                What::Reviewed {
                    run,
                    job,
                    reviewer,
                    approved,
                    ..
                } => history.reviews.push(Review {
                    at: event.at,
                    run: *run,
                    job: *job,
                    reviewer: reviewer.clone(),
                    approved: *approved,
                }),
                What::Stimulus { .. } => begun = true,
                What::Pushed { branch, sha, .. }
                    if branch == facts.policy.production_branch.as_str() =>
                {
                    history.branch.push(sha.clone());
                }
                What::ImagePushed {
                    digest,
                    commit: Some(commit),
                    ..
                } => {
                    if !begun && event.caller.is_none() {
                        history.initial.insert(digest.clone(), commit.clone());
                    }
                    history.commits.insert(digest.clone(), commit.clone());
                }
                What::TagPut {
                    repository,
                    tag,
                    digest,
                    ..
                } => {
                    history
                        .tags
                        .push((event.at, repository.clone(), tag.clone(), digest.clone()));
                }
                What::ServiceUpdated { service, .. } => history.updates.push(Update {
                    seq: event.seq,
                    at: event.at,
                    service: service.clone(),
                    caller: event.caller,
                }),
                What::DeploymentStarted {
                    service,
                    deployment,
                    rollback,
                    ..
                } => {
                    let update = history
                        .updates
                        .iter()
                        .rev()
                        .find(|update| update.service == *service)
                        .cloned();
                    deployments.insert(deployment.clone(), (*rollback, update));
                }
                What::TaskStarted {
                    service,
                    task,
                    deployment,
                    digest,
                    behaviour,
                    ..
                } => {
                    tasks.insert(task.clone(), deployment.clone());
                    history
                        .behaviours
                        .insert((service.clone(), digest.clone()), *behaviour);
                }
                What::TaskInService {
                    service,
                    task,
                    digest,
                } => {
                    let serving = current.entry(service.clone()).or_default();
                    if !serving.contains_key(digest) {
                        let cause = tasks
                            .get(task)
                            .and_then(|deployment| deployments.get(deployment));
                        let (rollback, update) = cause.cloned().unwrap_or_default();
                        history.entries.push(Entry {
                            seq: event.seq,
                            at: event.at,
                            service: service.clone(),
                            digest: digest.clone(),
                            rollback,
                            update,
                        });
                    }
                    *serving.entry(digest.clone()).or_default() += 1;
                    history.serving.entry(service.clone()).or_default().push((
                        event.at,
                        event.seq,
                        serving.clone(),
                    ));
                }
                What::TaskOutOfService {
                    service, digest, ..
                } => {
                    let serving = current.entry(service.clone()).or_default();
                    if let Some(count) = serving.get_mut(digest) {
                        *count -= 1;
                        if *count == 0 {
                            serving.remove(digest);
                        }
                    }
                    history.serving.entry(service.clone()).or_default().push((
                        event.at,
                        event.seq,
                        serving.clone(),
                    ));
                }
                What::NotModelled { text, .. }
                    if text.contains(TAKEN_AS_PASSED) || text.contains(NOT_JUDGED) =>
                {
                    if let Some(caller) = event.caller {
                        history.unmodelled.insert((caller.run, caller.attempt));
                    }
                }
                _ => {}
            }
        }
        let left_out = history
            .runs
            .iter()
            .filter(|run| facts.leaves_out(&run.workflow, &run.trigger));
        let left_out: Vec<_> = left_out.map(|run| (run.run, run.attempt)).collect();
        history.unmodelled.extend(left_out);
        history
    }

    /// What is in service at the end of instant `at`, by digest.
    pub(crate) fn serving(&self, service: &ServiceKey, at: Instant) -> BTreeMap<ImageDigest, u32> {
        let changes = self
            .serving
            .get(service)
            .map(Vec::as_slice)
            .unwrap_or_default();
        changes
            .iter()
            .rev()
            .find(|(when, _, _)| *when <= at)
            .map(|(_, _, serving)| serving.clone())
            .unwrap_or_default()
    }

    /// What was in service just before the event `seq`.
    pub(crate) fn serving_before(
        &self,
        service: &ServiceKey,
        seq: u64,
    ) -> BTreeMap<ImageDigest, u32> {
        let changes = self
            .serving
            .get(service)
            .map(Vec::as_slice)
            .unwrap_or_default();
        changes
            .iter()
            .rev()
            .find(|(_, when, _)| *when < seq)
            .map(|(_, _, serving)| serving.clone())
            .unwrap_or_default()
    }

    /// Every change of what is in service from `from` to `to`.
    pub(crate) fn serving_changes(
        &self,
        service: &ServiceKey,
        from: Instant,
        to: Instant,
    ) -> impl Iterator<Item = &ServingChange> {
        self.serving
            .get(service)
            .into_iter()
            .flatten()
            .filter(move |(at, _, _)| from < *at && *at <= to)
    }

    /// The digest that a tag of a repository names at the end of `at`.
    pub(crate) fn tagged(&self, repository: &str, tag: &str, at: Instant) -> Option<&ImageDigest> {
        self.tags
            .iter()
            .rev()
            .find(|(when, r, t, _)| *when <= at && r == repository && t == tag)
            .map(|(_, _, _, digest)| digest)
    }

    pub(crate) fn commit_of(&self, digest: &ImageDigest) -> Option<&CommitSha> {
        self.commits.get(digest)
    }

    /// How the images whose tasks were started on a service behaved there.
    pub(crate) fn behaviours_on(
        &self,
        service: &ServiceKey,
    ) -> impl Iterator<Item = (&ImageDigest, Behaviour)> {
        let all = self.behaviours.iter();
        all.filter(move |((of, _), _)| of == service)
            .map(|((_, digest), behaviour)| (digest, *behaviour))
    }

    pub(crate) fn behaviour_of(
        &self,
        service: &ServiceKey,
        digest: &ImageDigest,
    ) -> Option<Behaviour> {
        self.behaviours
            .get(&(service.clone(), digest.clone()))
            .copied()
    }

    pub(crate) fn run(&self, run: RunId, attempt: u32) -> Option<&Run> {
        self.runs
            .iter()
            .find(|r| r.run == run && r.attempt == attempt)
    }

    /// The changes that one attempt of a run made to a service.
    pub(crate) fn updates_of(
        &self,
        run: &Run,
        service: &ServiceKey,
    ) -> impl Iterator<Item = &Update> {
        let (id, attempt) = (run.run, run.attempt);
        self.updates.iter().filter(move |update| {
            update.service == *service
                && update
                    .caller
                    .is_some_and(|caller| caller.run == id && caller.attempt == attempt)
        })
    }
}

/// What a `NotModelled` event's text holds when something was skipped as if it had succeeded.
pub(crate) const TAKEN_AS_PASSED: &str = "taken as passed";

/// What it holds when something ended otherwise than it would on GitHub.
pub(crate) const NOT_JUDGED: &str = "its run is not judged";
