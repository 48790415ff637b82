//! The image before the current one can still be pulled.

use crate::faults::Classes;
use lockkeeper_names::ImageDigest;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::event::{ServiceKey, What};

use super::{Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::PreviousImageKept,
    covers: Classes::A_TO_C,
    mend: "Give what production served a tag of its own, and the lifecycle policy a first rule that keeps the newest of those tags.",
    judge,
};

/// Exercised where the repository's lifecycle policy is known and production served something
/// before what it serves.
fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(service) = story.service(Target::Production) else {
        return judgement;
    };
    let known = story.events.iter().any(|event| {
        matches!(&event.what, What::LifecycleKnown { repository, .. } if *repository == story.facts.repository)
    });
    let last = story.events.last().map_or(0, |event| event.seq);
    if !known || previous(story, service, last).is_none() {
        return judgement;
    }
    judgement.exercise();
    for event in story.events {
        let What::ImageExpired {
            repository,
            digest,
            rule,
            ..
        } = &event.what
        else {
            continue;
        };
        if *repository != story.facts.repository {
            continue;
        }
        let current = story
            .history
            .serving_before(service, event.seq)
            .contains_key(digest);
        let what = match () {
            () if current => "which production serves",
            () if previous(story, service, event.seq) == Some(digest) => {
                "which production served before the one that it serves"
            }
            () => continue,
        };
        let message = format!(
            "rule {rule} of the lifecycle policy of {repository} lets go {}, {what}",
            story.name(digest)
        );
        let deploys = story.deploys(Target::Production);
        let run = deploys.filter(|run| run.created <= event.at).last();
        judgement.breach(match run {
            Some(run) => story.blame(run, Some(service), event.seq, message),
            None => super::Breach {
                message,
                run: None,
                file: story.facts.deploys_production.first().cloned(),
                line: Some(1),
                seq: event.seq,
            },
        });
    }
    judgement
}

/// What a service served before what it served at an event.
fn previous<'a>(story: &'a Story<'_>, service: &ServiceKey, seq: u64) -> Option<&'a ImageDigest> {
    let serving = story.history.serving_before(service, seq);
    let entries = story.history.entries.iter().rev();
    entries
        .filter(|entry| entry.service == *service && entry.seq < seq)
        .map(|entry| &entry.digest)
        .find(|digest| !serving.contains_key(*digest))
}
