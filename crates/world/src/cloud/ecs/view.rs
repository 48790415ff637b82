//! Services, tasks and deployments in the API's shapes.

use serde_json::{Map, Value, json};

use super::TaskDefinition;
use super::deployment::{ServiceDeployment, Stage, Standing};
use super::service::Service;
use super::task::{Status, Task};
use crate::Instant;
use crate::cloud::timestamp;

pub(crate) fn stamp(at: Instant) -> Value {
    timestamp::write(at).into()
}

/// Adds a member if there is a value for it.
fn put(shown: &mut Value, member: &str, value: Option<impl Into<Value>>) {
    if let (Some(members), Some(value)) = (shown.as_object_mut(), value) {
        members.insert(member.to_owned(), value.into());
    }
}

impl Service {
    fn load_balancers(&self) -> Value {
        match &self.balancer {
            None => json!([]),
            Some(balancer) => json!([{
                "targetGroupArn": self.target_group_arn(),
                "containerName": balancer.container,
                "containerPort": balancer.port,
            }]),
        }
    }

    pub(crate) fn view(&self, with_tags: bool) -> Value {
        let mut shown = json!({
            "serviceArn": self.arn(),
            "serviceName": self.key.service,
            "clusterArn": self.cluster_arn(),
            "loadBalancers": self.load_balancers(),
            "serviceRegistries": [],
            "status": "ACTIVE",
            "desiredCount": self.desired,
            "runningCount": self.count(None, Task::running),
            "pendingCount": self.count(None, Task::pending),
            "launchType": "FARGATE",
            "platformVersion": "LATEST",
            "platformFamily": "Linux",
            "taskDefinition": self.task_definition(),
            "deploymentConfiguration": self.configuration.view(),
            "deployments": self.shown().map(|at| self.deployment_view(at)).collect::<Vec<_>>(),
            "events": self.messages.iter().map(|message| json!({
                "id": message.id,
                "createdAt": stamp(message.at),
                "message": message.text,
            })).collect::<Vec<_>>(),
            "createdAt": stamp(self.created_at),
            "placementConstraints": [],
            "placementStrategy": [],
            "schedulingStrategy": "REPLICA",
            "deploymentController": { "type": "ECS" },
            "enableECSManagedTags": false,
            "propagateTags": "NONE",
            "enableExecuteCommand": false,
            "availabilityZoneRebalancing": "ENABLED",
        });
        if self.balancer.is_some() {
            let grace = self.grace.as_secs();
            put(&mut shown, "healthCheckGracePeriodSeconds", Some(grace));
        }
        for (member, value) in &self.settings {
            put(&mut shown, member, Some(value.clone()));
        }
        put(&mut shown, "currentServiceDeployment", self.current());
        let revisions: Vec<_> = self
            .shown()
            .map(|at| self.revision_summary(self.deployments[at].revision))
            .fold(Vec::new(), |mut all, one| {
                if !all.contains(&one) {
                    all.push(one);
                }
                all
            });
        put(&mut shown, "currentServiceRevisions", Some(revisions));
        if with_tags {
            put(&mut shown, "tags", Some(self.tags.clone()));
        }
        shown
    }

    /// The service deployment that is under way, once the scheduler has taken it up.
    fn current(&self) -> Option<String> {
        self.service_deployments
            .iter()
            .rev()
            .find(|it| !it.status.ended() && it.status != Stage::Pending)
            .map(|it| it.arn.clone())
    }

    fn deployment_view(&self, at: usize) -> Value {
        let deployment = &self.deployments[at];
        let primary = deployment.standing == Standing::Primary && at == self.primary;
        let mut shown = json!({
            "id": deployment.id,
            "status": if primary { "PRIMARY" } else { "ACTIVE" },
            "taskDefinition": self.revision_of(at).task_definition,
            "desiredCount": if primary { self.desired } else { deployment.keep },
            "pendingCount": self.count(Some(at), Task::pending),
            "runningCount": self.count(Some(at), Task::running),
            "failedTasks": deployment.failed_tasks,
            "createdAt": stamp(deployment.created_at),
            "updatedAt": stamp(deployment.updated_at),
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
        });
        let network = self.settings.get("networkConfiguration").cloned();
        put(&mut shown, "networkConfiguration", network);
        let state = deployment.rollout.name();
        put(&mut shown, "rolloutState", Some(state));
        put(
            &mut shown,
            "rolloutStateReason",
            Some(deployment.reason.clone()),
        );
        shown
    }

    fn revision_summary(&self, revision: usize) -> Value {
        let count =
            |is: fn(&Task) -> bool| self.count(None, |task| task.revision == revision && is(task));
        let requested: u32 = self
            .shown()
            .filter(|at| self.deployments[*at].revision == revision)
            .map(|at| match at == self.primary {
                true => self.desired,
                false => self.deployments[at].keep,
            })
            .max()
            .unwrap_or(0);
        json!({
            "arn": self.revisions[revision].arn,
            "requestedTaskCount": requested,
            "runningTaskCount": count(Task::running),
            "pendingTaskCount": count(Task::pending),
        })
    }

    pub(crate) fn revision_view(&self, revision: usize) -> Value {
        let of = &self.revisions[revision];
        let images: Vec<_> = of
            .containers
            .iter()
            .map(|container| {
                let mut image = json!({
                    "containerName": container.name,
                    "image": container.image,
                });
                let digest = container.digest.as_ref().map(ToString::to_string);
                put(&mut image, "imageDigest", digest);
                image
            })
            .collect();
        let mut shown = json!({
            "serviceRevisionArn": of.arn,
            "serviceArn": self.arn(),
            "clusterArn": self.cluster_arn(),
            "taskDefinition": of.task_definition,
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "loadBalancers": self.load_balancers(),
            "containerImages": images,
            "guardDutyEnabled": false,
            "createdAt": stamp(of.created_at),
        });
        let network = self.settings.get("networkConfiguration").cloned();
        put(&mut shown, "networkConfiguration", network);
        shown
    }

    pub(crate) fn brief_view(&self, it: &ServiceDeployment) -> Value {
        let mut shown = json!({
            "serviceDeploymentArn": it.arn,
            "serviceArn": self.arn(),
            "clusterArn": self.cluster_arn(),
            "createdAt": stamp(it.created_at),
        });
        put(&mut shown, "startedAt", it.started_at.map(stamp));
        put(&mut shown, "finishedAt", it.finished_at.map(stamp));
        let target = self.revisions[it.target].arn.clone();
        put(&mut shown, "targetServiceRevisionArn", Some(target));
        put(&mut shown, "status", Some(it.status.name()));
        put(&mut shown, "statusReason", it.reason.clone());
        shown
    }

    pub(crate) fn service_deployment_view(&self, it: &ServiceDeployment) -> Value {
        let mut shown = json!({
            "serviceDeploymentArn": it.arn,
            "serviceArn": self.arn(),
            "clusterArn": self.cluster_arn(),
            "createdAt": stamp(it.created_at),
        });
        put(&mut shown, "startedAt", it.started_at.map(stamp));
        put(&mut shown, "finishedAt", it.finished_at.map(stamp));
        put(&mut shown, "stoppedAt", it.stopped_at.map(stamp));
        put(&mut shown, "updatedAt", Some(stamp(it.updated_at)));
        let sources: Vec<_> = it
            .sources
            .iter()
            .map(|r| self.revision_summary(*r))
            .collect();
        put(&mut shown, "sourceServiceRevisions", Some(sources));
        let target = self.revision_summary(it.target);
        put(&mut shown, "targetServiceRevision", Some(target));
        put(&mut shown, "status", Some(it.status.name()));
        put(&mut shown, "statusReason", it.reason.clone());
        let configuration = self.configuration.view();
        put(&mut shown, "deploymentConfiguration", Some(configuration));
        if let Some(rollback) = &it.rollback {
            let shown_rollback = json!({
                "reason": rollback.reason,
                "startedAt": stamp(rollback.at),
                "serviceRevisionArn": self.revisions[rollback.revision].arn,
            });
            put(&mut shown, "rollback", Some(shown_rollback));
        }
        let breaker = self.configuration.circuit_breaker;
        let threshold = breaker.threshold.tasks(self.desired);
        let (status, failures, threshold) = match it.tripped {
            Some((failures, threshold)) => ("TRIGGERED", failures, threshold),
            None if !breaker.enable => ("DISABLED", 0, threshold),
            None if it.status.ended() => ("MONITORING_COMPLETE", 0, threshold),
            None => {
                let failed = self.deployments[it.deployment].failed_tasks;
                ("MONITORING", failed, threshold)
            }
        };
        let breaker = json!({
            "status": status,
            "failureCount": failures,
            "threshold": threshold,
        });
        put(&mut shown, "deploymentCircuitBreaker", Some(breaker));
        shown
    }

    pub(crate) fn task_view(&self, task: &Task, definition: Option<&TaskDefinition>) -> Value {
        let containers: Vec<_> = task
            .containers
            .iter()
            .map(|container| {
                let status = match task.status {
                    Status::Running | Status::Deactivating | Status::Stopping => "RUNNING",
                    Status::Deprovisioning | Status::Stopped => "STOPPED",
                    _ if container.exit_code.is_some() => "STOPPED",
                    _ => "PENDING",
                };
                let mut shown = json!({
                    "containerArn": self.container_arn(task, container),
                    "taskArn": self.task_arn(task),
                    "name": container.name,
                    "image": container.image,
                });
                if task.containers_started_at.is_some() {
                    let digest = container.digest.as_ref().map(ToString::to_string);
                    put(&mut shown, "imageDigest", digest);
                    let runtime = format!("{}-{}", task.id, &container.id[..10]);
                    put(&mut shown, "runtimeId", Some(runtime));
                }
                put(&mut shown, "lastStatus", Some(status));
                put(&mut shown, "exitCode", container.exit_code);
                put(&mut shown, "reason", container.reason.clone());
                put(&mut shown, "networkBindings", Some(json!([])));
                let interfaces = json!([{
                    "attachmentId": task.eni,
                    "privateIpv4Address": task.ip,
                }]);
                put(&mut shown, "networkInterfaces", Some(interfaces));
                put(&mut shown, "healthStatus", Some("UNKNOWN"));
                shown
            })
            .collect();
        let attached = task.status != Status::Provisioning && task.status < Status::Stopped;
        let mut shown = json!({
            "attachments": [{
                "id": task.eni,
                "type": "ElasticNetworkInterface",
                "status": if attached { "ATTACHED" } else { "PRECREATED" },
                "details": [
                    { "name": "networkInterfaceId", "value": task.eni },
                    { "name": "privateIPv4Address", "value": task.ip },
                ],
            }],
            "attributes": [],
            "availabilityZone": format!("{}{}", self.place.region, task.zone),
            "clusterArn": self.cluster_arn(),
            "containers": containers,
        });
        for member in ["cpu", "memory"] {
            let value = definition.and_then(|d| d.member(member)).cloned();
            put(&mut shown, member, value);
        }
        put(&mut shown, "createdAt", Some(stamp(task.created_at)));
        let desired = if task.wanted { "RUNNING" } else { "STOPPED" };
        put(&mut shown, "desiredStatus", Some(desired));
        put(&mut shown, "enableExecuteCommand", Some(false));
        put(
            &mut shown,
            "executionStoppedAt",
            task.containers_ended_at.map(stamp),
        );
        put(
            &mut shown,
            "group",
            Some(format!("service:{}", self.key.service)),
        );
        put(&mut shown, "healthStatus", Some("UNKNOWN"));
        put(&mut shown, "lastStatus", Some(task.status.name()));
        put(&mut shown, "launchType", Some("FARGATE"));
        put(
            &mut shown,
            "overrides",
            Some(json!({ "containerOverrides": [] })),
        );
        put(&mut shown, "platformVersion", Some("1.4.0"));
        put(&mut shown, "platformFamily", Some("Linux"));
        put(&mut shown, "pullStartedAt", task.pull_started_at.map(stamp));
        put(
            &mut shown,
            "pullStoppedAt",
            task.containers_started_at.map(stamp),
        );
        put(
            &mut shown,
            "startedAt",
            task.containers_started_at.map(stamp),
        );
        put(&mut shown, "startedBy", Some(task.started_by.clone()));
        if let Some(stop) = &task.stop {
            put(&mut shown, "stopCode", Some(stop.code));
            put(&mut shown, "stoppedAt", task.stopped_at.map(stamp));
            put(&mut shown, "stoppedReason", Some(stop.reason.clone()));
            put(&mut shown, "stoppingAt", Some(stamp(stop.at)));
        }
        put(&mut shown, "tags", Some(json!([])));
        put(&mut shown, "taskArn", Some(self.task_arn(task)));
        let revision = &self.revisions[task.revision];
        put(
            &mut shown,
            "taskDefinitionArn",
            Some(revision.task_definition.clone()),
        );
        put(&mut shown, "version", Some(task.status as u32 + 1));
        shown
    }
}

/// An entry of `failures`.
pub(crate) fn failure(arn: &str, reason: &str) -> Value {
    let mut shown = Map::new();
    shown.insert("arn".into(), arn.into());
    shown.insert("reason".into(), reason.into());
    shown.into()
}
