//! A story as lanes over time: what people did, runs with their jobs and steps, locks, deployments,
//! tasks by digest, and what a user's request gets. Times are milliseconds since the story began.

use std::collections::BTreeMap;

use lockkeeper_names::ImageDigest;
use lockkeeper_world::Instant;
use lockkeeper_world::clock::START;
use lockkeeper_world::event::{Conclusion, Event, ServiceKey, What};
use lockkeeper_world::ids::{JobId, RunId};
use serde::Serialize;

use super::timeline;

#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Film {
    /// When the last event happened.
    pub(crate) end: u64,
    pub(crate) people: Vec<Deed>,
    pub(crate) runs: Vec<Run>,
    pub(crate) locks: Vec<Lock>,
    pub(crate) services: Vec<Service>,
    /// What steps asked each host for.
    pub(crate) requests: BTreeMap<String, Vec<Request>>,
    pub(crate) lines: Vec<Line>,
    /// What each digest was built from and how its tasks behave, by its first twelve characters.
    pub(crate) images: BTreeMap<String, String>,
}

/// When, status (none: no answer), digest that answered.
type Request = (u64, Option<u16>, Option<String>);

/// What a person or a fault did.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Deed {
    pub(crate) at: u64,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) fault: bool,
}

/// One attempt of a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) attempt: u32,
    pub(crate) workflow: String,
    pub(crate) trigger: String,
    pub(crate) sha: String,
    pub(crate) actor: String,
    pub(crate) created: u64,
    pub(crate) ended: Option<u64>,
    pub(crate) conclusion: Option<Conclusion>,
    pub(crate) jobs: Vec<Job>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Job {
    #[serde(skip)]
    id: JobId,
    pub(crate) name: String,
    pub(crate) line: u32,
    pub(crate) created: u64,
    /// Since when it waits for a reviewer of its environment, until when, and who may review.
    pub(crate) review: Option<Review>,
    /// Since when it waits for its concurrency group.
    pub(crate) pending: Option<u64>,
    pub(crate) started: Option<u64>,
    pub(crate) ended: Option<u64>,
    pub(crate) conclusion: Option<Conclusion>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Review {
    pub(crate) from: u64,
    pub(crate) to: Option<u64>,
    pub(crate) environment: String,
    pub(crate) reviewers: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Step {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) line: u32,
    pub(crate) started: u64,
    pub(crate) ended: Option<u64>,
    pub(crate) conclusion: Option<Conclusion>,
    pub(crate) log: Vec<String>,
}

/// Who held a concurrency group, from when to when.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Lock {
    pub(crate) group: String,
    pub(crate) run: u64,
    pub(crate) from: u64,
    pub(crate) to: Option<u64>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Service {
    #[serde(skip)]
    key: ServiceKey,
    pub(crate) name: String,
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) tasks: Vec<Task>,
    /// Targets in service by digest, after each change: what a request can get.
    pub(crate) serving: Vec<(u64, BTreeMap<String, u32>)>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Deployment {
    #[serde(skip)]
    id: String,
    pub(crate) started: u64,
    pub(crate) digest: String,
    pub(crate) rollback: bool,
    /// Its states, with when and why.
    pub(crate) states: Vec<(u64, String, String)>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Task {
    #[serde(skip)]
    id: String,
    pub(crate) digest: String,
    pub(crate) started: u64,
    pub(crate) in_service: Option<u64>,
    pub(crate) out_of_service: Option<u64>,
    pub(crate) stopped: Option<u64>,
    pub(crate) reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    pub(crate) seq: u64,
    pub(crate) at: u64,
    pub(crate) time: String,
    pub(crate) who: String,
    pub(crate) what: String,
}

pub(crate) fn ms(at: Instant) -> u64 {
    at.since(START).as_millis() as u64
}

/// The first twelve characters of a digest's value.
pub(crate) fn short(digest: &ImageDigest) -> String {
    digest.as_str()["sha256:".len()..][..12].to_owned()
}

impl Film {
    pub(crate) fn of(events: &[Event]) -> Self {
        let mut film = Self::default();
        let times: BTreeMap<u64, u64> = events.iter().map(|e| (e.seq, ms(e.at))).collect();
        for event in events {
            film.end = film.end.max(ms(event.at));
            film.add(event);
        }
        film.lines = timeline::lines(events)
            .into_iter()
            .map(|line| Line {
                seq: line.seq,
                at: times[&line.seq],
                time: line.time,
                who: line.who,
                what: line.what,
            })
            .collect();
        film
    }

    fn job(&mut self, id: JobId) -> Option<&mut Job> {
        let jobs = self.runs.iter_mut().rev().flat_map(|run| &mut run.jobs);
        jobs.into_iter().find(|job| job.id == id)
    }

    fn run(&mut self, id: RunId) -> Option<&mut Run> {
        self.runs.iter_mut().rev().find(|run| run.id == id.0)
    }

    fn step(&mut self, job: JobId, number: u32) -> Option<&mut Step> {
        let steps = &mut self.job(job)?.steps;
        steps.iter_mut().rev().find(|step| step.number == number)
    }

    fn service(&mut self, key: &ServiceKey) -> &mut Service {
        let at = match self.services.iter().position(|service| service.key == *key) {
            Some(at) => at,
            None => {
                self.services.push(Service {
                    key: key.clone(),
                    name: format!("{}/{}", key.cluster, key.service),
                    deployments: Vec::new(),
                    tasks: Vec::new(),
                    serving: Vec::new(),
                });
                self.services.len() - 1
            }
        };
        &mut self.services[at]
    }

    fn add(&mut self, event: &Event) {
        let at = ms(event.at);
        match &event.what {
            What::Stimulus { actor, text } => self.people.push(Deed {
                at,
                who: actor.clone(),
                what: text.clone(),
                fault: false,
            }),
            What::Fault { class, text } => self.people.push(Deed {
                at,
                who: format!("fault ({class})"),
                what: text.clone(),
                fault: true,
            }),
            What::RunCreated {
                run,
                attempt,
                workflow,
                trigger,
                sha,
                actor,
                ..
            } => self.runs.push(Run {
                id: run.0,
                attempt: *attempt,
                workflow: workflow.clone(),
                trigger: trigger.clone(),
                sha: sha.short().to_owned(),
                actor: actor.clone(),
                created: at,
                ended: None,
                conclusion: None,
                jobs: Vec::new(),
            }),
            What::RunCompleted {
                run, conclusion, ..
            } => {
                if let Some(run) = self.run(*run) {
                    (run.ended, run.conclusion) = (Some(at), Some(*conclusion));
                }
            }
            What::JobCreated {
                run,
                job,
                name,
                line,
                ..
            } => {
                if let Some(run) = self.run(*run) {
                    run.jobs.push(Job {
                        id: *job,
                        name: name.clone(),
                        line: *line,
                        created: at,
                        review: None,
                        pending: None,
                        started: None,
                        ended: None,
                        conclusion: None,
                        steps: Vec::new(),
                    });
                }
            }
            What::JobPending { job, .. } => {
                if let Some(job) = self.job(*job) {
                    job.pending.get_or_insert(at);
                }
            }
            What::JobWaiting {
                job,
                environment,
                reviewers,
                ..
            } => {
                if let Some(job) = self.job(*job) {
                    job.review = Some(Review {
                        from: at,
                        to: None,
                        environment: environment.clone(),
                        reviewers: reviewers.clone(),
                    });
                }
            }
            What::Reviewed { job, .. } | What::GateBypassed { job, .. } => {
                if let Some(review) = self.job(*job).and_then(|job| job.review.as_mut()) {
                    review.to = Some(at);
                }
            }
            What::JobStarted { job, .. } => {
                if let Some(job) = self.job(*job) {
                    job.started = Some(at);
                }
            }
            What::JobCompleted {
                job, conclusion, ..
            } => {
                if let Some(job) = self.job(*job) {
                    (job.ended, job.conclusion) = (Some(at), Some(*conclusion));
                    if let Some(review) = &mut job.review {
                        review.to.get_or_insert(at);
                    }
                }
            }
            What::StepStarted {
                job,
                step,
                name,
                line,
                ..
            } => {
                if let Some(job) = self.job(*job) {
                    job.steps.push(Step {
                        number: *step,
                        name: name.clone(),
                        line: *line,
                        started: at,
                        ended: None,
                        conclusion: None,
                        log: Vec::new(),
                    });
                }
            }
            What::StepCompleted {
                job, step, outcome, ..
            } => {
                if let Some(step) = self.step(*job, *step) {
                    (step.ended, step.conclusion) = (Some(at), Some(*outcome));
                }
            }
            What::StepOutput {
                job, step, text, ..
            } => {
                if let Some(step) = self.step(*job, *step) {
                    step.log.push(text.clone());
                }
            }
            What::GroupAcquired { group, run, .. } => self.locks.push(Lock {
                group: group.clone(),
                run: run.0,
                from: at,
                to: None,
            }),
            What::GroupReleased { group, run, .. } => {
                let held = |lock: &&mut Lock| {
                    lock.group == *group && lock.run == run.0 && lock.to.is_none()
                };
                if let Some(lock) = self.locks.iter_mut().find(held) {
                    lock.to = Some(at);
                }
            }
            What::ImagePushed {
                digest,
                commit: Some(commit),
                ..
            } => {
                self.images
                    .insert(short(digest), format!("commit {}", commit.short()));
            }
            What::Requested {
                url,
                status,
                digest,
            } => {
                let host = url.split('/').nth(2).unwrap_or(url).to_owned();
                let request = (at, *status, digest.as_ref().map(short));
                self.requests.entry(host).or_default().push(request);
            }
            _ => self.add_of_cloud(event, at),
        }
    }

    fn add_of_cloud(&mut self, event: &Event, at: u64) {
        match &event.what {
            What::DeploymentStarted {
                service,
                deployment,
                digests,
                rollback,
                ..
            } => self.service(service).deployments.push(Deployment {
                id: deployment.clone(),
                started: at,
                digest: digests.first().map(short).unwrap_or_default(),
                rollback: *rollback,
                states: Vec::new(),
            }),
            What::DeploymentState {
                service,
                deployment,
                state,
                reason,
            } => {
                let deployments = &mut self.service(service).deployments;
                if let Some(found) = deployments.iter_mut().rev().find(|d| d.id == *deployment) {
                    found.states.push((at, state.clone(), reason.clone()));
                }
            }
            What::TaskStarted {
                service,
                task,
                digest,
                ..
            } => self.service(service).tasks.push(Task {
                id: task.clone(),
                digest: short(digest),
                started: at,
                in_service: None,
                out_of_service: None,
                stopped: None,
                reason: String::new(),
            }),
            What::TaskInService {
                service,
                task,
                digest,
            }
            | What::TaskOutOfService {
                service,
                task,
                digest,
            } => {
                let enters = matches!(event.what, What::TaskInService { .. });
                let service = self.service(service);
                if let Some(task) = service.tasks.iter_mut().rev().find(|t| t.id == *task) {
                    match enters {
                        true => task.in_service = Some(at),
                        false => task.out_of_service = Some(at),
                    }
                }
                let mut serving = match service.serving.last() {
                    Some((_, serving)) => serving.clone(),
                    None => BTreeMap::new(),
                };
                let count = serving.entry(short(digest)).or_default();
                *count = match enters {
                    true => *count + 1,
                    false => count.saturating_sub(1),
                };
                serving.retain(|_, count| *count > 0);
                match service.serving.last_mut() {
                    Some((when, last)) if *when == at => *last = serving,
                    _ => service.serving.push((at, serving)),
                }
            }
            What::TaskStopped {
                service,
                task,
                reason,
                ..
            } => {
                let tasks = &mut self.service(service).tasks;
                if let Some(task) = tasks.iter_mut().rev().find(|t| t.id == *task) {
                    (task.stopped, task.reason) = (Some(at), reason.clone());
                }
            }
            _ => {}
        }
    }
}
