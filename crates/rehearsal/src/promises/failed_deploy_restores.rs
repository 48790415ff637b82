//! A deploy that does not end well leaves what served before.

use crate::faults::Classes;
use lockkeeper_names::ImageDigest;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::Instant;
use lockkeeper_world::app::Behaviour;
use lockkeeper_world::event::{Conclusion, ServiceKey, What};

use super::{Asked, Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::FailedDeployRestores,
    covers: Classes::A_TO_D,
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
            // What has passed its smoke test may stay.
            let proven = story.proven(run, first.seq);
            let stays = proven.is_some_and(|digest| serving.keys().eq([digest]));
            // Nobody is left to put anything back once the runner is lost: one version, whichever.
            let lost = story.events.iter().any(|event| {
                let during = run.created <= event.at && event.at <= ended;
                during && matches!(&event.what, What::Fault { class: 'D', .. })
            });
            let asked = story.asked(run, target, ended);
            let mut served = serving.keys();
            let one =
                lost && serving.len() == 1 && served.all(|digest| story.is_asked(&asked, digest));
            if serving.keys().ne(before.keys()) && !stays && !one {
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
    /// The digest that a run's own requests were answered by, in the last step that asked and that
    /// ended well: its smoke test.
    fn proven(&self, run: &crate::history::Run, since: u64) -> Option<&ImageDigest> {
        let mut answered = None;
        let mut proven = None;
        for event in self.events.iter().filter(|event| event.seq > since) {
            match &event.what {
                What::Requested { status, digest, .. } => {
                    let ours = event
                        .caller
                        .filter(|by| by.run == run.run && by.attempt == run.attempt);
                    let good = status.is_some_and(|status| (200..300).contains(&status));
                    if let Some(by) = ours {
                        answered = digest
                            .as_ref()
                            .filter(|_| good)
                            .map(|digest| (by.job, digest));
                        proven = None;
                    }
                }
                What::StepCompleted { job, outcome, .. } => {
                    if let Some((_, digest)) = answered.take_if(|(asked, _)| asked == job)
                        && *outcome == Conclusion::Success
                    {
                        proven = Some(digest);
                    }
                }
                _ => {}
            }
        }
        proven
    }

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
            Asked::Commit(sha) => {
                let mut shown = self.history.behaviours_on(service);
                let shown = shown.find(|(digest, _)| self.commit_of(digest) == Some(&sha));
                let behaviour = shown.map(|(_, behaviour)| behaviour);
                cannot_serve(behaviour.unwrap_or_else(|| self.commits.of(&sha).behaviour))
            }
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
