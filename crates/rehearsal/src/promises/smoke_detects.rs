//! While what serves fails its smoke test, the run is not green.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::app::Behaviour;

use super::{Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::SmokeDetects,
    covers: Classes::A_TO_C,
    mend: "After each deploy, ask the health and readiness endpoints through the load balancer, and fail on anything but a success.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for target in Target::BOTH {
        let Some(service) = story.service(target) else {
            continue;
        };
        for run in story.deploys(target) {
            let Some((ended, _)) = run.ended else {
                continue;
            };
            let fails = |digest: &_| {
                matches!(
                    story.history.behaviour_of(service, digest),
                    Some(Behaviour::NeverReady | Behaviour::ErrorsAfter(_))
                )
            };
            let met = story
                .history
                .updates_of(run, service)
                .next()
                .is_some_and(|update| {
                    story
                        .history
                        .serving_changes(service, update.at, ended)
                        .any(|(_, _, serving)| serving.keys().any(fails))
                });
            if !met {
                continue;
            }
            judgement.exercise();
            if run.green() && story.history.serving(service, ended).keys().any(fails) {
                let message = format!(
                    "the run ended green while what {} serves fails its smoke test",
                    target.name()
                );
                judgement.breach(story.blame(run, Some(service), story.seq_at(ended), message));
            }
        }
    }
    judgement
}
