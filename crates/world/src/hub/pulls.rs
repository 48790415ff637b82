//! Pushes and pull requests, and the rulesets that stand in their way.

use std::collections::BTreeSet;

use lockkeeper_names::{BranchName, CommitSha, Login};

use super::{Commit, Hub, Refused, Role, Ruleset, stimulus};
use crate::clock::Instant;
use crate::event::{Log, What};
use crate::ids::PullNumber;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullState {
    Open,
    Merged,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    pub number: PullNumber,
    pub author: Login,
    pub head: CommitSha,
    pub base: BranchName,
    pub fork: bool,
    pub state: PullState,
    /// What `refs/pull/<n>/merge` names; nothing while it cannot be merged.
    pub merge_commit: Option<CommitSha>,
    /// Who approved the current head.
    pub approvals: BTreeSet<Login>,
}

impl Pull {
    /// `refs/pull/<n>/merge`, the ref that its workflows run for.
    pub fn merge_ref(&self) -> String {
        format!("refs/pull/{}/merge", self.number)
    }

    /// The branch that it comes from.
    pub fn head_branch(&self) -> String {
        format!("change-{}", self.number)
    }
}

impl Hub {
    /// Pushes commits that the branch's tip is contained in; a new branch is created.
    pub fn push(
        &mut self,
        now: Instant,
        log: &mut Log,
        branch: &BranchName,
        sha: &CommitSha,
        actor: &Login,
    ) -> Result<(), Refused> {
        self.push_as(now, log, branch, sha, actor, false)
    }

    /// Pushes with `--force`.
    pub fn force_push(
        &mut self,
        now: Instant,
        log: &mut Log,
        branch: &BranchName,
        sha: &CommitSha,
        actor: &Login,
    ) -> Result<(), Refused> {
        self.push_as(now, log, branch, sha, actor, true)
    }

    fn push_as(
        &mut self,
        now: Instant,
        log: &mut Log,
        branch: &BranchName,
        sha: &CommitSha,
        actor: &Login,
        force: bool,
    ) -> Result<(), Refused> {
        if let Err(refused) = self.may_push(branch, sha, actor, force) {
            let what = What::PushRefused {
                branch: branch.to_string(),
                sha: sha.clone(),
                actor: actor.to_string(),
                why: refused.why.clone(),
            };
            log.push(now, None, what);
            return Err(refused);
        }
        self.move_branch(now, log, branch, sha, actor, None);
        Ok(())
    }

    fn may_push(
        &self,
        branch: &BranchName,
        sha: &CommitSha,
        actor: &Login,
        force: bool,
    ) -> Result<(), Refused> {
        self.require(actor, Role::Write, "push to")?;
        if self.repository.commit(sha).is_none() {
            return Err(Refused::because(format!("{sha} is not in the repository")));
        }
        let tip = self.repository.head(branch);
        let rewinds = tip.is_some_and(|tip| !self.is_ancestor(tip, sha));
        if rewinds && !force {
            return Err(Refused::because(
                "Updates were rejected because the tip of the branch is behind (non-fast-forward)",
            ));
        }
        for rules in self.rules_for(branch, actor) {
            if rewinds && rules.non_fast_forward {
                return Err(Refused::because("Cannot force-push to this branch"));
            }
            if rules.pull_request.is_some() {
                return Err(Refused::because(
                    "Changes must be made through a pull request.",
                ));
            }
            self.checks_pass(rules, sha)?;
        }
        Ok(())
    }

    /// Active rulesets of the branch that bind this person.
    fn rules_for(&self, branch: &BranchName, actor: &Login) -> impl Iterator<Item = &Ruleset> {
        let actor = actor.as_str().to_owned();
        self.rulesets_of(branch).filter(move |rules| {
            !rules
                .bypass
                .iter()
                .any(|exempt| exempt.as_str().eq_ignore_ascii_case(&actor))
        })
    }

    fn checks_pass(&self, rules: &Ruleset, sha: &CommitSha) -> Result<(), Refused> {
        let why: Vec<String> = rules
            .required_checks
            .iter()
            .filter_map(|context| self.checks.why_not(sha, context))
            .collect();
        if why.is_empty() {
            return Ok(());
        }
        Err(Refused::because(why.join("; ")))
    }

    fn move_branch(
        &mut self,
        now: Instant,
        log: &mut Log,
        branch: &BranchName,
        sha: &CommitSha,
        actor: &Login,
        pull: Option<PullNumber>,
    ) {
        self.repository.set_head(branch.clone(), sha.clone());
        let what = What::Pushed {
            branch: branch.to_string(),
            sha: sha.clone(),
            actor: actor.to_string(),
            pull,
        };
        log.push(now, None, what);
    }

    /// Opens a pull request. Only collaborators with write access have branches here; everybody
    /// else comes from a fork.
    pub fn open_pull(
        &mut self,
        now: Instant,
        log: &mut Log,
        head: &CommitSha,
        base: &BranchName,
        actor: &Login,
        fork: bool,
    ) -> Result<PullNumber, Refused> {
        if !fork {
            self.require(actor, Role::Write, "push branches to")?;
        }
        if self.repository.commit(head).is_none() {
            return Err(Refused::because(format!("{head} is not in the repository")));
        }
        let Some(tip) = self.repository.head(base) else {
            return Err(Refused::because(format!("there is no branch {base}")));
        };
        if self.is_ancestor(head, tip) {
            return Err(Refused::because(format!(
                "no commits between {base} and {head}"
            )));
        }
        let number = PullNumber(self.pulls.len() as u64 + 1);
        self.pulls.insert(
            number,
            Pull {
                number,
                author: actor.clone(),
                head: head.clone(),
                base: base.clone(),
                fork,
                state: PullState::Open,
                merge_commit: None,
                approvals: BTreeSet::new(),
            },
        );
        log.push(
            now,
            None,
            What::PullOpened {
                pull: number,
                head: head.clone(),
                base: base.to_string(),
                fork,
                actor: actor.to_string(),
            },
        );
        Ok(number)
    }

    /// GitHub tries whether a pull request can be merged: it can, as this commit of the base and
    /// the head. Its workflows run on that.
    pub fn set_merge_commit(&mut self, number: PullNumber, sha: &CommitSha) -> Result<(), Refused> {
        let pull = self.open_one(number)?;
        let (base, head) = (pull.base.clone(), pull.head.clone());
        let Some(tip) = self.repository.head(&base).cloned() else {
            return Err(Refused::because(format!("there is no branch {base}")));
        };
        let files_changed = self.files_changed(&tip, &head);
        let message = format!("Merge {head} into {tip}");
        self.repository.add(Commit {
            sha: sha.clone(),
            parents: vec![tip, head],
            author: pull.author.clone(),
            message,
            files_changed,
        })?;
        if let Some(pull) = self.pulls.get_mut(&number) {
            pull.merge_commit = Some(sha.clone());
        }
        Ok(())
    }

    /// Its author pushes to an open pull request; approvals of the earlier head are dismissed.
    pub fn update_pull(
        &mut self,
        now: Instant,
        log: &mut Log,
        number: PullNumber,
        head: &CommitSha,
        actor: &Login,
    ) -> Result<(), Refused> {
        let pull = self.open_one(number)?;
        if pull.author != *actor {
            self.require(actor, Role::Write, "push branches to")?;
        }
        if self.repository.commit(head).is_none() {
            return Err(Refused::because(format!("{head} is not in the repository")));
        }
        if let Some(pull) = self.pulls.get_mut(&number) {
            pull.head = head.clone();
            pull.merge_commit = None;
            pull.approvals.clear();
            let what = What::Pushed {
                branch: pull.head_branch(),
                sha: head.clone(),
                actor: actor.to_string(),
                pull: Some(number),
            };
            log.push(now, None, what);
        }
        Ok(())
    }

    /// Somebody with write access, not its author, approves the pull request's head.
    pub fn approve_pull(
        &mut self,
        now: Instant,
        log: &mut Log,
        number: PullNumber,
        actor: &Login,
    ) -> Result<(), Refused> {
        self.require(actor, Role::Write, "approve pull requests of")?;
        if self.open_one(number)?.author == *actor {
            return Err(Refused::because("Can not approve your own pull request"));
        }
        if let Some(pull) = self.pulls.get_mut(&number) {
            pull.approvals.insert(actor.clone());
        }
        stimulus(now, log, actor, format!("approves pull request #{number}"));
        Ok(())
    }

    fn open_one(&self, number: PullNumber) -> Result<&Pull, Refused> {
        match self.pulls.get(&number) {
            None => Err(Refused::because(format!(
                "there is no pull request #{number}"
            ))),
            Some(pull) if pull.state == PullState::Merged => Err(Refused::because(format!(
                "pull request #{number} is merged"
            ))),
            Some(pull) => Ok(pull),
        }
    }

    pub fn pull(&self, number: PullNumber) -> Option<&Pull> {
        self.pulls.get(&number)
    }

    /// All pull requests, the oldest first.
    pub fn pulls(&self) -> Vec<&Pull> {
        self.pulls.values().collect()
    }

    /// Why this person could not merge now, if they could not: what the merge button says.
    pub fn may_merge(&self, number: PullNumber, actor: &Login) -> Result<(), Refused> {
        self.require(actor, Role::Write, "merge pull requests of")?;
        let pull = self.open_one(number)?;
        let Some(tip) = self.repository.head(&pull.base) else {
            return Err(Refused::because(format!(
                "there is no branch {}",
                pull.base
            )));
        };
        for rules in self.rules_for(&pull.base, actor) {
            self.checks_pass(rules, &pull.head)?;
            if rules.strict && !self.is_ancestor(tip, &pull.head) {
                return Err(Refused::because(format!(
                    "the head branch is not up to date with {}",
                    pull.base
                )));
            }
            let wanted = rules
                .pull_request
                .as_ref()
                .map_or(0, |r| r.required_approving_review_count);
            if (pull.approvals.len() as u64) < u64::from(wanted) {
                return Err(Refused::because(format!(
                    "at least {wanted} approving review is required by reviewers with write access"
                )));
            }
        }
        Ok(())
    }

    /// Merges with a merge commit of this SHA, if the rulesets of the base allow it. Without a
    /// ruleset anything merges, as on GitHub. A commit of that SHA that was added before is taken
    /// as it is (a squash, a rebase), if it contains the base.
    pub fn merge_pull(
        &mut self,
        now: Instant,
        log: &mut Log,
        number: PullNumber,
        actor: &Login,
        merge_sha: &CommitSha,
    ) -> Result<CommitSha, Refused> {
        let merged = self
            .may_merge(number, actor)
            .and_then(|()| self.make_merge(number, actor, merge_sha));
        let Some(pull) = self.pulls.get_mut(&number) else {
            return Err(Refused::because(format!(
                "there is no pull request #{number}"
            )));
        };
        let (base, head) = (pull.base.clone(), pull.head.clone());
        if let Err(refused) = merged {
            let why = refused.why.clone();
            let actor = actor.to_string();
            log.push(
                now,
                None,
                What::MergeRefused {
                    pull: number,
                    sha: head,
                    actor,
                    why,
                },
            );
            return Err(refused);
        }
        pull.state = PullState::Merged;
        log.push(
            now,
            None,
            What::Merged {
                pull: number,
                head,
                sha: merge_sha.clone(),
                branch: base.to_string(),
                actor: actor.to_string(),
            },
        );
        self.move_branch(now, log, &base, merge_sha, actor, Some(number));
        Ok(merge_sha.clone())
    }

    fn make_merge(
        &mut self,
        number: PullNumber,
        actor: &Login,
        sha: &CommitSha,
    ) -> Result<(), Refused> {
        let pull = self.open_one(number)?;
        let (base, head) = (pull.base.clone(), pull.head.clone());
        let Some(tip) = self.repository.head(&base).cloned() else {
            return Err(Refused::because(format!("there is no branch {base}")));
        };
        if self.repository.commit(sha).is_some() {
            if *sha == tip || !self.is_ancestor(&tip, sha) {
                return Err(Refused::because(format!("{sha} does not contain {base}")));
            }
            return Ok(());
        }
        let files_changed = self.files_changed(&tip, &head);
        self.repository.add(Commit {
            sha: sha.clone(),
            parents: vec![tip, head],
            author: actor.clone(),
            message: format!("Merge pull request #{number}"),
            files_changed,
        })
    }
}
