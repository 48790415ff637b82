//! An older merge never replaces a newer one on staging.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;

use super::{Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::NeverBackwards,
    covers: Classes::A_TO_C,
    mend: "Inside the lock, compare the commit with the one that staging serves, and refuse to deploy its ancestor.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(service) = story.service(Target::Staging) else {
        return judgement;
    };
    let place = |digest| {
        story
            .commit_of(digest)
            .and_then(|sha| story.history.branch.iter().position(|other| other == sha))
    };
    let mut newest: Option<(usize, lockkeeper_world::ids::RunId)> = None;
    for entry in story
        .history
        .entries
        .iter()
        .filter(|entry| entry.service == *service && !entry.rollback)
    {
        let Some(caller) = entry.update.as_ref().and_then(|update| update.caller) else {
            continue;
        };
        let Some(at) = place(&entry.digest) else {
            continue;
        };
        judgement.exercise();
        let Some(run) = story.history.run(caller.run, caller.attempt) else {
            continue;
        };
        if let Some((highest, by)) = newest {
            // A run that takes back its own failed deploy returns to what it found.
            if at < highest && by != caller.run {
                let message = format!(
                    "{} replaced a newer merge on staging",
                    story.name(&entry.digest)
                );
                judgement.breach(story.blame(run, Some(service), entry.seq, message));
            }
        }
        if newest.is_none_or(|(highest, by)| at > highest || by == caller.run) {
            newest = Some((at, caller.run));
        }
    }
    judgement
}
