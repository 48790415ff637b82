//! Every red deploy run says what is serving.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::event::Conclusion;

use super::{Judgement, Promise, Story, Target, names_digest};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::FailureSaysWhatServes,
    covers: Classes::A_TO_C,
    mend: "End every way in which a deploy can fail with a step under `always()` or `failure()` that reads the service's running tasks and prints their digest.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for target in Target::BOTH {
        let Some(service) = story.service(target) else {
            continue;
        };
        for run in story.deploys(target) {
            let Some((ended, conclusion)) = run.ended else {
                continue;
            };
            let touched = story.history.updates_of(run, service).next().is_some();
            // A run that was cancelled before it changed anything is grey, and has nothing to say.
            let red = match conclusion {
                Conclusion::Success | Conclusion::Skipped => false,
                Conclusion::Failure => true,
                Conclusion::Cancelled | Conclusion::TimedOut => touched,
            };
            if !red {
                continue;
            }
            judgement.exercise();
            let serving = story.history.serving(service, ended);
            let said = story.texts(run.run).any(|(event, job, text)| {
                let of_attempt = story
                    .history
                    .jobs
                    .get(&job)
                    .is_some_and(|job| job.attempt == run.attempt);
                of_attempt
                    && event.at <= ended
                    && !serving.is_empty()
                    && serving.keys().all(|digest| names_digest(text, digest))
            });
            let admitted = serving.is_empty()
                && story
                    .texts(run.run)
                    .any(|(_, _, text)| text.to_lowercase().contains("nothing"));
            let unconfirmed = story
                .texts(run.run)
                .any(|(_, _, text)| text.contains("restore started, unconfirmed"));
            if !said && !admitted && !unconfirmed {
                let message = format!(
                    "a deploy run to {} ended red, and no line of it says that {} serves",
                    target.name(),
                    story.names(&serving)
                );
                judgement.breach(story.blame(run, Some(service), story.seq_at(ended), message));
            }
        }
    }
    judgement
}
