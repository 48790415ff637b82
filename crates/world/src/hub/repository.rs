//! Commits and branches.

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_names::{BranchName, CommitSha, Login};

use super::Refused;

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub sha: CommitSha,
    pub parents: Vec<CommitSha>,
    pub author: Login,
    pub message: String,
    pub files_changed: Vec<String>,
}

/// How two commits stand to each other, as GitHub compares them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub merge_base: Option<CommitSha>,
    /// Commits of the head that the base lacks, oldest first.
    pub ahead: Vec<CommitSha>,
    pub behind: Vec<CommitSha>,
}

impl Comparison {
    pub fn status(&self) -> &'static str {
        match (self.ahead.is_empty(), self.behind.is_empty()) {
            (true, true) => "identical",
            (false, true) => "ahead",
            (true, false) => "behind",
            (false, false) => "diverged",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Repository {
    commits: BTreeMap<CommitSha, Commit>,
    branches: BTreeMap<BranchName, CommitSha>,
}

impl Repository {
    pub(crate) fn new(root: Commit, default_branch: BranchName) -> Self {
        Self {
            branches: BTreeMap::from([(default_branch, root.sha.clone())]),
            commits: BTreeMap::from([(root.sha.clone(), root)]),
        }
    }

    /// Adds a commit whose parents are known; one that is known already is left as it is.
    pub(crate) fn add(&mut self, commit: Commit) -> Result<(), Refused> {
        if let Some(missing) = commit
            .parents
            .iter()
            .find(|p| !self.commits.contains_key(*p))
        {
            return Err(Refused::because(format!(
                "parent {missing} of {} is not in the repository",
                commit.sha
            )));
        }
        self.commits.entry(commit.sha.clone()).or_insert(commit);
        Ok(())
    }

    pub(crate) fn commit(&self, sha: &CommitSha) -> Option<&Commit> {
        self.commits.get(sha)
    }

    pub(crate) fn head(&self, branch: &BranchName) -> Option<&CommitSha> {
        self.branches.get(branch)
    }

    pub(crate) fn branches(&self) -> &BTreeMap<BranchName, CommitSha> {
        &self.branches
    }

    pub(crate) fn set_head(&mut self, branch: BranchName, sha: CommitSha) {
        self.branches.insert(branch, sha);
    }

    fn reachable(&self, from: &CommitSha) -> BTreeSet<&CommitSha> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&CommitSha> =
            self.commits.get(from).map(|c| &c.sha).into_iter().collect();
        while let Some(sha) = open.pop() {
            if seen.insert(sha)
                && let Some(commit) = self.commits.get(sha)
            {
                open.extend(&commit.parents);
            }
        }
        seen
    }

    /// Whether `descendant` contains `ancestor`; a commit contains itself.
    pub(crate) fn is_ancestor(&self, ancestor: &CommitSha, descendant: &CommitSha) -> bool {
        self.reachable(descendant).contains(ancestor)
    }

    /// None if one of the two is not in the repository.
    pub(crate) fn compare(&self, base: &CommitSha, head: &CommitSha) -> Option<Comparison> {
        self.commits.get(base)?;
        self.commits.get(head)?;
        let (of_base, of_head) = (self.reachable(base), self.reachable(head));
        let common: BTreeSet<&CommitSha> = of_base.intersection(&of_head).copied().collect();
        // The best common ancestor is the one that no other common ancestor descends from.
        let merge_base = common
            .iter()
            .copied()
            .find(|sha| {
                !common
                    .iter()
                    .any(|other| other != sha && self.is_ancestor(sha, other))
            })
            .cloned();
        Some(Comparison {
            merge_base,
            ahead: self.oldest_first(head, &of_base),
            behind: self.oldest_first(base, &of_head),
        })
    }

    /// Commits reachable from `from` that are not in `known`, parents before children.
    fn oldest_first(&self, from: &CommitSha, known: &BTreeSet<&CommitSha>) -> Vec<CommitSha> {
        let mut order = Vec::new();
        let mut placed = BTreeSet::new();
        let mut open = vec![(from, false)];
        while let Some((sha, parents_placed)) = open.pop() {
            if known.contains(sha) || placed.contains(sha) {
                continue;
            }
            if parents_placed {
                placed.insert(sha);
                order.push(sha.clone());
                continue;
            }
            open.push((sha, true));
            if let Some(commit) = self.commits.get(sha) {
                open.extend(commit.parents.iter().rev().map(|parent| (parent, false)));
            }
        }
        order
    }

    /// What a ref's text names: `refs/heads/…`, `heads/…`, a branch, or a commit by its whole SHA
    /// or a prefix of at least seven digits that names only one.
    pub(crate) fn resolve(&self, text: &str) -> Option<&CommitSha> {
        let branch = text
            .strip_prefix("refs/heads/")
            .or_else(|| text.strip_prefix("heads/"))
            .unwrap_or(text);
        if let Some(sha) = BranchName::parse(branch)
            .ok()
            .and_then(|b| self.branches.get(&b))
        {
            return Some(sha);
        }
        if text.len() < 7 {
            return None;
        }
        let mut named = self
            .commits
            .keys()
            .filter(|sha| sha.as_str().starts_with(text));
        named.next().filter(|_| named.next().is_none())
    }
}
