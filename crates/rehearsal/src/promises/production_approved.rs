//! Production changes only after a person approved that very change.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;

use super::{Breach, Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::ProductionApproved,
    covers: Classes::A_TO_D,
    mend: "Give the deploying job `environment: production`, create that environment with required reviewers before anything can run, and let the run check that it is protected.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(service) = story.service(Target::Production) else {
        return judgement;
    };
    // Where the story itself takes the protection away, `ungated-fails-closed` judges.
    if story.challenged(PromiseId::UngatedFailsClosed) {
        return judgement;
    }
    // Asking is exercise enough: a run that waited and was refused kept the promise.
    let changed = story.history.updates.iter().any(|update| {
        update.service == *service
            && update.caller.is_some_and(|caller| {
                let attempt = (caller.run, caller.attempt);
                !story.history.unmodelled.contains(&attempt)
            })
    });
    if changed || story.deploys(Target::Production).next().is_some() {
        judgement.exercise();
    }
    for entry in story
        .history
        .entries
        .iter()
        .filter(|entry| entry.service == *service)
    {
        let Some(update) = &entry.update else {
            continue;
        };
        let Some(caller) = update.caller else {
            continue;
        };
        if entry.rollback {
            continue;
        }
        let before_run = story.history.updates.iter().find(|other| {
            other.service == *service && other.caller.is_some_and(|c| c.run == caller.run)
        });
        let served_before = before_run.is_some_and(|first| {
            story
                .history
                .serving_before(service, first.seq)
                .contains_key(&entry.digest)
        });
        let approved = story.history.reviews.iter().any(|review| {
            review.run == caller.run
                && review.approved
                && review.at <= update.at
                && story.facts.reviewers.contains(&review.reviewer)
                && story
                    .history
                    .jobs
                    .get(&review.job)
                    .is_some_and(|job| job.attempt == caller.attempt)
        });
        if !served_before && !approved {
            let run = story.history.run(caller.run, caller.attempt);
            judgement.breach(Breach {
                message: format!(
                    "{} began to serve in production, and nobody had approved that run",
                    story.name(&entry.digest)
                ),
                run: Some(caller.run),
                file: run.map(|run| run.workflow.clone()),
                line: Some(caller.line),
                seq: entry.seq,
            });
        }
    }
    judgement
}
