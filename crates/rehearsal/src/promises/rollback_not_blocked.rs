//! A run that waits for a reviewer never holds a rollback.

use std::time::Duration;

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::event::What;

use super::{Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::RollbackNotBlocked,
    covers: Classes::A_TO_C,
    mend: "A job that waits for a reviewer holds its concurrency group for up to 30 days: cancel older waiting runs from a job before the gate, or take the lock after it.",
    judge,
};

/// How long after its dispatch a rollback may take to reach its reviewer.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    if !story.challenged(PromiseId::RollbackNotBlocked) {
        return judgement;
    }
    let runs: Vec<_> = story.deploys(Target::Production).collect();
    let [.., older, rollback] = runs.as_slice() else {
        return judgement;
    };
    let waits = story
        .events
        .iter()
        .any(|event| matches!(&event.what, What::JobWaiting { run, .. } if *run == older.run));
    if !waits {
        return judgement;
    }
    judgement.exercise();
    let reached = story.events.iter().find(|event| match &event.what {
        What::JobWaiting { run, .. } => *run == rollback.run,
        What::ServiceUpdated { .. } => event
            .caller
            .is_some_and(|caller| caller.run == rollback.run),
        _ => false,
    });
    let group = story.events.iter().find_map(|event| match &event.what {
        What::JobPending { run, group, .. } | What::RunPending { run, group }
            if *run == rollback.run =>
        {
            Some((event.seq, group))
        }
        _ => None,
    });
    // One that came to an end before it asked, and waited for nobody, was not held.
    let held = match reached {
        Some(event) => event.at.since(rollback.created) > PATIENCE,
        None => rollback.ended.is_none() || group.is_some(),
    };
    if held {
        let (seq, message) = match group {
            Some((seq, group)) => (
                seq,
                format!(
                    "a rollback waited behind run {}, which waits for a reviewer and holds the group `{group}`",
                    older.run
                ),
            ),
            None => (
                story.seq_at(story.settled),
                "a rollback was dispatched and never came to its reviewer".to_owned(),
            ),
        };
        judgement.breach(story.blame(rollback, None, seq, message));
    }
    judgement
}
