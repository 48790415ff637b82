//! Once faults stop, every run ends, at a version that can be named.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::event::What;

use super::{Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::AlwaysEnds,
    covers: Classes::A_TO_C,
    mend: "Give every job `timeout-minutes`, every wait a deadline, and end with one version in service.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for target in Target::BOTH {
        let Some(service) = story.service(target) else {
            continue;
        };
        let mut deployed = false;
        for run in story.deploys(target) {
            judgement.exercise();
            deployed |= story.history.updates_of(run, service).next().is_some();
            let waits = story
                .events
                .iter()
                .rev()
                .find_map(|event| match &event.what {
                    What::JobWaiting { run: waiting, .. } if *waiting == run.run => Some(true),
                    What::Reviewed { run: reviewed, .. } if *reviewed == run.run => Some(false),
                    _ => None,
                });
            if run.ended.is_none() && waits != Some(true) {
                let message = format!(
                    "a deploy run to {} had not ended when everything else had",
                    target.name()
                );
                judgement.breach(story.blame(
                    run,
                    Some(service),
                    story.seq_at(story.settled),
                    message,
                ));
            }
        }
        let serving = story.history.serving(service, story.settled);
        if deployed
            && serving.len() > 1
            && let Some(run) = story.deploys(target).last()
        {
            let message = format!(
                "{} is left with {} in service at the same time",
                target.name(),
                story.names(&serving)
            );
            judgement.breach(story.blame(run, Some(service), story.seq_at(story.settled), message));
        }
    }
    judgement
}
