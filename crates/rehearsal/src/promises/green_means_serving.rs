//! Green means that the version asked for is serving.

use std::time::Duration;

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;

use super::{Asked, Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::GreenMeansServing,
    covers: Classes::A_TO_C,
    mend: "Deploy a new task-definition revision by digest, follow that very deployment to SUCCESSFUL, then compare every running task's digest with the one asked for, over a window, before the run may end green.",
    judge,
};

/// How long after green nothing else may enter service.
const WINDOW: Duration = Duration::from_secs(60);

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for target in Target::BOTH {
        let Some(service) = story.service(target) else {
            continue;
        };
        for run in story.deploys(target).filter(|run| run.green()) {
            let Some((green, _)) = run.ended else {
                continue;
            };
            judgement.exercise();
            let asked = story.asked(run, target, green);
            let seq = story.seq_at(green);
            let serving = story.history.serving(service, green);
            let place = target.name();
            let wanted = match &asked {
                Asked::Digest(digest) => story.name(digest),
                Asked::Commit(sha) => format!("commit {}", sha.short()),
                Asked::Unknown => "a tag that names no image".into(),
            };
            if serving.is_empty() {
                judgement.breach(story.blame(run, Some(service), seq, format!("the run ended green while nothing was in service on {place}; it was asked for {wanted}")));
                continue;
            }
            if !serving.keys().all(|digest| story.is_asked(&asked, digest)) {
                let message = format!(
                    "the run ended green while {place} served {}; it was asked for {wanted}",
                    story.names(&serving)
                );
                judgement.breach(story.blame(run, Some(service), seq, message));
                continue;
            }
            let later = story.history.entries.iter().find(|entry| {
                entry.service == *service
                    && entry.at > green
                    && entry.at.since(green) <= WINDOW
                    && !story.is_asked(&asked, &entry.digest)
                    && entry
                        .update
                        .as_ref()
                        .and_then(|update| update.caller)
                        .is_none_or(|caller| caller.run == run.run || entry.rollback)
            });
            if let Some(entry) = later {
                let message = format!(
                    "{} s after the run ended green, {} entered service on {place}; it was asked for {wanted}",
                    entry.at.since(green).as_secs(),
                    story.name(&entry.digest)
                );
                judgement.breach(story.blame(run, Some(service), entry.seq, message));
                continue;
            }
            let gone = story
                .history
                .serving_changes(service, green, green + WINDOW)
                .find(|(_, _, serving)| serving.is_empty());
            if let Some((at, seq, _)) = gone {
                let message = format!(
                    "{} s after the run ended green, nothing was in service on {place}",
                    at.since(green).as_secs()
                );
                judgement.breach(story.blame(run, Some(service), *seq, message));
            }
        }
    }
    judgement
}
