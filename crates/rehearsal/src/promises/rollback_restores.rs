//! Dispatching a tag that production served before brings it back.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;

use super::{Asked, Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::RollbackRestores,
    covers: Classes::NONE,
    mend: "Let the production workflow accept every tag that production has served, without leaning on staging.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(service) = story.service(Target::Production) else {
        return judgement;
    };
    if !story.challenged(PromiseId::RollbackRestores) {
        return judgement;
    }
    // The last dispatch of the story is its rollback.
    let Some(run) = story.deploys(Target::Production).last() else {
        return judgement;
    };
    judgement.exercise();
    let Asked::Digest(wanted) = story.asked(run, Target::Production, run.created) else {
        judgement.breach(story.blame(
            run,
            None,
            story.seq_at(run.created),
            "the tag that production served before names no image any more".into(),
        ));
        return judgement;
    };
    // What serves already needs no rollback.
    if story
        .history
        .serving(service, run.created)
        .contains_key(&wanted)
    {
        return Judgement::default();
    }
    let serving = story.history.serving(service, story.settled);
    if !serving.keys().eq([&wanted]) {
        let message = format!(
            "a rollback to {} was dispatched and approved, and production serves {}",
            story.name(&wanted),
            story.names(&serving)
        );
        judgement.breach(story.blame(run, Some(service), story.seq_at(story.settled), message));
    } else if !run.green() {
        let message = format!(
            "a rollback to {} serves, and its run is not green",
            story.name(&wanted)
        );
        judgement.breach(story.blame(run, Some(service), story.seq_at(story.settled), message));
    }
    judgement
}
