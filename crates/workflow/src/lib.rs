//! The GitHub Actions language: workflow files with the place of every key and value, expressions
//! with GitHub's semantics, filters, the order of jobs.
//!
//! Text goes in, a [`Workflow`] or a list of [`Problem`]s comes out; nothing is read, written or
//! decided here. A [`Template`] is evaluated in a [`expr::Context`] that the caller provides, and
//! what GitHub knows but this model does not hold is named in [`Workflow::unmodelled`].
//!
//! ```
//! use lockkeeper_workflow::{expr::{Contexts, Status, Value}, load, triggered, Event, StepKind};
//!
//! let text = r#"
//! on:
//!   push:
//!     branches: [main, "release/**"]
//! jobs:
//!   deploy:
//!     runs-on: ubuntu-24.04
//!     if: github.actor != 'dependabot[bot]'
//!     steps:
//!       - run: ./deploy.sh "${{ github.sha }}"
//! "#;
//! let workflow = load("deploy.yml", text).map_err(|problems| problems[0].clone())?;
//! assert!(triggered(&workflow, &Event::new("push", "refs/heads/release/1/x")).is_ok());
//! assert!(triggered(&workflow, &Event::new("push", "refs/heads/topic")).is_err());
//!
//! let job = &workflow.jobs["deploy"];
//! let github = Value::object([("actor", "mona"), ("sha", "0123abc")]);
//! let ctx = Contexts::new().with("github", github);
//! let condition = &job.if_.as_ref().ok_or("no if")?.value;
//! assert!(condition.eval(&ctx, &Status::SUCCESS)?);
//! assert!(!condition.eval(&ctx, &Status::FAILURE)?, "success() is implied");
//!
//! let StepKind::Run { script, .. } = &job.steps[0].kind else { return Err("not a run".into()) };
//! assert_eq!(script.eval_string(&ctx)?, "./deploy.sh \"0123abc\"");
//! assert_eq!(script.place().line, 10);
//!
//! let problems = load("ci.yml", "on: push\njobs: {a: {run-on: x, steps: []}}").unwrap_err();
//! assert_eq!(problems[1].suggestion.as_deref(), Some("did you mean `runs-on`?"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Types of other crates
//! One shows in public items: `indexmap::IndexMap`, for entries that are found by name and keep the
//! order of the file.
//!
//! # What is taken, and what is our own
//! `saphyr-parser` reads YAML into events. `github-actions-expressions` parses expressions but does
//! not evaluate them, and its tree has neither GitHub's limits nor its messages;
//! `github-actions-models` deserialises through serde, which loses the place of every key. So the
//! tree, the model and the evaluator are written here, against GitHub's own readers.

#![warn(missing_docs)]

mod call;
pub mod check;
mod condition;
mod events;
pub mod expr;
pub mod filter;
pub mod graph;
mod load;
pub mod matrix;
mod model;
mod origin;
pub mod partial;
mod permissions;
mod place;
pub mod plan;
mod suggest;
pub mod tables;
mod template;
mod trigger;
pub mod yaml;

pub use call::{MAX_CALL_DEPTH, check_calls, count_jobs};
pub use check::check;
pub use condition::Condition;
pub use load::{
    action_of, load, load_action, load_action_what_is_legal, load_action_within,
    load_what_is_legal, load_within, workflow_of,
};
pub use model::*;
pub use permissions::TokenDefault;
pub use place::{Place, Problem, Spanned, Unmodelled};
pub use template::{Data, Part, Template, TemplateExpr, secrets};
pub use trigger::{
    Changes, DispatchInputs, Event, NotTriggered, Trigger, Untold, activity_types, event_names,
    needs_default_branch, only_activity, skips_workflows, trigger, triggered, waits_for_approval,
};
pub use yaml::Limits;
