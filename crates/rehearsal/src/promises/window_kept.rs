//! A new version reaches production only inside of the deploy window.

use lockkeeper_policy::PromiseId;

use super::{Judgement, Promise, Story, Target};
use crate::calendar;
use crate::faults::Classes;

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::WindowKept,
    covers: Classes::A_TO_D,
    mend: "Compare the clock with the window before anybody is asked and again behind the gate, in the window's time zone; let returns to what served before through.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let (Some(production), Some(window)) = (
        story.service(Target::Production),
        &story.facts.policy.environments.production.window,
    ) else {
        return judgement;
    };
    for run in story.deploys(Target::Production) {
        judgement.exercise();
        let Some(update) = story.history.updates_of(run, production).next() else {
            continue;
        };
        let closed = !calendar::is_open(window, update.at);
        let entries = || {
            let entries = story.history.entries.iter();
            entries.filter(|entry| entry.service == *production)
        };
        let brought = entries().find(|entry| {
            let by = entry.update.as_ref().and_then(|update| update.caller);
            !entry.rollback && by.is_some_and(|by| by.run == run.run && by.attempt == run.attempt)
        });
        let Some(entry) = brought.filter(|_| closed) else {
            continue;
        };
        let served_before = story.history.initial.contains_key(&entry.digest)
            || entries().any(|other| other.digest == entry.digest && other.seq < entry.seq);
        if !served_before {
            let message = format!(
                "{} went to production on {}, outside of the deploy window",
                story.name(&entry.digest),
                calendar::spoken(window, update.at),
            );
            judgement.breach(story.blame(run, Some(production), update.seq, message));
        }
    }
    judgement
}
