//! A service: its wish, its revisions and deployments, its tasks.

use std::collections::BTreeMap;
use std::time::Duration;

use lockkeeper_names::ImageDigest;
use serde_json::{Map, Value};

use super::Floor;
use super::app::Paths;
use super::configuration::DeploymentConfiguration;
use super::deployment::{
    Deployment, Failure, Rollback, Rollout, ServiceDeployment, Stage, Standing,
};
use super::messages::Messages;
use super::revision::{Revision, RevisionContainer};
use super::roster::Roster;
use super::target::LoadBalancer;
use super::task::Task;
use crate::Instant;
use crate::cloud::agenda::Due;
use crate::cloud::ecr::digest_of;
use crate::cloud::{Place, mint};
use crate::event::{ServiceKey, What};

#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) key: ServiceKey,
    pub(crate) place: Place,
    pub(crate) desired: u32,
    pub(crate) configuration: DeploymentConfiguration,
    pub(crate) grace: Duration,
    pub(crate) paths: Paths,
    pub(crate) balancer: Option<LoadBalancer>,
    /// Members of the API's shape that change nothing here, as they were set.
    pub(crate) settings: Map<String, Value>,
    pub(crate) tags: Vec<Value>,
    pub(crate) created_at: Instant,
    pub(crate) revisions: Vec<Revision>,
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) service_deployments: Vec<ServiceDeployment>,
    pub(crate) tasks: Roster,
    pub(crate) messages: Messages,
    /// The place of the primary deployment.
    pub(crate) primary: usize,
    /// The place of the revision that last completed.
    pub(crate) last_completed: Option<usize>,
    pub(crate) steady: bool,
    /// When the service first ran each image.
    pub(crate) first_runs: BTreeMap<ImageDigest, Instant>,
    /// Whose turn it is to answer.
    pub(crate) turn: usize,
}

/// What one deployment has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentSummary {
    pub id: String,
    /// `PRIMARY` or `ACTIVE`.
    pub status: &'static str,
    pub rollout_state: &'static str,
    pub task_definition: String,
    /// The service's own container first.
    pub digests: Vec<ImageDigest>,
    pub running: u32,
    pub pending: u32,
}

/// What a service is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// Tasks that the load balancer sends requests to.
    pub in_service: Vec<(String, ImageDigest)>,
    pub desired: u32,
    pub running: u32,
    pub pending: u32,
    /// The primary one first.
    pub deployments: Vec<DeploymentSummary>,
}

impl Service {
    /// A service without revisions: [`Service::establish_all`] gives it its first.
    pub(crate) fn new(
        key: ServiceKey,
        place: Place,
        (desired, configuration): (u32, DeploymentConfiguration),
        (balancer, grace): (Option<LoadBalancer>, Duration),
        paths: Paths,
        now: Instant,
    ) -> Self {
        Self {
            key,
            place,
            desired,
            configuration,
            grace,
            paths,
            balancer,
            settings: Map::new(),
            tags: Vec::new(),
            created_at: now,
            revisions: Vec::new(),
            deployments: Vec::new(),
            service_deployments: Vec::new(),
            tasks: Roster::default(),
            messages: Messages::default(),
            primary: 0,
            last_completed: None,
            steady: false,
            first_runs: BTreeMap::new(),
            turn: 0,
        }
    }

    /// The first deployment, as if it had completed long ago.
    pub(crate) fn establish_all(&mut self, floor: &mut Floor<'_>, revision: usize) {
        let at = self.start_deployment(floor, revision, None, String::new());
        let it = &mut self.service_deployments[self.deployments[at].service_deployment];
        it.status = Stage::InProgress;
        it.started_at = Some(floor.now);
        self.deployments[at].begun = true;
        for _ in 0..self.desired {
            self.establish(floor, at);
        }
        self.reconcile(floor);
    }

    pub(crate) fn arn(&self) -> String {
        let ServiceKey { cluster, service } = &self.key;
        self.place
            .arn("ecs", &format!("service/{cluster}/{service}"))
    }

    /// The ARN of the target group in front of it, empty where there is none.
    pub(crate) fn target_group_arn(&self) -> String {
        let Some(balancer) = &self.balancer else {
            return String::new();
        };
        let named = &balancer.target_group;
        let ServiceKey { cluster, service } = &self.key;
        let seed = format!("target group {named} of {cluster}/{service}");
        let id: String = digest_of(seed.as_bytes())
            .as_str()
            .chars()
            .skip("sha256:".len())
            .take(16)
            .collect();
        let resource = format!("targetgroup/{named}/{id}");
        self.place.arn("elasticloadbalancing", &resource)
    }

    pub(crate) fn cluster_arn(&self) -> String {
        self.place
            .arn("ecs", &format!("cluster/{}", self.key.cluster))
    }

    pub(crate) fn task_arn(&self, task: &Task) -> String {
        let resource = format!("task/{}/{}", self.key.cluster, task.id);
        self.place.arn("ecs", &resource)
    }

    pub(crate) fn say(&mut self, floor: &mut Floor<'_>, text: &str) {
        let name = &self.key.service;
        self.messages.say(floor.mint, floor.now, name, text);
    }

    pub(crate) fn task_definition(&self) -> &str {
        &self.revision_of(self.primary).task_definition
    }

    pub(crate) fn revision_of(&self, deployment: usize) -> &Revision {
        &self.revisions[self.deployments[deployment].revision]
    }

    /// Places of the deployments that are still shown, the newest first.
    pub(crate) fn shown(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.deployments.len())
            .rev()
            .filter(|at| self.deployments[*at].standing != Standing::Gone)
    }

    pub(crate) fn of(&self, deployment: usize) -> impl Iterator<Item = &Task> {
        self.tasks
            .iter()
            .filter(move |task| task.deployment == deployment)
    }

    pub(crate) fn count(&self, deployment: Option<usize>, is: impl Fn(&Task) -> bool) -> u32 {
        let counted = self
            .tasks
            .iter()
            .filter(|task| deployment.is_none_or(|only| task.deployment == only) && is(task));
        counted.count() as u32
    }

    /// A new service revision. It is resolved now and never changes.
    pub(crate) fn add_revision(
        &mut self,
        floor: &mut Floor<'_>,
        task_definition: String,
        containers: Vec<RevisionContainer>,
    ) -> usize {
        let ServiceKey { cluster, service } = &self.key;
        let number = floor.mint.digits("service revision");
        let resource = format!("service-revision/{cluster}/{service}/{number}");
        self.revisions.push(Revision {
            arn: self.place.arn("ecs", &resource),
            task_definition,
            containers,
            created_at: floor.now,
        });
        self.revisions.len() - 1
    }

    /// A deployment of `revision`, which becomes the primary one. `going_back` is the place of
    /// the deployment that failed, if ECS itself goes back from it.
    pub(crate) fn start_deployment(
        &mut self,
        floor: &mut Floor<'_>,
        revision: usize,
        going_back: Option<usize>,
        reason: String,
    ) -> usize {
        let at = self.deployments.len();
        let id = format!("ecs-svc/{}", floor.mint.digits("deployment"));
        let sources: Vec<usize> = self.shown().map(|d| self.deployments[d].revision).collect();
        if at > 0 {
            self.step_back(floor, going_back.is_none());
        }
        let service_deployment = match going_back {
            Some(failed) => self.deployments[failed].service_deployment,
            None => {
                let ServiceKey { cluster, service } = &self.key;
                let name = floor
                    .mint
                    .letters("service deployment", 21, mint::BASE64_URL);
                let resource = format!("service-deployment/{cluster}/{service}/{name}");
                self.service_deployments.push(ServiceDeployment {
                    arn: self.place.arn("ecs", &resource),
                    deployment: at,
                    sources,
                    target: revision,
                    status: Stage::Pending,
                    reason: None,
                    rollback: None,
                    tripped: None,
                    created_at: floor.now,
                    started_at: None,
                    finished_at: None,
                    stopped_at: None,
                    updated_at: floor.now,
                });
                self.service_deployments.len() - 1
            }
        };
        self.deployments.push(Deployment {
            id: id.clone(),
            revision,
            standing: Standing::Primary,
            rollout: Rollout::InProgress,
            reason,
            created_at: floor.now,
            updated_at: floor.now,
            keep: 0,
            failed_tasks: 0,
            begun: going_back.is_some(),
            service_deployment,
            rollback: going_back.is_some(),
            start_failures: 0,
            not_before: floor.now,
            throttle_reported: false,
        });
        self.primary = at;
        self.steady = false;
        let digests = self.revisions[revision].digests();
        floor.event(What::DeploymentStarted {
            service: self.key.clone(),
            deployment: id,
            task_definition: self.revisions[revision].task_definition.clone(),
            digests,
            rollback: going_back.is_some(),
        });
        if going_back.is_none() {
            let due = Due::Begin(at);
            floor.at(
                floor.now + floor.durations.service_update,
                &self.key.clone(),
                due,
            );
        }
        at
    }

    /// The primary deployment makes room for another.
    fn step_back(&mut self, floor: &mut Floor<'_>, overtaken: bool) {
        let old = self.primary;
        let keep = self.count(Some(old), |task| task.healthy(floor.now));
        let deployment = &mut self.deployments[old];
        deployment.standing = Standing::Active;
        deployment.keep = keep;
        deployment.updated_at = floor.now;
        let service_deployment = deployment.service_deployment;
        if overtaken && !self.service_deployments[service_deployment].status.ended() {
            let reason = "a newer service deployment started";
            self.conclude(floor, service_deployment, Stage::Stopped, reason);
        }
    }

    /// A service deployment ends.
    pub(crate) fn conclude(
        &mut self,
        floor: &mut Floor<'_>,
        service_deployment: usize,
        status: Stage,
        reason: &str,
    ) {
        let now = floor.now;
        let it = &mut self.service_deployments[service_deployment];
        it.status = status;
        it.updated_at = now;
        it.finished_at = Some(now);
        if status == Stage::Stopped {
            it.stopped_at = Some(now);
        }
        // A success is told by the deployment's COMPLETED.
        if status != Stage::Successful {
            let deployment = self.deployments[it.deployment].id.clone();
            self.tell(floor, deployment, status.name(), reason);
        }
    }

    pub(crate) fn tell(
        &mut self,
        floor: &mut Floor<'_>,
        deployment: String,
        state: &str,
        reason: &str,
    ) {
        floor.own_event(What::DeploymentState {
            service: self.key.clone(),
            deployment,
            state: state.to_owned(),
            reason: reason.to_owned(),
        });
    }

    /// A deployment has failed: goes back to the revision that last completed, if it may and
    /// there is one; else the deployment stays as it is and starts nothing more.
    pub(crate) fn fail(
        &mut self,
        floor: &mut Floor<'_>,
        failed: usize,
        may_go_back: bool,
        why: Failure,
    ) {
        let now = floor.now;
        let reason = why.rollout_reason();
        let deployment = &mut self.deployments[failed];
        deployment.rollout = Rollout::Failed;
        deployment.reason = reason.to_owned();
        deployment.updated_at = now;
        let (id, service_deployment) = (deployment.id.clone(), deployment.service_deployment);
        let was_rollback = deployment.rollback;
        self.tell(floor, id.clone(), Rollout::Failed.name(), reason);
        let cause = reason.split(": ").last().unwrap_or(reason);
        self.say(
            floor,
            &format!("(deployment {id}) deployment failed: {cause}"),
        );
        if was_rollback {
            self.conclude(floor, service_deployment, Stage::RollbackFailed, reason);
            return;
        }
        let back = self.last_completed.filter(|_| may_go_back);
        let verb = match back {
            Some(_) => "rolled back",
            None => "stopped",
        };
        let status_reason = format!("Service deployment {verb} because {}.", why.cause());
        self.service_deployments[service_deployment].reason = Some(status_reason.clone());
        let Some(back) = back else {
            let status = Stage::Stopped;
            self.conclude(floor, service_deployment, status, &status_reason);
            return;
        };
        let it = &mut self.service_deployments[service_deployment];
        it.status = Stage::RollbackInProgress;
        it.updated_at = now;
        it.rollback = Some(Rollback {
            reason: status_reason.clone(),
            at: now,
            revision: back,
        });
        let state = Stage::RollbackInProgress.name();
        self.tell(floor, id, state, &status_reason);
        let earlier = (0..self.deployments.len())
            .rev()
            .find(|d| self.deployments[*d].revision == back)
            .map_or_else(String::new, |d| self.deployments[d].id.clone());
        self.say(floor, &format!("rolling back to deployment {earlier}."));
        floor.own_event(What::ServiceUpdated {
            service: self.key.clone(),
            task_definition: self.revisions[back].task_definition.clone(),
            desired_count: self.desired,
            forced: false,
        });
        // What ECS does by itself is not the caller's doing, even where a request made it so.
        let source = floor.source.take();
        let who = why.who();
        let reason = format!("{who}: rolling back to deploymentId {earlier}.");
        let new = self.start_deployment(floor, back, Some(failed), reason);
        floor.source = source;
        // Tasks of that revision which still serve are the rollback's from now on.
        for task in self.tasks.iter_mut() {
            if task.live() && task.revision == back {
                task.deployment = new;
            }
        }
        for (at, deployment) in self.deployments.iter_mut().enumerate() {
            if at != new && deployment.revision == back {
                deployment.keep = 0;
            }
        }
    }

    pub(crate) fn serving(&self) -> Serving {
        let in_service = self.tasks.iter().filter(|task| task.in_service);
        Serving {
            in_service: in_service
                .filter_map(|task| Some((task.id.clone(), task.digest()?.clone())))
                .collect(),
            desired: self.desired,
            running: self.count(None, Task::running),
            pending: self.count(None, Task::pending),
            deployments: self
                .shown()
                .map(|at| {
                    let deployment = &self.deployments[at];
                    let revision = &self.revisions[deployment.revision];
                    DeploymentSummary {
                        id: deployment.id.clone(),
                        status: match deployment.standing {
                            Standing::Primary => "PRIMARY",
                            Standing::Active | Standing::Gone => "ACTIVE",
                        },
                        rollout_state: deployment.rollout.name(),
                        task_definition: revision.task_definition.clone(),
                        digests: revision.digests(),
                        running: self.count(Some(at), Task::running),
                        pending: self.count(Some(at), Task::pending),
                    }
                })
                .collect(),
        }
    }
}
