//! What happened.

use indexmap::IndexMap;

/// Inputs of a dispatch as they were given, by name.
pub type DispatchInputs = IndexMap<String, String>;

/// The files that a push or pull request changes, for path filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Changes {
    /// GitHub makes no difference (more than 1,000 commits, or it takes too long): path filters let
    /// it pass.
    #[default]
    NoDifference,
    /// Which files changed is not known.
    Unknown,
    /// In GitHub's order: path filters look at the first [`Changes::SEEN`] only.
    Files(Vec<String>),
}

impl Changes {
    /// How many files a path filter sees.
    pub const SEEN: usize = 300;
    /// Beyond this many commits in a push no difference is made.
    pub const MAX_COMMITS: usize = 1000;

    /// The files that a path filter sees; `None` where there is no list.
    pub fn seen(&self) -> Option<&[String]> {
        match self {
            Changes::Files(files) => Some(&files[..files.len().min(Self::SEEN)]),
            Changes::NoDifference | Changes::Unknown => None,
        }
    }
}

/// Something that happened in a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// `push`, `pull_request`, …
    pub name: String,
    /// The activity type, such as `opened`; `None` if it is not known or there is none.
    pub activity: Option<String>,
    /// The full ref that branch and tag filters are about: what was pushed, the *base* of a pull
    /// request or merge group, the head branch of the run behind a `workflow_run`.
    pub git_ref: String,
    /// The files that changed.
    pub changes: Changes,
    /// For `workflow_run`: the name of the workflow that ran.
    pub workflow: Option<String>,
    /// The message of the commit that was pushed, or of the head of the pull request.
    pub head_message: Option<String>,
    /// GITHUB_TOKEN caused it.
    pub by_token: bool,
    /// The pull request cannot be merged, so GitHub has no merge commit to run on.
    pub has_conflict: bool,
    /// The repository's default branch.
    pub default_branch: Option<String>,
    /// Whether the workflow file is on the default branch, if that is known.
    pub file_on_default_branch: Option<bool>,
    /// Of a dispatch; `None` if they are not known.
    pub inputs: Option<DispatchInputs>,
}

impl Event {
    /// An event of this name for a ref such as `refs/heads/main`.
    pub fn new(name: &str, git_ref: &str) -> Self {
        Self {
            name: name.to_owned(),
            git_ref: git_ref.to_owned(),
            ..Self::default()
        }
    }

    /// The same with an activity type, such as `opened`.
    #[must_use]
    pub fn activity(mut self, activity: &str) -> Self {
        self.activity = Some(activity.to_owned());
        self
    }

    /// The same with the files that changed.
    #[must_use]
    pub fn changed<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Self {
        self.changes = Changes::Files(paths.into_iter().map(Into::into).collect());
        self
    }

    /// The same with the message of the head commit.
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        self.head_message = Some(message.to_owned());
        self
    }

    /// The branch of `git_ref`; `None` for a tag or another ref.
    pub fn branch(&self) -> Option<&str> {
        if self.git_ref.starts_with("refs/") {
            self.git_ref.strip_prefix("refs/heads/")
        } else {
            Some(&self.git_ref)
        }
    }

    /// The name of the tag that it is about, if it is about one.
    pub fn tag(&self) -> Option<&str> {
        self.git_ref.strip_prefix("refs/tags/")
    }
}
