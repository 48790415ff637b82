//! Which jobs run for an event, and why is each other one skipped?
//!
//! [`plan`] answers for one workflow in a [`Situation`]: what happened, what is known of the
//! repository, how jobs are assumed to end. Calls of reusable workflows are followed with the
//! situation's own look-up. What depends on outputs of jobs, or on anything else that is not known
//! before the run, stays unknown and is named; it is never guessed.
//!
//! ```
//! use lockkeeper_workflow::plan::{plan, Situation, Skip, Verdict};
//! use lockkeeper_workflow::{load, Event, Trigger};
//!
//! let text = r#"
//! on:
//!   push: { branches: [main, "release/**"] }
//! jobs:
//!   test: { runs-on: ubuntu-24.04, strategy: { matrix: { node: [22, 24] } } }
//!   deploy:
//!     needs: test
//!     if: github.ref == 'refs/heads/main'
//!     runs-on: ubuntu-24.04
//!     environment: production
//! "#;
//! let workflow = load("ci.yml", text).map_err(|problems| problems[0].clone())?;
//!
//! let on_main = plan(&workflow, &Situation::of(Event::new("push", "refs/heads/main")));
//! let names: Vec<&str> = on_main.jobs[0].instances.iter().map(|i| i.name.shown.as_str()).collect();
//! assert_eq!(names, ["test (22)", "test (24)"]);
//! assert_eq!(on_main.jobs[1].verdict, Verdict::Runs);
//! let gate = on_main.jobs[1].instances[0].environment.as_ref().ok_or("no environment")?;
//! assert_eq!(gate.name.known(), Some("production"));
//!
//! let release = plan(&workflow, &Situation::of(Event::new("push", "refs/heads/release/1")));
//! let Verdict::Skipped(Skip::Condition { decided: Some(decided), .. }) = &release.jobs[1].verdict
//! else { return Err("runs".into()) };
//! assert_eq!(decided.values[0].0, "github.ref");
//!
//! let topic = plan(&workflow, &Situation::of(Event::new("push", "refs/heads/topic")));
//! assert!(matches!(topic.trigger, Some(Trigger::Not(_))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calls;
mod contexts;
mod instances;
mod jobs;
mod outcome;
mod permissions;
mod situation;
mod upstream;
mod verdict;

pub use outcome::{Assumptions, Outcome, Results};
pub use permissions::{TokenOrigin, TokenScopes};
pub use situation::{Facts, Situation};
pub use verdict::{
    Approval, CallPlan, Gate, Instance, JobPlan, Lock, MatrixPlan, Skip, Verdict, WorkflowPlan,
};

use crate::call::check_calls;
use crate::model::Workflow;
use crate::trigger::{Trigger, trigger, waits_for_approval};

/// What happens to `workflow` in a situation: total (every job of the file is in it, in the order
/// of its needs) and the same every time.
pub fn plan<'w>(workflow: &'w Workflow, situation: &Situation<'w>) -> WorkflowPlan {
    let trigger = situation
        .event
        .as_ref()
        .map(|event| trigger(workflow, event));
    let starts = !matches!(trigger, Some(Trigger::Not(_)));
    let planner = jobs::Planner::new(situation);
    let frame = planner.root(workflow);
    let event = situation.event.as_ref();
    WorkflowPlan {
        file: workflow.place.file.to_string(),
        name: contexts::workflow_name(workflow),
        refused: match starts {
            true => check_calls(workflow, situation.token, situation.find),
            false => Vec::new(),
        },
        approval: match event {
            Some(event) if waits_for_approval(event) => Approval::Needed,
            Some(event) if event.name == "pull_request" => match situation.facts.from_fork {
                Some(true) => Approval::FirstTime,
                _ => Approval::NotNeeded,
            },
            _ => Approval::NotNeeded,
        },
        run_name: planner.run_name(&frame),
        lock: planner.workflow_lock(&frame),
        jobs: match starts {
            true => planner.jobs(&frame),
            false => planner.idle(&frame),
        },
        trigger,
    }
}

/// The same for the workflows of a repository, in their order.
pub fn plan_all<'w>(
    workflows: impl IntoIterator<Item = &'w Workflow>,
    situation: &Situation<'w>,
) -> Vec<WorkflowPlan> {
    workflows
        .into_iter()
        .map(|workflow| plan(workflow, situation))
        .collect()
}
