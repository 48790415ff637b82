//! Checks that jobs report on commits, and whether a rule that requires one is satisfied.

use std::collections::BTreeMap;

use lockkeeper_names::{CommitSha, WorkflowFile};

use crate::event::Conclusion;
use crate::ids::JobId;

/// The latest check of one context from one workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    pub job: JobId,
    /// None while its job has not completed.
    pub conclusion: Option<Conclusion>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Checks(BTreeMap<(CommitSha, String), BTreeMap<WorkflowFile, Check>>);

impl Checks {
    pub(crate) fn report(
        &mut self,
        sha: &CommitSha,
        context: &str,
        workflow: &WorkflowFile,
        check: Check,
    ) {
        self.0
            .entry((sha.clone(), context.to_owned()))
            .or_default()
            .insert(workflow.clone(), check);
    }

    /// Why the required context does not pass on this commit, if it does not. Where several
    /// workflows report one context, any of them satisfies the rule, as on GitHub.
    pub(crate) fn why_not(&self, sha: &CommitSha, context: &str) -> Option<String> {
        let Some(reported) = self.0.get(&(sha.clone(), context.to_owned())) else {
            return Some(format!("required status check \"{context}\" is expected"));
        };
        let passes = |check: &Check| {
            matches!(
                check.conclusion,
                Some(Conclusion::Success | Conclusion::Skipped)
            )
        };
        if reported.values().any(passes) {
            return None;
        }
        let state = match reported.values().find_map(|check| check.conclusion) {
            Some(Conclusion::Cancelled) => "cancelled",
            Some(Conclusion::TimedOut) => "timed out",
            Some(_) => "failing",
            None => "pending",
        };
        Some(format!("required status check \"{context}\" is {state}"))
    }

    pub(crate) fn of(&self, sha: &CommitSha) -> BTreeMap<String, Check> {
        self.0
            .iter()
            .filter(|((of, _), _)| of == sha)
            .filter_map(|((_, context), by)| {
                let latest = by.values().max_by_key(|check| check.job)?;
                Some((context.clone(), *latest))
            })
            .collect()
    }
}
