//! The file as a whole, and what workflows and jobs have in common.

use indexmap::IndexMap;

use super::{Job, Keys, Pairs, Triggers};
use crate::place::{Place, Spanned, Unmodelled};
use crate::template::Template;

/// `env`: variables in the order of the file.
pub type Environment = Pairs;

/// A workflow file.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// `name`
    pub name: Option<Spanned<String>>,
    /// `description`
    pub description: Option<Spanned<String>>,
    /// `run-name`
    pub run_name: Option<Template>,
    /// `on`
    pub on: Triggers,
    /// `permissions`
    pub permissions: Option<Permissions>,
    /// `env`
    pub env: Environment,
    /// `defaults`
    pub defaults: Defaults,
    /// `concurrency`
    pub concurrency: Option<Concurrency>,
    /// `cache-mode`
    pub cache_mode: Option<Spanned<CacheMode>>,
    /// By id, in the order of the file.
    pub jobs: IndexMap<String, Job>,
    /// Keys that are legal and that this model does not hold.
    pub unmodelled: Vec<Unmodelled>,
    /// Names of YAML anchors that no alias names; their places begin with `&`.
    pub unused_anchors: Vec<Spanned<String>>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// `concurrency`.
#[derive(Clone, Debug, PartialEq)]
pub struct Concurrency {
    /// `concurrency.group`
    pub group: Template,
    /// `concurrency.cancel-in-progress`
    pub cancel_in_progress: Option<Template>,
    /// `concurrency.queue`
    pub queue: Queue,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// `cache-mode`: what jobs may do with caches; a job's own goes first
/// (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#cache-mode>).
///
/// Without it runs of trusted events may write, and others only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheMode {
    /// `none`
    None,
    /// `read`
    Read,
    /// `write`
    Write,
    /// Caches are saved and not restored.
    WriteOnly,
}

impl CacheMode {
    pub(crate) const NAMES: [&'static str; 4] = ["none", "read", "write", "write-only"];

    pub(crate) fn named(name: &str) -> Option<CacheMode> {
        Some(match name {
            "none" => CacheMode::None,
            "read" => CacheMode::Read,
            "write" => CacheMode::Write,
            "write-only" => CacheMode::WriteOnly,
            _ => return None,
        })
    }
}

/// How many runs may wait for the group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Queue {
    /// One: a newer run replaces the one that waits.
    #[default]
    Single,
    /// Up to 100.
    Max,
}

/// `defaults`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    /// `defaults.run`
    pub run: RunDefaults,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
}

/// `defaults.run`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunDefaults {
    /// `defaults.run.shell`
    pub shell: Option<Template>,
    /// `defaults.run.working-directory`
    pub working_directory: Option<Template>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
}

/// `permissions` of the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Which permissions.
    pub kind: PermissionsKind,
    /// Where it stands.
    pub place: Place,
}

/// The forms of `permissions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermissionsKind {
    /// `read-all`
    ReadAll,
    /// `write-all`
    WriteAll,
    /// What is not listed is `none`.
    Scopes(Vec<(Spanned<String>, Spanned<Access>)>),
}

/// What one permission allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// `none`
    None,
    /// `read`
    Read,
    /// `write`
    Write,
}

impl Access {
    /// As it is written in a workflow.
    pub fn as_str(self) -> &'static str {
        match self {
            Access::None => "none",
            Access::Read => "read",
            Access::Write => "write",
        }
    }
}
