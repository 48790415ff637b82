//! A deploy that does not end well leaves what served before.

use lockkeeper_policy::PromiseId;
use lockkeeper_world::Instant;
use lockkeeper_world::app::Behaviour;
use lockkeeper_world::event::{Conclusion, ServiceKey};

use super::{Asked, Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::FailedDeployRestores,
    mend: "Record the current revision before the deploy, and in a later step under `always()` update the service back to it whenever deploy, verification or smoke test did not succeed.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for target in Target::BOTH {
        let Some(service) = story.service(target) else {
            continue;
        };
        for run in story.deploys(target) {
            let Some(first) = story.history.updates_of(run, service).next() else {
                continue;
            };
            let before = story.history.serving_before(service, first.seq);
            let Some((ended, conclusion)) = run.ended else {
                continue;
            };
            let bad = story.commits_fail(run, target, service, ended);
            if conclusion == Conclusion::Success && !bad {
                continue;
            }
            judgement.exercise();
            if conclusion == Conclusion::Success {
                let message = format!(
                    "the image asked for cannot serve, and the run that deployed it to {} ended green",
                    target.name()
                );
                judgement.breach(story.blame(run, Some(service), story.seq_at(ended), message));
                continue;
            }
            // A later run that deploys is answerable for what serves then.
            let later = story.history.updates.iter().find(|update| {
                update.service == *service
                    && update.at > ended
                    && update.caller.is_some_and(|caller| {
                        caller.run != run.run || caller.attempt != run.attempt
                    })
            });
            let judged_at = later.map_or(story.settled, |update| update.at);
            let serving = story.history.serving(service, judged_at);
            if serving.keys().ne(before.keys()) {
                let how = match conclusion {
                    Conclusion::Cancelled | Conclusion::TimedOut => "was cancelled",
                    _ => "failed",
                };
                let message = format!(
                    "a deploy to {} {how}, and afterwards {} serves; before it {} did",
                    target.name(),
                    story.names(&serving),
                    story.names(&before)
                );
                judgement.breach(story.blame(run, Some(service), story.seq_at(judged_at), message));
            }
        }
    }
    judgement
}

impl Story<'_> {
    /// Whether what a run was asked to deploy cannot serve: as its tasks on this service show, or
    /// where none was started, as the commit is.
    fn commits_fail(
        &self,
        run: &crate::history::Run,
        target: Target,
        service: &ServiceKey,
        at: Instant,
    ) -> bool {
        let cannot_serve = |behaviour: Behaviour| {
            matches!(
                behaviour,
                Behaviour::CrashesAtStart
                    | Behaviour::NeverReady
                    | Behaviour::Flapping { .. }
                    | Behaviour::ErrorsAfter(_)
            )
        };
        match self.asked(run, target, at) {
            Asked::Commit(sha) => cannot_serve(self.commits.of(&sha).behaviour),
            Asked::Digest(digest) => {
                let own = self
                    .commit_of(&digest)
                    .map(|sha| self.commits.of(sha).behaviour);
                let shown = self.history.behaviour_of(service, &digest);
                shown.or(own).is_some_and(cannot_serve)
            }
            Asked::Unknown => false,
        }
    }
}
