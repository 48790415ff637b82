//! A task's way from PROVISIONING to STOPPED.

use std::time::Duration;

use super::Floor;
use super::app;
use super::service::Service;
use super::target::{Target, TargetState, Turn};
use super::task::{self, Container, Status, Stop, Task};
use crate::Instant;
use crate::app::Behaviour;
use crate::cloud::agenda::{Due, Step};
use crate::event::What;

const EXITED: &str = "Essential container in task exited";

impl Service {
    fn task_due(&self, floor: &mut Floor<'_>, task: usize, after: Duration, step: Step) {
        floor.at(floor.now + after, &self.key, Due::Task(task, step));
    }

    fn new_task(&mut self, floor: &mut Floor<'_>, deployment: usize) -> Task {
        let revision = self.deployments[deployment].revision;
        let containers = self.revisions[revision].containers.clone();
        let number = self.tasks.next() + 1;
        Task {
            id: floor.mint.hex("task", 32),
            deployment,
            revision,
            started_by: self.deployments[deployment].id.clone(),
            ip: format!("10.0.{}.{}", number / 200 % 250, 10 + number % 200),
            zone: ['a', 'b', 'c'][number % 3],
            eni: format!("eni-{}", floor.mint.hex("interface", 17)),
            containers: containers
                .into_iter()
                .map(|container| Container {
                    id: floor.mint.hex("container", 32),
                    name: container.name,
                    image: container.image,
                    essential: container.essential,
                    digest: container.digest,
                    behaviour: Behaviour::Healthy,
                    exit_code: None,
                    reason: None,
                })
                .collect(),
            status: Status::Provisioning,
            wanted: true,
            target: None,
            in_service: false,
            was_healthy: false,
            created_at: floor.now,
            pull_started_at: None,
            containers_started_at: None,
            running_at: None,
            containers_ended_at: None,
            stopped_at: None,
            stop: None,
        }
    }

    /// Starts a task of a deployment; answers its id.
    pub(crate) fn launch(&mut self, floor: &mut Floor<'_>, deployment: usize) -> String {
        let task = self.new_task(floor, deployment);
        let id = task.id.clone();
        let at = self.tasks.add(task);
        self.task_due(floor, at, floor.durations.task_placing, Step::Placed);
        id
    }

    /// Puts a task in service as if it had been for long.
    pub(crate) fn establish(&mut self, floor: &mut Floor<'_>, deployment: usize) {
        let task = self.new_task(floor, deployment);
        let at = self.tasks.add(task);
        for container in &mut self.tasks[at].containers {
            if container.digest.is_none() {
                container.digest = floor.resolve(&container.image);
            }
        }
        self.start_containers(floor, at);
        let behind = self.balancer.is_some();
        let task = &mut self.tasks[at];
        task.status = Status::Running;
        task.containers_started_at = Some(floor.now - app::BOOT);
        // Long enough ago for every delay to be over.
        task.running_at = Some(floor.now - task::UNCHECKED);
        task.was_healthy = true;
        if behind {
            let mut target = Target::new();
            target.state = TargetState::Healthy;
            task.target = Some(target);
        }
        self.enter_service(floor, at);
        if behind {
            self.plan_check(floor, at);
        }
    }

    /// One of a task's moments has come. What no longer fits its state has been overtaken.
    pub(crate) fn task_step(&mut self, floor: &mut Floor<'_>, at: usize, step: Step) {
        if !self.tasks.has(at) {
            return;
        }
        let task = &mut self.tasks[at];
        match (step, task.status) {
            (Step::Placed, Status::Provisioning) => {
                task.status = Status::Pending;
                self.task_due(floor, at, floor.durations.task_pending, Step::Activating);
            }
            (Step::Activating, Status::Pending) => {
                task.status = Status::Activating;
                task.pull_started_at = Some(floor.now);
                self.task_due(floor, at, floor.durations.task_pulling, Step::Pulled);
            }
            (Step::Pulled, Status::Activating) => self.pulled(floor, at),
            (Step::Running, Status::Activating) => self.running(floor, at),
            (Step::Exits, Status::Activating | Status::Running | Status::Deactivating) => {
                self.exited(floor, at);
            }
            (Step::Check, Status::Running) => self.check(floor, at),
            (Step::GraceOver, Status::Running) => self.give_up_if_unhealthy(floor, at),
            (Step::Drained, Status::Deactivating) => {
                task.status = Status::Stopping;
                self.task_due(
                    floor,
                    at,
                    floor.durations.task_stopping,
                    Step::ContainersStopped,
                );
            }
            (Step::ContainersStopped, Status::Stopping) => {
                for container in &mut task.containers {
                    container.exit_code.get_or_insert(0);
                }
                self.deprovision(floor, at);
            }
            (Step::Gone, Status::Deprovisioning) => self.gone(floor, at),
            _ => {}
        }
    }

    fn pulled(&mut self, floor: &mut Floor<'_>, at: usize) {
        let floating = &self.revisions[self.tasks[at].revision].containers;
        let mut problem = None;
        for (container, of) in self.tasks[at].containers.iter_mut().zip(floating) {
            if of.floating {
                container.digest = floor.resolve(&of.image);
            }
            let pullable = match &container.digest {
                Some(digest) => {
                    let repository = of.image.split('@').next().unwrap_or(&of.image);
                    let name = match repository.rsplit_once(':') {
                        Some((name, tag)) if !tag.contains('/') => name,
                        _ => repository,
                    };
                    floor.resolve(&format!("{name}@{digest}")).is_some()
                }
                None => false,
            };
            if !pullable && problem.is_none() {
                problem = Some(format!(
                    "CannotPullContainerError: pull image manifest has been retried 7 time(s): \
                     failed to resolve ref {image}: {image}: not found",
                    image = of.image,
                ));
                container.reason.clone_from(&problem);
            }
        }
        if let Some(problem) = problem {
            let id = self.tasks[at].id.clone();
            floor.own_event(What::TaskFailedToStart {
                service: self.key.clone(),
                task: id,
                reason: problem.clone(),
            });
            self.end(floor, at, "TaskFailedToStart", problem);
            return;
        }
        self.start_containers(floor, at);
        self.task_due(floor, at, floor.durations.task_starting, Step::Running);
    }

    fn start_containers(&mut self, floor: &mut Floor<'_>, at: usize) {
        let now = floor.now;
        let task = &mut self.tasks[at];
        task.containers_started_at = Some(now);
        let mut ends: Vec<Instant> = Vec::new();
        for container in &mut task.containers {
            let Some(digest) = container.digest.clone() else {
                continue;
            };
            container.behaviour = floor.behaviour(&digest);
            let first = *self.first_runs.entry(digest).or_insert(now);
            if container.essential {
                ends.extend(app::exits_at(container.behaviour, now, first));
            }
        }
        let task = &self.tasks[at];
        if let Some(end) = ends.into_iter().min() {
            floor.at(end, &self.key, Due::Task(at, Step::Exits));
        }
        if let Some(digest) = task.digest() {
            floor.own_event(What::TaskStarted {
                service: self.key.clone(),
                task: task.id.clone(),
                deployment: self.deployments[task.deployment].id.clone(),
                digest: digest.clone(),
                behaviour: task.behaviour(),
            });
        }
    }

    fn running(&mut self, floor: &mut Floor<'_>, at: usize) {
        let now = floor.now;
        let task = &mut self.tasks[at];
        task.status = Status::Running;
        task.running_at = Some(now);
        match &self.balancer {
            Some(_) => {
                task.target = Some(Target::new());
                let arn = self.target_group_arn();
                let text = format!("registered 1 targets in (target-group {arn})");
                self.say(floor, &text);
                self.task_due(floor, at, floor.durations.first_check, Step::Check);
            }
            None => {
                self.enter_service(floor, at);
                let due = Due::Task(at, Step::Check);
                floor.at(now + task::UNCHECKED, &self.key, due);
            }
        }
        self.reconcile(floor);
    }

    fn check(&mut self, floor: &mut Floor<'_>, at: usize) {
        let Some(balancer) = &self.balancer else {
            self.task_healthy(floor, at);
            return;
        };
        let check = balancer.health_check.clone();
        let status = self.answer_of(&self.tasks[at], floor.now, &check.path);
        let Some(target) = &mut self.tasks[at].target else {
            return;
        };
        let turn = target.checked(status, &check);
        let unhealthy = target.state == TargetState::Unhealthy;
        self.plan_check(floor, at);
        match turn {
            Turn::Same => {}
            Turn::BecameHealthy => {
                self.enter_service(floor, at);
                self.task_healthy(floor, at);
            }
            Turn::BecameUnhealthy => self.leave_service(floor, at),
        }
        if unhealthy {
            self.give_up_if_unhealthy(floor, at);
        }
    }

    /// Plans the next health check: the next one that can tell something new.
    fn plan_check(&mut self, floor: &mut Floor<'_>, at: usize) {
        let Some(balancer) = &self.balancer else {
            return;
        };
        let task = &self.tasks[at];
        let (Some(target), Some(started)) = (&task.target, task.containers_started_at) else {
            return;
        };
        let interval = balancer.health_check.interval.max(Duration::from_secs(5));
        let mut next = floor.now + interval;
        let passed_last = target.state == TargetState::Healthy && !target.failing();
        if passed_last {
            let Some(change) = app::next_change(task.behaviour(), started, floor.now) else {
                return;
            };
            let behind = change.since(floor.now).as_millis();
            let rounds = behind.div_ceil(interval.as_millis()).max(1);
            next = floor.now + interval.saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX));
        }
        floor.at(next, &self.key, Due::Task(at, Step::Check));
    }

    fn give_up_if_unhealthy(&mut self, floor: &mut Floor<'_>, at: usize) {
        let task = &self.tasks[at];
        let (Some(target), Some(running)) = (&task.target, task.running_at) else {
            return;
        };
        if target.state != TargetState::Unhealthy || !task.wanted {
            return;
        }
        let grace_over = running + self.grace;
        if floor.now < grace_over {
            floor.at(grace_over, &self.key, Due::Task(at, Step::GraceOver));
            return;
        }
        let Some(balancer) = &self.balancer else {
            return;
        };
        let arn = self.target_group_arn();
        let why = match target.last_status {
            Some(status) => format!("Health checks failed with these codes: [{status}]"),
            None => "Request timed out".to_owned(),
        };
        let text = format!(
            "(port {}) is unhealthy in (target-group {arn}) due to (reason {why})",
            balancer.port
        );
        let (deployment, failed) = (task.deployment, !task.was_healthy);
        self.say(floor, &text);
        let reason = format!("Task failed ELB health checks in (target-group {arn})");
        self.retire(floor, at, "ServiceSchedulerInitiated", reason);
        self.steady = false;
        self.task_ended(floor, deployment, true, failed);
    }

    /// The process of an essential container has ended.
    fn exited(&mut self, floor: &mut Floor<'_>, at: usize) {
        let task = &mut self.tasks[at];
        let started = task.containers_started_at.unwrap_or(floor.now);
        let mut found = false;
        for container in &mut task.containers {
            let digest = container.digest.clone();
            let first = digest.and_then(|d| self.first_runs.get(&d)).copied();
            let ends = app::exits_at(container.behaviour, started, first.unwrap_or(started));
            if container.essential && !found && ends.is_some_and(|end| end <= floor.now) {
                container.exit_code = Some(1);
                found = true;
            }
        }
        if task.status == Status::Deactivating {
            // It was on its way out already.
            self.deprovision(floor, at);
        } else {
            self.end(floor, at, "EssentialContainerExited", EXITED.to_owned());
        }
    }

    /// A task ends by itself.
    fn end(&mut self, floor: &mut Floor<'_>, at: usize, code: &'static str, reason: String) {
        self.leave_service(floor, at);
        let task = &mut self.tasks[at];
        task.wanted = false;
        task.stop = Some(Stop {
            code,
            reason,
            at: floor.now,
        });
        let (deployment, ran) = (task.deployment, task.running_at.is_some());
        let failed = !task.was_healthy;
        self.deprovision(floor, at);
        self.steady = false;
        self.task_ended(floor, deployment, ran, failed);
    }

    /// The scheduler stops a task: it is drained first, if it has a target.
    pub(crate) fn retire(
        &mut self,
        floor: &mut Floor<'_>,
        at: usize,
        code: &'static str,
        reason: String,
    ) {
        self.leave_service(floor, at);
        let delay = self.balancer.as_ref().map(|b| b.deregistration_delay);
        let task = &mut self.tasks[at];
        task.wanted = false;
        task.stop = Some(Stop {
            code,
            reason,
            at: floor.now,
        });
        if task.status != Status::Running {
            self.deprovision(floor, at);
            return;
        }
        match (&mut task.target, delay) {
            (Some(target), Some(delay)) => {
                target.state = TargetState::Draining;
                task.status = Status::Deactivating;
                self.task_due(floor, at, delay, Step::Drained);
            }
            _ => {
                task.status = Status::Stopping;
                self.task_due(
                    floor,
                    at,
                    floor.durations.task_stopping,
                    Step::ContainersStopped,
                );
            }
        }
    }

    fn deprovision(&mut self, floor: &mut Floor<'_>, at: usize) {
        let task = &mut self.tasks[at];
        task.status = Status::Deprovisioning;
        task.target = None;
        if task.containers_started_at.is_some() {
            task.containers_ended_at = Some(floor.now);
            for container in &mut task.containers {
                container.exit_code.get_or_insert(0);
            }
        }
        self.task_due(floor, at, floor.durations.task_deprovisioning, Step::Gone);
    }

    fn gone(&mut self, floor: &mut Floor<'_>, at: usize) {
        let task = &mut self.tasks[at];
        task.status = Status::Stopped;
        task.stopped_at = Some(floor.now);
        if let (Some(digest), Some(stop), Some(_)) =
            (task.digest(), &task.stop, task.containers_started_at)
        {
            floor.own_event(What::TaskStopped {
                service: self.key.clone(),
                task: task.id.clone(),
                digest: digest.clone(),
                reason: stop.reason.clone(),
            });
        }
        self.tasks.forget(floor.now);
        self.reconcile(floor);
    }

    fn enter_service(&mut self, floor: &mut Floor<'_>, at: usize) {
        let task = &mut self.tasks[at];
        let Some(digest) = task.digest().cloned() else {
            return;
        };
        if !std::mem::replace(&mut task.in_service, true) {
            floor.own_event(What::TaskInService {
                service: self.key.clone(),
                task: task.id.clone(),
                digest,
            });
        }
    }

    fn leave_service(&mut self, floor: &mut Floor<'_>, at: usize) {
        let task = &mut self.tasks[at];
        let Some(digest) = task.digest().cloned() else {
            return;
        };
        if std::mem::replace(&mut task.in_service, false) {
            floor.own_event(What::TaskOutOfService {
                service: self.key.clone(),
                task: task.id.clone(),
                digest,
            });
        }
    }

    /// How a task answers a request for `path` now.
    pub(crate) fn answer_of(&self, task: &Task, now: Instant, path: &str) -> Option<u16> {
        let started = task.containers_started_at?;
        if task.containers_ended_at.is_some() {
            return None;
        }
        app::status(task.behaviour(), started, now, &self.paths, path)
    }

    /// The ARN of one of a task's containers.
    pub(crate) fn container_arn(&self, task: &Task, container: &Container) -> String {
        let (cluster, task) = (&self.key.cluster, &task.id);
        let hex = &container.id;
        let id = [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ]
        .join("-");
        self.place
            .arn("ecs", &format!("container/{cluster}/{task}/{id}"))
    }
}
