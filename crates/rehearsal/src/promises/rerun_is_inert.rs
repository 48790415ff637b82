//! Re-running an old production run changes nothing.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;

use super::{Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::RerunIsInert,
    covers: Classes::A_TO_C,
    mend: "Let the gated job's first step refuse `GITHUB_RUN_ATTEMPT` other than 1 (\"dispatch again\"): a re-run deploys an old tag over whatever serves now.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(service) = story.service(Target::Production) else {
        return judgement;
    };
    for run in story
        .deploys(Target::Production)
        .filter(|run| run.attempt > 1)
    {
        judgement.exercise();
        if let Some(update) = story.history.updates_of(run, service).next() {
            let message = format!(
                "a re-run (attempt {}) of an old production run deployed again",
                run.attempt
            );
            judgement.breach(story.blame(run, Some(service), update.seq, message));
        }
    }
    judgement
}
