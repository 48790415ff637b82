//! No code of a pull request runs where credentials can be reached.

use std::collections::BTreeSet;

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::event::What;

use super::{Breach, Judgement, Promise, Story};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::PrHasNoCredentials,
    covers: Classes::A_TO_C,
    mend: "Use `pull_request` (not `pull_request_target`), `permissions: contents: read`, no `id-token: write`, and no secrets in jobs that run a pull request's code.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let of_pulls: BTreeSet<_> = story
        .history
        .runs
        .iter()
        .filter(|run| run.trigger.starts_with("pull_request") || run.trigger == "merge_group")
        .map(|run| run.run)
        .collect();
    // What can be reached beside something that is not modelled can be reached all the same; that
    // nothing can be is only believed where all was modelled.
    let believed: BTreeSet<_> = story
        .history
        .runs
        .iter()
        .filter(|run| of_pulls.contains(&run.run))
        .filter(|run| !story.history.unmodelled.contains(&(run.run, run.attempt)))
        .map(|run| run.run)
        .collect();
    let mut seen = BTreeSet::new();
    for event in story.events {
        match &event.what {
            What::StepStarted { run, .. } if believed.contains(run) => judgement.exercise(),
            What::CredentialReachable { run, job, what }
                if of_pulls.contains(run) && seen.insert((*job, what.clone())) =>
            {
                let workflow = story
                    .history
                    .runs
                    .iter()
                    .find(|r| r.run == *run)
                    .map(|r| r.workflow.clone());
                judgement.breach(Breach {
                    message: format!("code of a pull request ran where {what} can be reached"),
                    run: Some(*run),
                    file: workflow,
                    // The whole job: its first step was only the one at which it was seen.
                    line: story
                        .history
                        .jobs
                        .get(job)
                        .map(|job| job.line)
                        .or_else(|| event.caller.map(|caller| caller.line)),
                    seq: event.seq,
                });
            }
            _ => {}
        }
    }
    judgement
}
