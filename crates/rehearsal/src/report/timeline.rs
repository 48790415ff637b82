//! Events as lines that a person can follow: when, who, what.

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_names::ImageDigest;
use lockkeeper_world::clock::START;
use lockkeeper_world::event::{Conclusion, Event, What};
use lockkeeper_world::ids::{JobId, RunId};

/// One line of a timeline.
pub(crate) struct Line {
    pub(crate) seq: u64,
    pub(crate) time: String,
    pub(crate) who: String,
    pub(crate) what: String,
}

/// The lines around an event: what led to it, and a little of what came after.
pub(crate) fn around(events: &[Event], seq: u64, before: usize, after: usize) -> Vec<Line> {
    let lines = lines(events);
    let at = lines
        .iter()
        .position(|line| line.seq > seq)
        .unwrap_or(lines.len());
    let from = at.saturating_sub(before);
    let to = (at + after).min(lines.len());
    lines.into_iter().skip(from).take(to - from).collect()
}

/// Everything that a reader may want to know, oldest first.
pub(crate) fn lines(events: &[Event]) -> Vec<Line> {
    let mut names = Names::default();
    let mut lines = Vec::new();
    let mut person = None;
    for event in events {
        names.learn(event);
        // What a person sets out to do, and what GitHub records of it, is one line.
        match &event.what {
            What::Stimulus { actor, .. } => person = Some(actor),
            What::Reviewed { reviewer: who, .. } | What::CancelRequested { actor: who, .. }
                if person == Some(who) =>
            {
                continue;
            }
            What::Fault { .. } => {}
            _ => person = None,
        }
        if let Some((who, what)) = names.tell(event) {
            let line = Line {
                seq: event.seq,
                time: clock(event),
                who,
                what,
            };
            // Each task of a service tells the same.
            let told = lines.iter().rev().take(4).any(|told: &Line| {
                told.time == line.time && told.who == line.who && told.what == line.what
            });
            if !told {
                lines.push(line);
            }
        }
    }
    lines
}

/// The events of `wanted`, each as a line; those of which there is nothing to tell are left out.
pub(crate) fn told(events: &[Event], wanted: &BTreeSet<u64>) -> Vec<Line> {
    let mut names = Names::default();
    let mut lines = Vec::new();
    for event in events {
        names.learn(event);
        if !wanted.contains(&event.seq) {
            continue;
        }
        if let Some((who, what)) = names.tell(event).or_else(|| names.step_begins(event)) {
            lines.push(Line {
                seq: event.seq,
                time: clock(event),
                who,
                what,
            });
        }
    }
    lines
}

/// Virtual time since the story began.
fn clock(event: &Event) -> String {
    let seconds = event.at.since(START).as_secs();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[derive(Default)]
struct Names {
    workflows: BTreeMap<RunId, String>,
    jobs: BTreeMap<JobId, String>,
    steps: BTreeMap<(JobId, u32), String>,
    images: BTreeMap<ImageDigest, String>,
}

impl Names {
    fn learn(&mut self, event: &Event) {
        match &event.what {
            What::RunCreated { run, workflow, .. } => {
                drop(self.workflows.insert(*run, workflow.clone()))
            }
            What::JobCreated { job, name, .. } => drop(self.jobs.insert(*job, name.clone())),
            What::StepStarted {
                job, step, name, ..
            } => drop(self.steps.insert((*job, *step), name.clone())),
            What::ImagePushed {
                digest,
                commit: Some(commit),
                ..
            } => {
                self.images
                    .insert(digest.clone(), format!("commit {}", commit.short()));
            }
            _ => {}
        }
    }

    fn image(&self, digest: &ImageDigest) -> String {
        let short = &digest.as_str()["sha256:".len()..][..12];
        match self.images.get(digest) {
            Some(commit) => format!("{short} ({commit})"),
            None => short.to_owned(),
        }
    }

    fn run(&self, run: RunId) -> String {
        match self.workflows.get(&run) {
            Some(workflow) => format!("{workflow} #{run}"),
            None => format!("run #{run}"),
        }
    }

    fn step(&self, event: &Event) -> String {
        match event.caller {
            Some(caller) => {
                let step = self
                    .steps
                    .get(&(caller.job, caller.step))
                    .map_or("a step", String::as_str);
                format!("{} · {step}", self.run(caller.run))
            }
            None => "AWS".into(),
        }
    }

    fn step_begins(&self, event: &Event) -> Option<(String, String)> {
        match &event.what {
            What::StepStarted { run, name, .. } => {
                Some((self.run(*run), format!("step `{name}` begins")))
            }
            _ => None,
        }
    }

    /// Who did what; nothing for what a reader can do without.
    fn tell(&self, event: &Event) -> Option<(String, String)> {
        let github = || "GitHub".to_owned();
        let ecs = || "ECS".to_owned();
        let place = |service: &lockkeeper_world::event::ServiceKey| {
            format!("{}/{}", service.cluster, service.service)
        };
        Some(match &event.what {
            What::Stimulus { actor, text } => (actor.clone(), text.clone()),
            What::Fault { text, .. } => ("fault".into(), text.clone()),
            What::Merged { pull, sha, .. } => (
                github(),
                format!("merges pull request #{pull} as {}", sha.short()),
            ),
            What::MergeRefused { pull, why, .. } => (
                github(),
                format!("refuses to merge pull request #{pull}: {why}"),
            ),
            What::PushRefused { why, .. } => (github(), format!("refuses the push: {why}")),
            What::RunCreated {
                run,
                attempt,
                trigger,
                sha,
                head_sha,
                ..
            } => (
                github(),
                format!(
                    "starts {} ({trigger}, {}{})",
                    self.run(*run),
                    head_sha.as_ref().unwrap_or(sha).short(),
                    if *attempt > 1 {
                        format!(", attempt {attempt}")
                    } else {
                        String::new()
                    }
                ),
            ),
            What::JobPending { run, group, .. } => (
                github(),
                format!("{} waits for the concurrency group {group}", self.run(*run)),
            ),
            What::RunPending { run, group } => (
                github(),
                format!("{} waits for the concurrency group {group}", self.run(*run)),
            ),
            What::JobWaiting {
                run, environment, ..
            } => (
                github(),
                format!("asks for a review of {} for {environment}", self.run(*run)),
            ),
            What::EnvironmentCreated { environment, .. } => (
                github(),
                format!("makes the missing environment {environment}, without protection"),
            ),
            What::Reviewed {
                run,
                reviewer,
                approved,
                ..
            } => (
                reviewer.clone(),
                format!(
                    "{} {}",
                    if *approved { "approves" } else { "rejects" },
                    self.run(*run)
                ),
            ),
            What::CancelRequested { run, actor, .. } => {
                (actor.clone(), format!("cancels {}", self.run(*run)))
            }
            What::JobCompleted {
                run,
                job,
                conclusion,
                ..
            } if *conclusion != Conclusion::Skipped => (
                github(),
                format!(
                    "{}: job {} ends: {}",
                    self.run(*run),
                    self.jobs.get(job).map_or("?", String::as_str),
                    word(*conclusion)
                ),
            ),
            What::RunCompleted {
                run, conclusion, ..
            } => (
                github(),
                format!("{} ends: {}", self.run(*run), word(*conclusion)),
            ),
            What::SignalSent { run, signal, .. } => (
                github(),
                format!("sends {signal} to the step of {}", self.run(*run)),
            ),
            What::StepCompleted {
                run,
                job,
                step,
                outcome,
                ..
            } if matches!(outcome, Conclusion::Failure | Conclusion::Cancelled) => (
                self.run(*run),
                format!(
                    "step `{}` ends: {}",
                    self.steps.get(&(*job, *step)).map_or("?", String::as_str),
                    word(*outcome)
                ),
            ),
            What::ImagePushed {
                repository,
                digest,
                tag,
                ..
            } => (
                self.step(event),
                format!(
                    "pushes {} to {repository}{}",
                    self.image(digest),
                    tag.as_ref()
                        .map(|tag| format!(":{tag}"))
                        .unwrap_or_default()
                ),
            ),
            What::TagPut {
                repository,
                tag,
                digest,
                previous: Some(_),
            } => (
                self.step(event),
                format!("moves {repository}:{tag} to {}", self.image(digest)),
            ),
            What::ServiceUpdated {
                service,
                task_definition,
                forced,
                ..
            } => (
                self.step(event),
                format!(
                    "updates {} to {}{}",
                    place(service),
                    task_definition
                        .rsplit('/')
                        .next()
                        .unwrap_or(task_definition),
                    if *forced { ", forced" } else { "" }
                ),
            ),
            What::TaskRun {
                cluster,
                digests,
                command,
                ends,
                exit_code,
                ..
            } => {
                let image = digests.first().map(|digest| self.image(digest));
                let image = image.unwrap_or_else(|| "an image that is not there".to_owned());
                let what = match command.as_str() {
                    "" => image,
                    command => format!("`{command}` of {image}"),
                };
                let how = match exit_code {
                    Some(code) => format!("exit code {code}"),
                    None => "without having started".to_owned(),
                };
                let after = ends.since(event.at).as_secs();
                (
                    self.step(event),
                    format!(
                        "runs {what} in a task of its own in {cluster}, which ends after {after} s, {how}"
                    ),
                )
            }
            What::DeploymentStarted {
                service,
                digests,
                rollback,
                ..
            } => {
                let image = digests
                    .first()
                    .map(|digest| self.image(digest))
                    .unwrap_or_default();
                (
                    ecs(),
                    format!(
                        "{} {} on {}",
                        if *rollback {
                            "rolls back to"
                        } else {
                            "begins to deploy"
                        },
                        image,
                        place(service)
                    ),
                )
            }
            What::DeploymentState {
                service,
                state,
                reason,
                ..
            } => (
                ecs(),
                format!(
                    "deployment on {}: {state}{}",
                    place(service),
                    if reason.is_empty() || state == "COMPLETED" {
                        String::new()
                    } else {
                        format!(" ({reason})")
                    }
                ),
            ),
            What::TaskInService {
                service, digest, ..
            } => (
                ecs(),
                format!(
                    "{} enters service on {}",
                    self.image(digest),
                    place(service)
                ),
            ),
            What::TaskOutOfService {
                service, digest, ..
            } => (
                ecs(),
                format!(
                    "{} leaves service on {}",
                    self.image(digest),
                    place(service)
                ),
            ),
            What::TaskStopped {
                service,
                digest,
                reason,
                ..
            } if !reason.starts_with("Scaling activity") => (
                ecs(),
                format!(
                    "a task of {} stops on {}: {reason}",
                    self.image(digest),
                    place(service)
                ),
            ),
            What::CredentialReachable { run, what, .. } => {
                (self.run(*run), format!("can reach {what}"))
            }
            _ => return None,
        })
    }
}

fn word(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Success => "success",
        Conclusion::Failure => "failure",
        Conclusion::Cancelled => "cancelled",
        Conclusion::Skipped => "skipped",
        Conclusion::TimedOut => "timed out",
    }
}
