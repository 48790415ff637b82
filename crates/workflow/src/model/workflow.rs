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
    pub name: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub run_name: Option<Template>,
    pub on: Triggers,
    pub permissions: Option<Permissions>,
    pub env: Environment,
    pub defaults: Defaults,
    pub concurrency: Option<Concurrency>,
    pub cache_mode: Option<Spanned<CacheMode>>,
    /// By id, in the order of the file.
    pub jobs: IndexMap<String, Job>,
    /// Keys that are legal and that this model does not hold.
    pub unmodelled: Vec<Unmodelled>,
    /// Names of YAML anchors that no alias names; their places begin with `&`.
    pub unused_anchors: Vec<Spanned<String>>,
    pub keys: Keys,
    pub place: Place,
}

/// `concurrency`.
#[derive(Clone, Debug, PartialEq)]
pub struct Concurrency {
    pub group: Template,
    pub cancel_in_progress: Option<Template>,
    pub queue: Queue,
    pub keys: Keys,
    pub place: Place,
}

/// `cache-mode`: what jobs may do with caches; a job's own goes first
/// (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#cache-mode>).
///
/// Without it runs of trusted events may write, and others only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheMode {
    None,
    Read,
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
    pub run: RunDefaults,
    pub keys: Keys,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunDefaults {
    pub shell: Option<Template>,
    pub working_directory: Option<Template>,
    pub keys: Keys,
}

/// `permissions` of the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    pub kind: PermissionsKind,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermissionsKind {
    ReadAll,
    WriteAll,
    /// What is not listed is `none`.
    Scopes(Vec<(Spanned<String>, Spanned<Access>)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    None,
    Read,
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
