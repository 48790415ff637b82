//! A good change gets through: it merges, staging serves it, and once approved production does.
//!
//! Without it, a pipeline whose every run is red would break nothing. Stories with faults, and those
//! in which a run should refuse, say nothing here.

use lockkeeper_names::CommitSha;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::app::Behaviour;
use lockkeeper_world::event::{Conclusion, What};

use super::{Breach, Judgement, Promise, Story, Target};
use crate::faults::Classes;
use crate::history::Run;
use crate::survey::Settings;

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::GoodChangeArrives,
    covers: Classes::NONE,
    mend: "Look at the log of the step that the message names: nothing was wrong with the change, the image or the services.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let faults = |classes: &'static [char]| {
        story.events.iter().filter(move |event| match &event.what {
            What::Fault { class, .. } => classes.contains(class),
            _ => false,
        })
    };
    // A bad image or a lost runner is no good change's; a run that was cancelled may be run again.
    let struck = faults(&['B', 'D', 'E']).next().is_some();
    let cancelled = faults(&['C']).next_back().map(|event| event.at);
    if !story.challenged(PromiseId::GoodChangeArrives) || struck {
        return judgement;
    }
    for event in story.events {
        match &event.what {
            // Where workflows are left out, that it merged does not say that it arrives.
            What::Merged { head, .. } if story.is_good(head) && story.facts.left_out.is_empty() => {
                judgement.exercise();
            }
            // Checks that cannot come to a good end here refuse whatever is proposed.
            What::MergeRefused { sha, why, .. }
                if story.is_good(sha) && !story.checks_left_out(sha) =>
            {
                let mut runs = story.history.runs.iter();
                let red = runs.find(|run| run.head == *sha && !run.green());
                let message = format!("a change that fails no gate could not merge: {why}");
                judgement.breach(match red {
                    Some(run) => story.stuck(run, message),
                    None => Breach {
                        message,
                        run: None,
                        file: story.facts.checks_pulls.first().cloned(),
                        line: Some(1),
                        seq: event.seq,
                    },
                });
            }
            _ => {}
        }
    }
    for target in Target::BOTH {
        for run in story.deploys(target) {
            // Where nobody is asked although the rules want it, ending red is what a run should do.
            let reviews = story.history.reviews.iter();
            let mut of_run = reviews.filter(|review| review.run == run.run);
            let unguarded = target == Target::Production
                && story.settings == Settings::Defaults
                && story.facts.policy.environments.production.approval
                && of_run.next().is_none();
            let before = cancelled.is_some_and(|at| run.created <= at);
            if !story.is_good(&run.sha) || unguarded || before {
                continue;
            }
            judgement.exercise();
            if !run.green() {
                let message = format!(
                    "nothing was wrong, and the run that should bring a good change to {} did not end green",
                    target.name()
                );
                judgement.breach(story.stuck(run, message));
            }
        }
    }
    judgement
}

impl Story<'_> {
    /// Whether a commit fails no gate and its image is healthy.
    fn is_good(&self, sha: &CommitSha) -> bool {
        let traits = self.commits.of(sha);
        traits.fails.is_empty() && traits.behaviour == Behaviour::Healthy
    }

    fn checks_left_out(&self, head: &CommitSha) -> bool {
        let mut of_head = self.history.runs.iter().filter(|run| run.head == *head);
        of_head.any(|run| self.facts.leaves_out(&run.workflow, &run.trigger))
    }

    /// A breach at the first step of a run that did not end well.
    fn stuck(&self, run: &Run, message: String) -> Breach {
        let mut breach = self.blame(run, None, self.seq_at(self.settled), message);
        let mut steps = Vec::new();
        for event in self.events {
            match &event.what {
                What::StepStarted {
                    run: of,
                    job,
                    step,
                    line,
                    ..
                } if *of == run.run => steps.push((*job, *step, *line)),
                What::StepCompleted {
                    run: of,
                    job,
                    step,
                    conclusion,
                    ..
                } if *of == run.run
                    && matches!(conclusion, Conclusion::Failure | Conclusion::Cancelled) =>
                {
                    let found = steps.iter().find(|(j, s, _)| j == job && s == step);
                    if let Some((_, _, line)) = found {
                        breach.line = Some(*line);
                        breach.seq = event.seq;
                        break;
                    }
                }
                _ => {}
            }
        }
        breach
    }
}
