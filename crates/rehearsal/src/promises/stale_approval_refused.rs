//! An approval does not cover what changed after it was asked for.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;

use super::{Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::StaleApprovalRefused,
    covers: Classes::A_TO_C,
    mend: "Hand digest and base revision from the job before the gate to the gated one, and let its first step compare them again before anything is changed.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(service) = story.service(Target::Production) else {
        return judgement;
    };
    if !story.challenged(PromiseId::StaleApprovalRefused) {
        return judgement;
    }
    // What changes under the story's last run; those before it are what it is based on.
    let Some(run) = story.deploys(Target::Production).last() else {
        return judgement;
    };
    let mut reviews = story.history.reviews.iter();
    if !reviews.any(|review| review.run == run.run && review.approved) {
        return judgement;
    }
    judgement.exercise();
    if let Some(update) = story.history.updates_of(run, service).next() {
        let message = "what the tag names, or what production was based on, changed after the approval was asked for, and it was deployed all the same".to_owned();
        judgement.breach(story.blame(run, Some(service), update.seq, message));
    }
    judgement
}
