//! What `uses:` of a step names.

use std::fmt;

/// The action of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionRef {
    /// `owner/repo/path@ref`.
    Repository {
        /// The account that owns the repository.
        owner: String,
        /// The name of the repository.
        repo: String,
        /// Below the repository's root, without slashes at its ends; empty for the root.
        path: String,
        /// The branch, tag or commit behind `@`.
        git_ref: String,
    },
    /// `./path`: in the workspace, after a checkout.
    Local(String),
    /// `$/path`: in this repository at the commit of the run, without a checkout.
    SelfRepository(String),
    /// `docker://image`.
    Docker(String),
}

impl ActionRef {
    /// Reads `uses:`; `None` if it names nothing that GitHub could find.
    pub fn parse(text: &str) -> Option<ActionRef> {
        if let Some(image) = text.strip_prefix("docker://") {
            return (!image.is_empty()).then(|| ActionRef::Docker(image.to_owned()));
        }
        if let Some(path) = text.strip_prefix("$/") {
            return Some(ActionRef::SelfRepository(clean(path)));
        }
        if text == "." || text.starts_with("./") || text.starts_with(".\\") {
            return Some(ActionRef::Local(clean(text.trim_start_matches('.'))));
        }
        let (name, git_ref) = text.split_once('@')?;
        let mut parts = name.splitn(3, ['/', '\\']);
        let (owner, repo) = (parts.next()?, parts.next()?);
        if owner.is_empty() || repo.is_empty() || git_ref.is_empty() {
            return None;
        }
        Some(ActionRef::Repository {
            owner: owner.to_owned(),
            repo: repo.to_owned(),
            path: clean(parts.next().unwrap_or("")),
            git_ref: git_ref.to_owned(),
        })
    }

    /// `owner/repo` or `owner/repo/path` in lower case, for an action of a repository.
    pub fn name(&self) -> Option<String> {
        match self {
            ActionRef::Repository {
                owner, repo, path, ..
            } if path.is_empty() => Some(format!("{owner}/{repo}").to_ascii_lowercase()),
            ActionRef::Repository {
                owner, repo, path, ..
            } => Some(format!("{owner}/{repo}").to_ascii_lowercase() + "/" + path),
            _ => None,
        }
    }
}

fn clean(path: &str) -> String {
    path.trim_matches(['/', '\\']).to_owned()
}

impl fmt::Display for ActionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ActionRef::Repository {
                owner,
                repo,
                path,
                git_ref,
            } => {
                let slash = if path.is_empty() { "" } else { "/" };
                write!(f, "{owner}/{repo}{slash}{path}@{git_ref}")
            }
            ActionRef::Local(path) => write!(f, "./{path}"),
            ActionRef::SelfRepository(path) => write!(f, "$/{path}"),
            ActionRef::Docker(image) => write!(f, "docker://{image}"),
        }
    }
}
