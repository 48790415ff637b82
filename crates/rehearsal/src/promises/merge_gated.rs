//! Nothing merges that a gate has not passed.

use lockkeeper_policy::{Policy, PromiseId};
use lockkeeper_world::event::What;

use super::{Breach, Judgement, Promise, Story};
use crate::commits::Gate;
use crate::faults::Classes;

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::MergeGated,
    covers: Classes::A_TO_D,
    mend: "Protect the branch with a ruleset that requires a pull request and one aggregate check (`if: always()`, green only when every gate's result is `success`), and run every gate that the rules name.",
    judge,
};

/// The gates that the policy asks for.
pub(super) fn wanted(policy: &Policy) -> Vec<Gate> {
    let ci = &policy.ci;
    let mut gates = Vec::new();
    for (asked, gate) in [
        (ci.lint, Gate::Lint),
        (ci.type_check, Gate::TypeCheck),
        (ci.test, Gate::Test),
        (ci.coverage_percent.is_some(), Gate::Coverage),
        (ci.image_build, Gate::ImageBuild),
        (ci.image_scan.is_some(), Gate::ImageScan),
    ] {
        if asked {
            gates.push(gate);
        }
    }
    gates
}

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let gates = wanted(&story.facts.policy);
    let mut unknown = false;
    for event in story.events {
        let (head, merged) = match &event.what {
            What::Merged { head, .. } => (head, true),
            What::MergeRefused { sha, .. } => (sha, false),
            _ => continue,
        };
        let traits = story.commits.of(head);
        let failing: Vec<Gate> = traits
            .fails
            .iter()
            .copied()
            .filter(|gate| gates.contains(gate))
            .collect();
        if failing.is_empty() {
            continue;
        }
        if !merged {
            judgement.exercise();
            continue;
        }
        let mut before = story.events.iter().rev().filter(|e| e.seq < event.seq);
        let newest = before.find_map(|event| match &event.what {
            What::RunCreated { run, trigger, .. } if trigger == "pull_request_target" => Some(*run),
            _ => None,
        });
        let run = story
            .history
            .runs
            .iter()
            .rev()
            .find(|run| match run.trigger.as_str() {
                // Its commit is the base branch's: the newest is the pull request's that is merged.
                "pull_request_target" => newest == Some(run.run),
                trigger => trigger.starts_with("pull_request") && run.head == *head,
            });
        // Whether an action without a model would have been red is not known.
        if run.is_some_and(|run| {
            run.green() && story.history.unmodelled.contains(&(run.run, run.attempt))
        }) {
            unknown = true;
            continue;
        }
        let words: Vec<&str> = failing.iter().map(|gate| gate.name()).collect();
        let (message, file, line) = match run {
            Some(run) if run.green() => (
                format!(
                    "a pull request that fails {} was green in {} and merged",
                    words.join(", "),
                    run.workflow
                ),
                Some(run.workflow.clone()),
                story.overlooked(run).or(Some(1)),
            ),
            Some(run) => {
                let job = story.history.jobs.values().find(|job| {
                    job.run == run.run
                        && job
                            .ended
                            .is_some_and(|(_, c)| c != lockkeeper_world::event::Conclusion::Success)
                });
                (
                    format!(
                        "a pull request that fails {} merged although {} was red: nothing requires its checks",
                        words.join(", "),
                        run.workflow
                    ),
                    Some(run.workflow.clone()),
                    job.map(|job| job.line).or(Some(1)),
                )
            }
            None => (
                format!(
                    "a pull request that fails {} merged, and no workflow looked at it",
                    words.join(", ")
                ),
                story.facts.deploys_staging.first().cloned(),
                Some(1),
            ),
        };
        judgement.breach(Breach {
            message,
            run: run.map(|run| run.run),
            file,
            line,
            seq: event.seq,
        });
    }
    if unknown && judgement.breaches.is_empty() {
        return Judgement::default();
    }
    judgement
}

impl Story<'_> {
    /// In a run that ended green: the step of a command that failed and was not heeded, else the
    /// first job, which lacks the gate.
    fn overlooked(&self, run: &crate::history::Run) -> Option<u32> {
        let command = self.events.iter().find_map(|event| match event.what {
            What::Command { exit_code, .. } if exit_code != 0 => event
                .caller
                .filter(|caller| caller.run == run.run && caller.attempt == run.attempt)
                .map(|caller| caller.line),
            _ => None,
        });
        let mut jobs = self.history.jobs.values();
        command.or_else(|| {
            jobs.find(|job| job.run == run.run && job.attempt == run.attempt)
                .map(|job| job.line)
        })
    }
}
