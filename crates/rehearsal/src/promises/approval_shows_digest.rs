//! Whoever approves can read which digest will serve.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;

use super::{Judgement, Promise, Story, Target, names_digest};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::ApprovalShowsDigest,
    covers: Classes::A_TO_C,
    mend: "Resolve the tag to its digest in a job before the gated one, and write current and requested digest to its `$GITHUB_STEP_SUMMARY`.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(service) = story.service(Target::Production) else {
        return judgement;
    };
    for entry in story
        .history
        .entries
        .iter()
        .filter(|entry| entry.service == *service && !entry.rollback)
    {
        let Some(caller) = entry.update.as_ref().and_then(|update| update.caller) else {
            continue;
        };
        let Some(run) = story.history.run(caller.run, caller.attempt) else {
            continue;
        };
        let first = story.history.updates_of(run, service).next();
        let restored = first.is_some_and(|first| {
            story
                .history
                .serving_before(service, first.seq)
                .contains_key(&entry.digest)
        });
        let review = story
            .history
            .reviews
            .iter()
            .find(|review| review.run == run.run && review.approved && review.at <= entry.at);
        let (Some(review), false) = (review, restored) else {
            continue;
        };
        judgement.exercise();
        let shown = story.texts(run.run).any(|(event, job, text)| {
            let finished = story
                .history
                .jobs
                .get(&job)
                .and_then(|job| job.ended)
                .is_some_and(|(at, _)| at <= review.at);
            event.at <= review.at && finished && names_digest(text, &entry.digest)
        });
        if !shown {
            let message = format!(
                "{} approved the run, and nothing that could be read by then named {}, which then served",
                review.reviewer,
                story.name(&entry.digest)
            );
            let line = story.history.jobs.get(&review.job).map(|job| job.line);
            let mut breach = story.blame(run, None, entry.seq, message);
            breach.line = line.or(breach.line);
            judgement.breach(breach);
        }
    }
    judgement
}
