//! Deploys to one environment never interleave.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::Instant;

use super::{Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::OneAtATime,
    covers: Classes::A_TO_C,
    mend: "Give the deploying job a `concurrency` group of its environment, without `cancel-in-progress`.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for target in Target::BOTH {
        let Some(service) = story.service(target) else {
            continue;
        };
        // From a run's first change of the service to the end of the job that made its last.
        let mut spans: Vec<(Instant, Instant, u64, &crate::history::Run)> = Vec::new();
        for run in story.deploys(target) {
            let updates: Vec<_> = story.history.updates_of(run, service).collect();
            let (Some(first), Some(last)) = (updates.first(), updates.last()) else {
                continue;
            };
            let job = last
                .caller
                .and_then(|caller| story.history.jobs.get(&caller.job));
            let end = job
                .and_then(|job| job.ended)
                .map_or(story.settled, |(at, _)| at);
            spans.push((first.at, end, first.seq, run));
        }
        // An older run may be overtaken.
        spans.sort_by_key(|(start, _, seq, _)| (*start, *seq));
        if story.challenged(PromiseId::OneAtATime) && story.deploys(target).count() > 1 {
            judgement.exercise();
        }
        for (at, (start, end, _, run)) in spans.iter().enumerate() {
            for (other_start, _, seq, other) in &spans[at + 1..] {
                if start <= other_start && other_start < end && run.run != other.run {
                    let message = format!(
                        "two runs deployed to {} at the same time: the second began {} s before the first had ended",
                        target.name(),
                        end.since(*other_start).as_secs()
                    );
                    judgement.breach(story.blame(other, Some(service), *seq, message));
                }
            }
        }
    }
    judgement
}
