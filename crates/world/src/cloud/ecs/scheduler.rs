//! The service scheduler: starts what is missing, stops what is too much, ends deployments.

use std::time::Duration;

use super::Floor;
use super::deployment::{Failure, Rollout, Stage, Standing};
use super::messages::tasks;
use super::service::Service;
use super::task::{Status, Task};
use crate::cloud::agenda::Due;
use crate::event::What;

/// The longest pause between attempts to start tasks that never run.
const LONGEST_PAUSE: Duration = Duration::from_secs(27 * 60);

impl Service {
    /// The scheduler takes up a new deployment, unless another has overtaken it.
    pub(crate) fn begin(&mut self, floor: &mut Floor<'_>, deployment: usize) {
        if deployment == self.primary {
            self.deployments[deployment].begun = true;
            let at = self.deployments[deployment].service_deployment;
            let it = &mut self.service_deployments[at];
            if it.status == Stage::Pending {
                it.status = Stage::InProgress;
                it.started_at = Some(floor.now);
                it.updated_at = floor.now;
            }
        }
        self.reconcile(floor);
    }

    /// A requested stop or rollback is carried out.
    pub(crate) fn carry_out_stop(&mut self, floor: &mut Floor<'_>, service_deployment: usize) {
        let it = &self.service_deployments[service_deployment];
        let back = match it.status {
            Stage::RollbackRequested => true,
            Stage::StopRequested => false,
            _ => return,
        };
        let deployment = it.deployment;
        self.fail(floor, deployment, back, Failure::Stopped);
        self.reconcile(floor);
    }

    /// Looks at everything, and does what can be done now.
    pub(crate) fn reconcile(&mut self, floor: &mut Floor<'_>) {
        self.start_missing(floor);
        self.stop_surplus(floor);
        // What was stopped may have made room.
        self.start_missing(floor);
        self.drop_empty_deployments(floor);
        self.complete(floor);
    }

    fn start_missing(&mut self, floor: &mut Floor<'_>) {
        let (desired, primary) = (self.desired, self.primary);
        let upper = self.configuration.upper(desired);
        let room = |service: &Self| upper.saturating_sub(service.count(None, Task::live));
        let leading = &self.deployments[primary];
        if leading.begun && leading.rollout != Rollout::Failed {
            let missing = desired.saturating_sub(self.count(Some(primary), Task::live));
            self.start(floor, primary, missing.min(room(self)));
        }
        for at in self.shown().collect::<Vec<_>>() {
            let deployment = &self.deployments[at];
            if at != primary && deployment.rollout != Rollout::Failed {
                let live = self.count(Some(at), Task::live);
                let missing = deployment.keep.saturating_sub(live);
                self.start(floor, at, missing.min(room(self)));
            }
        }
    }

    fn start(&mut self, floor: &mut Floor<'_>, deployment: usize, count: u32) {
        if count == 0 {
            return;
        }
        let not_before = self.deployments[deployment].not_before;
        if floor.now < not_before {
            floor.at(not_before, &self.key.clone(), Due::Look);
            return;
        }
        let ids: Vec<_> = (0..count).map(|_| self.launch(floor, deployment)).collect();
        let named = tasks(ids.iter().map(String::as_str));
        self.say(floor, &format!("has started {count} tasks: {named}."));
        self.steady = false;
    }

    fn stop_surplus(&mut self, floor: &mut Floor<'_>) {
        let (now, desired, primary) = (floor.now, self.desired, self.primary);
        let serving = self.count(Some(primary), |task| task.healthy(now));
        let live = self.count(Some(primary), Task::live);
        let kept: u32 = self
            .shown()
            .filter(|at| *at != primary)
            .map(|at| self.deployments[at].keep)
            .sum();
        // Older deployments keep what the primary one does not yet serve by itself.
        let mut allowed = desired.saturating_sub(serving);
        let leading = &self.deployments[primary];
        let starts = leading.begun && leading.rollout != Rollout::Failed;
        let room = self
            .configuration
            .upper(desired)
            .saturating_sub(self.count(None, Task::live));
        let missing = desired.saturating_sub(live);
        if starts && missing > room {
            // Nothing more fits beside them: down to the minimum, to make room.
            let least = self.configuration.lower(desired).saturating_sub(serving);
            let enough = kept.saturating_sub(missing - room);
            allowed = allowed.min(enough.max(least));
            if room == 0 && kept > 0 && kept <= least && live == 0 {
                let text = "was unable to stop or start tasks during a deployment because of the \
                            service deployment configuration. Update the minimumHealthyPercent or \
                            maximumPercent value and try again.";
                if self
                    .messages
                    .iter()
                    .next()
                    .is_none_or(|m| !m.text.ends_with(text))
                {
                    self.say(floor, text);
                }
            }
        }
        let mut excess = kept.saturating_sub(allowed);
        for at in 0..self.deployments.len() {
            if at == primary || self.deployments[at].standing == Standing::Gone {
                continue;
            }
            let deployment = &mut self.deployments[at];
            let fewer = deployment.keep.min(excess);
            deployment.keep -= fewer;
            excess -= fewer;
            let keep = deployment.keep;
            self.retire_down_to(floor, at, keep);
        }
        self.retire_down_to(floor, primary, desired);
    }

    /// Stops tasks of a deployment until `keep` are left: those that do not serve first, then
    /// the oldest.
    fn retire_down_to(&mut self, floor: &mut Floor<'_>, deployment: usize, keep: u32) {
        let of_it = |task: &Task| task.deployment == deployment && task.live();
        let mut live = self.tasks.places(of_it);
        let surplus = live.len().saturating_sub(keep as usize);
        if surplus == 0 {
            return;
        }
        live.sort_by_key(|at| {
            let task = &self.tasks[*at];
            (task.healthy(floor.now), task.status >= Status::Running)
        });
        live.truncate(surplus);
        let reason = format!(
            "Scaling activity initiated by (deployment {})",
            self.deployments[self.primary].id
        );
        let (mut stopped, mut draining) = (Vec::new(), 0);
        for at in live {
            stopped.push(self.tasks[at].id.clone());
            draining += usize::from(self.tasks[at].target.is_some());
            self.retire(floor, at, "ServiceSchedulerInitiated", reason.clone());
        }
        if draining > 0 {
            let text = format!("has begun draining connections on {draining} tasks.");
            self.say(floor, &text);
            let arn = self.target_group_arn();
            let text = format!("deregistered {draining} targets in (target-group {arn})");
            self.say(floor, &text);
        }
        let named = tasks(stopped.iter().map(String::as_str));
        let text = format!("has stopped {} running tasks: {named}.", stopped.len());
        self.say(floor, &text);
    }

    fn drop_empty_deployments(&mut self, floor: &mut Floor<'_>) {
        for at in 0..self.deployments.len() {
            if at != self.primary
                && self.deployments[at].standing == Standing::Active
                && self.deployments[at].keep == 0
                && self.of(at).all(|task| task.status == Status::Stopped)
            {
                self.deployments[at].standing = Standing::Gone;
                self.deployments[at].updated_at = floor.now;
            }
        }
    }

    fn complete(&mut self, floor: &mut Floor<'_>) {
        let (now, primary) = (floor.now, self.primary);
        let alone = self.shown().all(|at| at == primary);
        let healthy = self.count(Some(primary), |task| task.healthy(now));
        let live = self.count(Some(primary), Task::live);
        let leading = &self.deployments[primary];
        if !alone || !leading.begun || healthy != self.desired || live != self.desired {
            return;
        }
        if leading.rollout == Rollout::InProgress {
            let id = leading.id.clone();
            let (service_deployment, rollback) = (leading.service_deployment, leading.rollback);
            let reason = format!("ECS deployment {id} completed.");
            let leading = &mut self.deployments[primary];
            leading.rollout = Rollout::Completed;
            leading.reason = reason.clone();
            leading.updated_at = now;
            leading.failed_tasks = 0;
            self.last_completed = Some(leading.revision);
            self.tell(floor, id.clone(), Rollout::Completed.name(), &reason);
            let status = match rollback {
                true => Stage::RollbackSuccessful,
                false => Stage::Successful,
            };
            // One that was stopped or overtaken has ended already.
            if !self.service_deployments[service_deployment].status.ended() {
                self.conclude(floor, service_deployment, status, &reason);
            }
            self.say(floor, &format!("(deployment {id}) deployment completed."));
        }
        if !self.steady {
            self.steady = true;
            self.say(floor, "has reached a steady state.");
        }
    }

    /// A task ended by itself, or was given up as unhealthy. `ran` if it ever was RUNNING,
    /// `failed` if ECS counts it as a failure of its deployment.
    pub(crate) fn task_ended(
        &mut self,
        floor: &mut Floor<'_>,
        deployment: usize,
        ran: bool,
        failed: bool,
    ) {
        let desired = self.desired;
        let leading = deployment == self.primary;
        let it = &mut self.deployments[deployment];
        let usual = floor.durations.task_replacing;
        let mut pause = usual;
        if !ran {
            it.start_failures += 1;
            // Each round of failures doubles the pause.
            let rounds = it.start_failures / (2 * desired.max(1));
            pause = usual.saturating_mul(1 << rounds.min(10)).min(LONGEST_PAUSE);
        }
        it.not_before = it.not_before.max(floor.now + pause);
        let throttled = pause > Duration::from_secs(60) && !it.throttle_reported;
        it.throttle_reported |= throttled;
        if throttled {
            let text = "is unable to consistently start tasks successfully. For more information, \
                        see the Troubleshooting section.";
            self.say(floor, text);
        }
        let it = &mut self.deployments[deployment];
        if failed && leading && it.rollout == Rollout::InProgress {
            it.failed_tasks += 1;
            let failures = it.failed_tasks;
            let service_deployment = it.service_deployment;
            let breaker = self.configuration.circuit_breaker;
            let threshold = breaker.threshold.tasks(desired);
            if breaker.enable && failures >= threshold {
                self.service_deployments[service_deployment].tripped = Some((failures, threshold));
                self.fail(floor, deployment, breaker.rollback, Failure::CircuitBreaker);
            }
        }
        self.reconcile(floor);
    }

    /// A task has become healthy.
    pub(crate) fn task_healthy(&mut self, floor: &mut Floor<'_>, task: usize) {
        self.tasks[task].was_healthy = true;
        let reset = self.configuration.circuit_breaker.reset_on_healthy_task;
        let deployment = &mut self.deployments[self.tasks[task].deployment];
        deployment.start_failures = 0;
        deployment.throttle_reported = false;
        if reset {
            deployment.failed_tasks = 0;
        }
        self.reconcile(floor);
    }

    /// The service's wish has changed.
    pub(crate) fn updated(&mut self, floor: &mut Floor<'_>, forced: bool) {
        let task_definition = self.task_definition().to_owned();
        floor.event(What::ServiceUpdated {
            service: self.key.clone(),
            task_definition,
            desired_count: self.desired,
            forced,
        });
    }
}
