//! At settle staging serves the newest merged commit, or that commit's run is not green.

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::event::What;

use super::{Breach, Judgement, Promise, Story, Target};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::StagingServesMerge,
    covers: Classes::A_TO_C,
    mend: "Register a task-definition revision that names the image just built (by digest) and update the service to it; `--force-new-deployment` alone starts the old image again.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(service) = story.service(Target::Staging) else {
        return judgement;
    };
    let branch = story
        .facts
        .policy
        .environments
        .staging
        .branch
        .as_ref()
        .unwrap_or(&story.facts.policy.production_branch);
    let newest = story
        .events
        .iter()
        .rev()
        .find_map(|event| match &event.what {
            What::Pushed {
                branch: pushed,
                sha,
                ..
            } if pushed == branch.as_str() => Some((event, sha)),
            _ => None,
        });
    let Some((event, sha)) = newest else {
        return judgement;
    };
    let runs: Vec<_> = story
        .history
        .runs
        .iter()
        .filter(|run| {
            run.sha == *sha
                && story.facts.deploys_staging.contains(&run.workflow)
                && run.trigger == "push"
        })
        .collect();
    if runs
        .iter()
        .any(|run| story.history.unmodelled.contains(&(run.run, run.attempt)))
    {
        return judgement;
    }
    judgement.exercise();
    let serving = story.history.serving(service, story.settled);
    let serves = !serving.is_empty()
        && serving
            .keys()
            .all(|digest| story.commit_of(digest) == Some(sha));
    if serves {
        return judgement;
    }
    match runs.last() {
        None => judgement.breach(Breach {
            message: format!(
                "commit {} was merged, and nothing deployed it to staging",
                sha.short()
            ),
            run: None,
            file: story.facts.deploys_staging.first().cloned(),
            line: Some(1),
            seq: event.seq,
        }),
        Some(run) if run.green() => {
            let built = story.events.iter().any(|e| matches!(&e.what, What::ImagePushed { commit: Some(commit), .. } if commit == sha));
            let why = if built {
                "; the image built from it was pushed, and no task runs it"
            } else {
                ""
            };
            let message = format!(
                "commit {} was merged and its run is green, yet staging serves {}{why}",
                sha.short(),
                story.names(&serving)
            );
            judgement.breach(story.blame(run, Some(service), story.seq_at(story.settled), message));
        }
        Some(_) => {}
    }
    judgement
}
