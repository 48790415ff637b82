//! Published actions (`uses:`) as models: what each does to files, environment, GitHub and AWS.
//!
//! A model is a file here and a line in [`MODELS`]. What an action does by calling a command, its
//! model does by calling that command too, as a real process of the step ([`Progress::Run`]), so
//! that one tool model serves both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cap_std::fs::Dir;
use lockkeeper_world::World;
use lockkeeper_world::event::What;
use lockkeeper_world::ids::{Caller, JobId, RunId};

pub use cache::Caches;

use crate::commits::Commits;
use crate::machine::Machine;
use crate::repository::Repository;

/// How far an action has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    Done,
    /// It failed, with the message that the real action prints.
    Failed(String),
    /// It goes on after this much virtual time.
    Sleep(Duration),
    /// It runs a command in the workspace, and goes on with [`Bench::exit_code`] when that has
    /// ended. The environment is the step's, with `env` on top.
    Run {
        argv: Vec<String>,
        env: Vec<(String, String)>,
    },
}

/// What an action leaves for later steps.
#[derive(Default)]
pub struct Effects {
    pub outputs: BTreeMap<String, String>,
    pub env: Vec<(String, String)>,
    /// Put before the others on `PATH`.
    pub path: Vec<String>,
    pub masks: Vec<String>,
    /// Lines that it prints.
    pub log: Vec<String>,
    /// What it does when all steps of the job are over, if none has failed.
    pub post: Option<Box<dyn Model>>,
}

/// What is uploaded in a run, by name: the directory on the host that holds it.
#[derive(Debug, Clone, Default)]
pub struct Artifacts(pub BTreeMap<String, PathBuf>);

/// What an action works with.
pub struct Bench<'a> {
    /// What stands behind the `@` of `uses:`.
    pub git_ref: &'a str,
    /// `with:`, evaluated; names in lower case. An input that is not given is absent.
    pub inputs: &'a BTreeMap<String, String>,
    /// The step's environment.
    pub env: &'a BTreeMap<String, String>,
    pub world: &'a mut World,
    pub machine: &'a mut Machine,
    pub commits: &'a Commits,
    pub repository: &'a Repository,
    pub run: RunId,
    pub job: JobId,
    pub caller: Caller,
    /// The machine's writable directory; nothing outside it can be reached through this, whatever
    /// links a step has left there.
    pub files: &'a Dir,
    /// Where the workspace is in [`Bench::files`].
    pub workspace: &'a Path,
    /// Where [`Bench::files`] is for the machine's own processes.
    pub inside: &'a Path,
    pub artifacts: &'a mut Artifacts,
    pub caches: &'a mut Caches,
    /// A directory of the run that no step can write to, for what is uploaded.
    pub store: &'a Path,
    /// How the command of [`Progress::Run`] ended, and what it printed on standard output and
    /// error, when one has just ended.
    pub exit_code: Option<i32>,
    pub printed: &'a str,
    pub effects: &'a mut Effects,
}

impl Bench<'_> {
    /// An input, when it is given and not empty.
    pub fn input(&self, name: &str) -> Option<&str> {
        self.inputs
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Records that an input or a mode is not modelled: it reaches the report.
    pub fn not_modelled(&mut self, text: impl Into<String>) {
        let what = What::NotModelled {
            text: text.into(),
            file: None,
            line: Some(self.caller.line),
        };
        self.world
            .log
            .push(self.world.now(), Some(self.caller), what);
    }
}

/// A running action. State that must outlive a sleep or a command is in `self`.
pub trait Model {
    fn resume(&mut self, bench: &mut Bench<'_>) -> Progress;
}

/// An action's repository (and path), and how its model starts.
pub struct Entry {
    /// `actions/checkout`, `docker/build-push-action`, …, in lower case.
    pub action: &'static str,
    pub start: fn() -> Box<dyn Model>,
}

/// Every modelled action, in alphabetical order.
pub const MODELS: &[Entry] = &[
    Entry {
        action: "actions/cache",
        start: cache::start,
    },
    Entry {
        action: "actions/cache/restore",
        start: cache::restore,
    },
    Entry {
        action: "actions/cache/save",
        start: cache::save,
    },
    Entry {
        action: "actions/checkout",
        start: checkout::start,
    },
    Entry {
        action: "actions/download-artifact",
        start: artifact::download,
    },
    Entry {
        action: "actions/setup-go",
        start: setup::start,
    },
    Entry {
        action: "actions/setup-java",
        start: setup::start,
    },
    Entry {
        action: "actions/setup-node",
        start: setup::start,
    },
    Entry {
        action: "actions/setup-python",
        start: setup::start,
    },
    Entry {
        action: "actions/upload-artifact",
        start: artifact::upload,
    },
    Entry {
        action: "aquasecurity/setup-trivy",
        start: setup::start,
    },
    Entry {
        action: "aquasecurity/trivy-action",
        start: trivy::start,
    },
    Entry {
        action: "aws-actions/amazon-ecr-login",
        start: ecr_login::start,
    },
    Entry {
        action: "aws-actions/amazon-ecs-deploy-task-definition",
        start: ecs_deploy::start,
    },
    Entry {
        action: "aws-actions/amazon-ecs-render-task-definition",
        start: ecs_render::start,
    },
    Entry {
        action: "aws-actions/configure-aws-credentials",
        start: aws_credentials::start,
    },
    Entry {
        action: "benjlevesque/short-sha",
        start: short_sha::start,
    },
    Entry {
        action: "docker/build-push-action",
        start: docker_build::start,
    },
    Entry {
        action: "docker/login-action",
        start: docker_login::start,
    },
    Entry {
        action: "docker/setup-buildx-action",
        start: setup::buildx,
    },
    Entry {
        action: "docker/setup-qemu-action",
        start: setup::start,
    },
];

mod artifact;
mod aws_credentials;
mod cache;
mod checkout;
mod docker_build;
mod docker_login;
mod ecr_login;
mod ecs_deploy;
mod ecs_render;
mod setup;
mod short_sha;
mod trivy;
