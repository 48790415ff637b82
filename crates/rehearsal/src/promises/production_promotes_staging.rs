//! Production gets a digest that staging verified, or that production served before.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;

use super::{Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::ProductionPromotesStaging,
    covers: Classes::A_TO_C,
    mend: "Mark a digest as verified (an immutable tag) only after staging served it and its smoke test passed, and let production refuse a tag whose digest has no such mark.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let (Some(production), Some(staging)) = (
        story.service(Target::Production),
        story.service(Target::Staging),
    ) else {
        return judgement;
    };
    // A pipeline that has one place only promotes nothing.
    if production == staging {
        return judgement;
    }
    let asked_for_unstaged = story.challenged(PromiseId::ProductionPromotesStaging)
        && story.deploys(Target::Production).next().is_some();
    if asked_for_unstaged {
        judgement.exercise();
    }
    for entry in story
        .history
        .entries
        .iter()
        .filter(|entry| entry.service == *production && !entry.rollback)
    {
        let Some(caller) = entry.update.as_ref().and_then(|update| update.caller) else {
            continue;
        };
        let Some(run) = story.history.run(caller.run, caller.attempt) else {
            continue;
        };
        if story.history.unmodelled.contains(&(run.run, run.attempt)) {
            continue;
        }
        judgement.exercise();
        let served_before = story.history.entries.iter().any(|other| {
            other.service == *production && other.digest == entry.digest && other.seq < entry.seq
        });
        let verified = story.deploys(Target::Staging).any(|run| {
            run.green()
                && run.ended.is_some_and(|(at, _)| {
                    at <= entry.at
                        && story
                            .history
                            .serving(staging, at)
                            .keys()
                            .eq([&entry.digest])
                })
        });
        let first = story.history.initial.contains_key(&entry.digest);
        if !served_before && !verified && !first {
            let message = format!(
                "{} began to serve in production, and staging never ran it under a green run",
                story.name(&entry.digest)
            );
            judgement.breach(story.blame(run, Some(production), entry.seq, message));
        }
    }
    judgement
}
