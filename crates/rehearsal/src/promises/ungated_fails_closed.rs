//! Without its protection, the production environment is not deployed to.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;

use super::{Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::UngatedFailsClosed,
    covers: Classes::A_TO_C,
    mend: "Before the gated job, read the environment through GitHub's API and end red unless it exists with required reviewers and the expected branch policy: GitHub creates a missing one without any gate.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(service) = story.service(Target::Production) else {
        return judgement;
    };
    if !story.challenged(PromiseId::UngatedFailsClosed) {
        return judgement;
    }
    for run in story.deploys(Target::Production) {
        judgement.exercise();
        if let Some(update) = story.history.updates_of(run, service).next() {
            let message = "production was changed although nobody could be asked: its environment was missing or unprotected".to_owned();
            judgement.breach(story.blame(run, Some(service), update.seq, message));
        } else if let (true, Some((at, _))) = (run.green(), run.ended) {
            let message = "the run ended green although the production environment was missing or unprotected".to_owned();
            judgement.breach(story.blame(run, None, story.seq_at(at), message));
        }
    }
    judgement
}
