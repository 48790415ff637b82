//! A small repository with people, and words to tell stories about it.

use std::collections::BTreeSet;
use std::time::Duration;

use lockkeeper_names::{BranchName, CommitSha, EnvironmentName, Login, WorkflowFile};
use lockkeeper_world::clock::START;
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::hub::*;
use lockkeeper_world::ids::{JobId, RunId};
use lockkeeper_world::{Instant, Log};

/// `example/shop`: ann is an admin, bob writes, carol reviews production, dave only reads.
pub(crate) struct Story {
    pub(crate) hub: Hub,
    pub(crate) log: Log,
    pub(crate) now: Instant,
}

pub(crate) fn login(text: &str) -> Login {
    text.parse().unwrap()
}

pub(crate) fn env(text: &str) -> EnvironmentName {
    text.parse().unwrap()
}

pub(crate) fn main_branch() -> BranchName {
    "main".parse().unwrap()
}

/// The commit whose SHA repeats this digit.
pub(crate) fn sha(digit: char) -> CommitSha {
    String::from(digit).repeat(40).parse().unwrap()
}

pub(crate) fn file(text: &str) -> WorkflowFile {
    text.parse().unwrap()
}

pub(crate) fn spec() -> RepositorySpec {
    RepositorySpec {
        slug: "example/shop".parse().unwrap(),
        repository_id: 77,
        owner_id: 11,
        visibility: Visibility::Private,
        default_branch: main_branch(),
        root: sha('a'),
        created_after_immutable_ids: false,
    }
}

pub(crate) fn production() -> EnvironmentSettings {
    EnvironmentSettings {
        reviewers: vec![login("carol"), login("bob")],
        branch_policy: BranchPolicy::Patterns(vec![("main".to_owned(), RefType::Branch)]),
        ..EnvironmentSettings::default()
    }
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::github_defaults();
    settings.collaborators = [
        (login("ann"), Role::Admin),
        (login("bob"), Role::Write),
        (login("carol"), Role::Write),
        (login("dave"), Role::Read),
    ]
    .into();
    settings.environments = [(env("production"), production())].into();
    settings
}

pub(crate) fn group(name: &str) -> Group {
    Group {
        name: name.to_owned(),
        ..Group::default()
    }
}

pub(crate) fn gated(key: &str) -> JobRequest {
    JobRequest {
        environment: Some(env("production")),
        ..JobRequest::new(key, 10)
    }
}

pub(crate) fn locked(key: &str, name: &str) -> JobRequest {
    JobRequest {
        concurrency: Some(group(name)),
        ..JobRequest::new(key, 10)
    }
}

impl Story {
    pub(crate) fn new() -> Self {
        Self::with(spec(), settings())
    }

    pub(crate) fn with(spec: RepositorySpec, settings: Settings) -> Self {
        Self {
            hub: Hub::new(spec, settings),
            log: Log::default(),
            now: START,
        }
    }

    /// A dispatch of `deploy.yml` on main by bob.
    pub(crate) fn request(&self) -> RunRequest {
        RunRequest::new(
            file("deploy.yml"),
            "workflow_dispatch",
            "refs/heads/main",
            sha('a'),
            login("bob"),
        )
    }

    pub(crate) fn run(&mut self) -> RunId {
        let request = self.request();
        self.create(request)
    }

    pub(crate) fn create(&mut self, request: RunRequest) -> RunId {
        self.hub
            .create_run(self.now, &mut self.log, request)
            .unwrap()
    }

    pub(crate) fn job(&mut self, run: RunId, request: JobRequest) -> JobId {
        self.hub
            .add_job(self.now, &mut self.log, run, request)
            .unwrap()
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.hub.next_timer().filter(|due| *due <= until) {
            self.now = due.max(self.now);
            self.hub.fire(self.now, &mut self.log);
        }
        self.now = until;
    }

    /// A runner picks the job up.
    pub(crate) fn start(&mut self, job: JobId) {
        self.pass(lockkeeper_world::Durations::default().job_pickup);
        assert!(
            self.hub.startable().contains(&job),
            "{:?}",
            self.hub.job(job)
        );
        self.hub.start_job(self.now, &mut self.log, job).unwrap();
    }

    pub(crate) fn end(&mut self, job: JobId, conclusion: Conclusion) {
        self.hub
            .complete_job(self.now, &mut self.log, job, conclusion)
            .unwrap();
    }

    pub(crate) fn end_run(&mut self, run: RunId, conclusion: Conclusion) {
        self.hub
            .complete_run(self.now, &mut self.log, run, conclusion)
            .unwrap();
    }

    /// A job that runs and succeeds, in a run of its own that goes on.
    pub(crate) fn running(&mut self, permissions: Permissions) -> (RunId, JobId) {
        let run = self.run();
        let request = JobRequest {
            permissions,
            ..JobRequest::new("call", 5)
        };
        let job = self.job(run, request);
        self.start(job);
        (run, job)
    }

    pub(crate) fn review(&mut self, run: RunId, who: &str, approved: bool) -> Result<(), Refused> {
        let (now, log) = (self.now, &mut self.log);
        self.hub
            .review(now, log, run, &env("production"), &login(who), approved, "")
    }

    pub(crate) fn cancel(&mut self, run: RunId) {
        let (now, log) = (self.now, &mut self.log);
        self.hub
            .cancel_run(now, log, run, &login("bob"), "changed my mind")
            .unwrap();
    }

    pub(crate) fn state(&self, job: JobId) -> &'static str {
        self.hub.job(job).unwrap().state.as_str()
    }

    pub(crate) fn status(&self, run: RunId) -> RunStatus {
        self.hub.run(run).unwrap().status
    }

    pub(crate) fn conclusion(&self, job: JobId) -> Option<Conclusion> {
        self.hub.job(job).unwrap().conclusion()
    }

    pub(crate) fn happened(&self, test: impl Fn(&What) -> bool) -> usize {
        self.log
            .events()
            .iter()
            .filter(|event| test(&event.what))
            .count()
    }

    /// Adds a commit on top of another.
    pub(crate) fn commit(&mut self, digit: char, parent: char) -> CommitSha {
        let author = login("bob");
        let files = vec![format!("src/{digit}.ts")];
        self.hub
            .add_commit(
                sha(digit),
                vec![sha(parent)],
                author,
                format!("Change {digit}"),
                files,
            )
            .unwrap();
        sha(digit)
    }

    /// Reasons for which environments failed jobs.
    pub(crate) fn refusals(&self) -> BTreeSet<String> {
        let events = self.log.events().iter();
        events
            .filter_map(|event| match &event.what {
                What::GateRefused { why, .. } => Some(why.clone()),
                _ => None,
            })
            .collect()
    }
}
