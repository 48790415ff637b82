//! A task of its own (`RunTask`), such as a migration: it runs its command and stops.

use lockkeeper_names::ImageDigest;
use serde_json::{Value, json};

use super::task::REMEMBERED;
use super::view::stamp;
use crate::Instant;
use crate::cloud::Place;
use crate::durations::Durations;

/// Its states follow from the time alone: nothing but its own command can end it.
#[derive(Debug, Clone)]
pub(crate) struct OneOff {
    pub(crate) id: String,
    pub(crate) cluster: String,
    pub(crate) place: Place,
    pub(crate) task_definition: String,
    pub(crate) started_by: Option<String>,
    /// Asked for again with this, it is the same task.
    pub(crate) client_token: Option<String>,
    pub(crate) created_at: Instant,
    pub(crate) durations: Durations,
    /// The first is the essential one whose command ends the task.
    pub(crate) containers: Vec<OneOffContainer>,
}

#[derive(Debug, Clone)]
pub(crate) struct Pulled {
    pub(crate) digest: ImageDigest,
    /// Its command ends with 1, and at once.
    pub(crate) fails: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct OneOffContainer {
    pub(crate) name: String,
    pub(crate) image: String,
    /// Absent: there is no such image, and the task cannot start.
    pub(crate) pulled: Option<Pulled>,
}

impl OneOff {
    pub(crate) fn arn(&self) -> String {
        let task = format!("task/{}/{}", self.cluster, self.id);
        self.place.arn("ecs", &task)
    }

    fn is_missing_an_image(&self) -> bool {
        self.containers.iter().any(|one| one.pulled.is_none())
    }

    fn placed_at(&self) -> Instant {
        self.created_at + self.durations.task_placing
    }

    fn started_at(&self) -> Instant {
        self.placed_at() + self.durations.task_pending + self.durations.task_pulling
    }

    fn fails(&self) -> bool {
        let mut pulled = self.containers.iter().filter_map(|one| one.pulled.as_ref());
        pulled.any(|pulled| pulled.fails)
    }

    /// What the essential command ends with; nothing where it cannot start.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        (!self.is_missing_an_image()).then(|| i32::from(self.fails()))
    }

    pub(crate) fn digests(&self) -> impl Iterator<Item = &ImageDigest> {
        let pulled = self.containers.iter().filter_map(|one| one.pulled.as_ref());
        pulled.map(|pulled| &pulled.digest)
    }

    /// When its command has ended; where it cannot start, when that is clear.
    pub(crate) fn ended_at(&self) -> Instant {
        match (self.is_missing_an_image(), self.fails()) {
            (true, _) => self.started_at(),
            (_, true) => self.started_at() + self.durations.task_starting,
            _ => self.started_at() + self.durations.task_starting + self.durations.one_off_task,
        }
    }

    fn stopped_at(&self) -> Instant {
        self.ended_at() + self.durations.task_stopping + self.durations.task_deprovisioning
    }

    /// ECS has not yet forgotten it.
    pub(crate) fn is_remembered(&self, now: Instant) -> bool {
        now < self.stopped_at() + REMEMBERED
    }

    /// `desiredStatus` is RUNNING.
    pub(crate) fn is_wanted(&self, now: Instant) -> bool {
        now < self.ended_at()
    }

    fn status(&self, now: Instant) -> &'static str {
        let placed = self.placed_at();
        let steps = [
            (placed, "PROVISIONING"),
            (self.started_at().min(self.ended_at()), "PENDING"),
            (self.ended_at(), "RUNNING"),
            (self.stopped_at(), "DEPROVISIONING"),
        ];
        steps
            .into_iter()
            .find(|(until, _)| now < *until)
            .map_or("STOPPED", |(_, status)| status)
    }

    pub(crate) fn view(&self, now: Instant) -> Value {
        let ended = now >= self.ended_at();
        let missing = self.is_missing_an_image();
        let containers: Vec<Value> = self
            .containers
            .iter()
            .map(|container| {
                let mut shown = json!({
                    "containerArn": format!("{}/{}", self.arn().replace(":task/", ":container/"), container.name),
                    "taskArn": self.arn(),
                    "name": container.name,
                    "image": container.image,
                    "lastStatus": if ended { "STOPPED" } else { "PENDING" },
                    "networkInterfaces": [],
                });
                if !ended && self.status(now) == "RUNNING" {
                    shown["lastStatus"] = "RUNNING".into();
                }
                if let (Some(pulled), false) = (&container.pulled, missing) {
                    shown["imageDigest"] = pulled.digest.to_string().into();
                    if ended {
                        shown["exitCode"] = i32::from(pulled.fails).into();
                    }
                } else if ended && container.pulled.is_none() {
                    let reason = format!(
                        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {}: not found",
                        container.image
                    );
                    shown["reason"] = reason.into();
                }
                shown
            })
            .collect();
        let mut shown = json!({
            "taskArn": self.arn(),
            "clusterArn": self.place.arn("ecs", &format!("cluster/{}", self.cluster)),
            "taskDefinitionArn": self.task_definition,
            "containers": containers,
            "lastStatus": self.status(now),
            "desiredStatus": if self.is_wanted(now) { "RUNNING" } else { "STOPPED" },
            "launchType": "FARGATE",
            "createdAt": stamp(self.created_at),
            "group": format!("family:{}", family(&self.task_definition)),
            "overrides": { "containerOverrides": [] },
            "tags": [],
        });
        if let Some(by) = &self.started_by {
            shown["startedBy"] = by.clone().into();
        }
        if !missing && now >= self.started_at() {
            shown["startedAt"] = stamp(self.started_at());
        }
        if ended {
            shown["stoppingAt"] = stamp(self.ended_at());
            let (code, reason) = match missing {
                true => ("TaskFailedToStart", "CannotPullContainerError"),
                false => (
                    "EssentialContainerExited",
                    "Essential container in task exited",
                ),
            };
            shown["stopCode"] = code.into();
            shown["stoppedReason"] = reason.into();
        }
        if now >= self.stopped_at() {
            shown["stoppedAt"] = stamp(self.stopped_at());
        }
        shown
    }
}

/// `family` of `arn:…:task-definition/family:revision`.
fn family(definition: &str) -> &str {
    let name = super::last_part(definition);
    name.split_once(':').map_or(name, |(family, _)| family)
}
