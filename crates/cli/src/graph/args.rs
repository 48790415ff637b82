//! What the command is asked, and the situation that this describes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use lockkeeper_workflow::expr::Value;
use lockkeeper_workflow::partial::{Known, Members};
use lockkeeper_workflow::plan::{Assumptions, Facts, Outcome, Situation};
use lockkeeper_workflow::{
    Changes, DispatchInputs, Event, Workflow, activity_types, event_names, needs_default_branch,
    only_activity,
};

use crate::exit::Failure;

/// Show which jobs run for an event, and why each other one is skipped
///
/// Reads the workflow files as GitHub does: filters of triggers, `needs`, `if`, matrices, calls of
/// reusable workflows. Shows gates (environments) and locks (concurrency groups) where a job waits.
/// What depends on outputs of jobs, or on anything else that is not known before the run, is shown
/// as unknown. Without --event it shows what starts each workflow, and its whole graph.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  lockkeeper graph                                     every workflow: triggers and jobs
  lockkeeper graph --event push --ref main             what a push to main starts
  lockkeeper graph --event push --path docs/a.md       when only that file changed
  lockkeeper graph --event pull_request --base main --head topic --fork
  lockkeeper graph --event pull_request --type labeled
  lockkeeper graph --event workflow_dispatch --input image_tag=v1.2.3
  lockkeeper graph --event push --fails test deploy/migrate
  lockkeeper graph --event push --format mermaid >> docs/pipeline.md

Exit status: 0 shown, 2 unusable input, 3 this machine failed.")]
pub(crate) struct Args {
    /// The repository's directory
    #[arg(default_value = ".", value_name = "PATH")]
    pub(super) directory: PathBuf,
    /// Workflow files elsewhere than in .github/workflows: a directory, or one file
    #[arg(long, value_name = "DIR|FILE")]
    pub(super) workflows: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// What happens: push, pull_request, workflow_dispatch, …
    #[arg(long, value_name = "NAME", help_heading = "Event")]
    event: Option<String>,
    /// The activity type [default: opened for pull requests]
    #[arg(
        long = "type",
        value_name = "TYPE",
        requires = "event",
        help_heading = "Event"
    )]
    activity: Option<String>,
    /// The branch, or the full ref such as refs/tags/v1 [default: the default branch]
    #[arg(
        long = "ref",
        value_name = "REF",
        requires = "event",
        help_heading = "Event"
    )]
    git_ref: Option<String>,
    /// The branch that a pull request or merge group goes into [default: the default branch]
    #[arg(
        long,
        value_name = "BRANCH",
        requires = "event",
        help_heading = "Event"
    )]
    base: Option<String>,
    /// The branch that a pull request comes from
    #[arg(
        long,
        value_name = "BRANCH",
        requires = "event",
        help_heading = "Event"
    )]
    head: Option<String>,
    /// The pull request comes from a fork
    #[arg(long, requires = "event", help_heading = "Event")]
    fork: bool,
    /// Files that changed, for path filters (without it they are unknown)
    #[arg(long = "path", value_name = "FILE", num_args = 1.., requires = "event", help_heading = "Event")]
    paths: Vec<String>,
    /// An input of a dispatch (without any, inputs have their defaults)
    #[arg(
        long = "input",
        value_name = "NAME=VALUE",
        requires = "event",
        help_heading = "Event"
    )]
    inputs: Vec<String>,
    /// The workflow that ran, for workflow_run
    #[arg(
        long,
        value_name = "WORKFLOW",
        requires = "event",
        help_heading = "Event"
    )]
    ran: Option<String>,
    /// The message of the head commit, for [skip ci]
    #[arg(long, value_name = "TEXT", requires = "event", help_heading = "Event")]
    message: Option<String>,
    /// A workflow did it, with its GITHUB_TOKEN
    #[arg(long, requires = "event", help_heading = "Event")]
    by_token: bool,
    /// The payload, as a JSON file: the whole of github.event
    #[arg(long, value_name = "FILE", requires = "event", help_heading = "Event")]
    payload: Option<PathBuf>,
    /// Who did it
    #[arg(long, value_name = "LOGIN", requires = "event", help_heading = "Event")]
    actor: Option<String>,
    /// The repository's name on GitHub
    #[arg(long, value_name = "OWNER/NAME", help_heading = "Repository")]
    repository: Option<String>,
    /// The repository's default branch
    #[arg(
        long,
        value_name = "BRANCH",
        default_value = "main",
        help_heading = "Repository"
    )]
    default_branch: String,
    /// A variable of the repository, for the vars context (others are unknown)
    #[arg(long = "var", value_name = "NAME=VALUE", help_heading = "Repository")]
    vars: Vec<String>,
    /// Jobs that fail, by id; a called workflow's as CALLER/JOB (others succeed)
    #[arg(long, value_name = "JOB", num_args = 1.., help_heading = "Repository")]
    pub(super) fails: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Mermaid,
    Json,
}

impl Args {
    /// What these arguments describe.
    pub(super) fn situation<'w>(
        &self,
        find: &'w dyn Fn(&str) -> Option<&'w Workflow>,
    ) -> Result<Situation<'w>, Failure> {
        let mut assumptions = Assumptions::success();
        for path in &self.fails {
            assumptions = assumptions.but(path, Outcome::Failure);
        }
        let mut vars = Members::open();
        for pair in &self.vars {
            let (name, value) = pair_of(pair, "--var")?;
            vars.set(name, value);
        }
        let payload = self.payload.as_ref().map(read_payload).transpose()?;
        let event = self.event(payload.as_ref())?;
        let is_pull = event.as_ref().is_some_and(|event| is_pull(&event.name));
        let pull = payload
            .as_ref()
            .and_then(|payload| payload.get("pull_request"));
        let told_fork = pull.and_then(|pull| member(pull, &["head", "repo", "fork"]));
        let told_head = pull.and_then(|pull| member(pull, &["head", "ref"]));
        let head = self.head.clone().or(told_head.map(Value::to_text));
        Ok(Situation {
            facts: Facts {
                head_ref: head.filter(|_| is_pull),
                from_fork: is_pull.then_some(self.fork || told_fork.is_some_and(Value::is_truthy)),
                actor: self.actor.clone(),
                repository: self.repository.clone(),
                payload,
                vars: Known::Object(vars),
                ..Facts::default()
            },
            event,
            assumptions,
            find,
            ..Situation::any()
        })
    }

    /// The event. What a payload says of it holds where no option does.
    fn event(&self, payload: Option<&Value>) -> Result<Option<Event>, Failure> {
        let Some(name) = &self.event else {
            return Ok(None);
        };
        if !event_names().any(|known| known == name) {
            let like =
                event_names().filter(|known| known.contains(name.as_str()) || name.contains(known));
            let like: Vec<&str> = like.take(5).collect();
            let hint = match like.as_slice() {
                [] => "see docs.github.com on events that trigger workflows".to_owned(),
                like => format!("did you mean {}?", like.join(" or ")),
            };
            return Err(Failure::usage(format!(
                "`{}` is no event: {hint}",
                crate::printable::printable(name)
            )));
        }
        self.check_options(name)?;
        let types = activity_types(name);
        let told = |key: &str| {
            let found = payload.and_then(|payload| member(payload, &[key]));
            found.and_then(Value::as_str).map(str::to_owned)
        };
        let activity = match &self.activity {
            Some(given) if !types.is_empty() && !types.contains(&given.as_str()) => {
                return Err(Failure::usage(format!(
                    "`{name}` has no activity type `{}`, only {}",
                    crate::printable::printable(given),
                    types.join(", ")
                )));
            }
            Some(given) => Some(given.clone()),
            None if told("action").is_some() => told("action"),
            None if is_pull(name) && types.contains(&"opened") => Some("opened".to_owned()),
            None => only_activity(name).map(str::to_owned),
        };
        let inputs: Result<DispatchInputs, Failure> = self
            .inputs
            .iter()
            .map(|pair| pair_of(pair, "--input").map(|(k, v)| (k.to_owned(), v.to_owned())))
            .collect();
        Ok(Some(Event {
            name: name.clone(),
            activity,
            git_ref: self.filtered_ref(name, payload),
            changes: match self.paths.is_empty() {
                true => Changes::Unknown,
                false => Changes::Files(self.paths.clone()),
            },
            workflow: self.ran.clone(),
            head_message: self.message.clone(),
            by_token: self.by_token,
            has_conflict: false,
            default_branch: Some(self.default_branch.clone()),
            file_on_default_branch: None,
            inputs: Some(inputs?),
        }))
    }

    /// The ref that filters are about.
    fn filtered_ref(&self, event: &str, payload: Option<&Value>) -> String {
        let (given, path): (_, &[&str]) = match event {
            "merge_group" => (&self.base, &["merge_group", "base_ref"]),
            event if is_pull(event) => (&self.base, &["pull_request", "base", "ref"]),
            _ => (&self.git_ref, &["ref"]),
        };
        let told = payload.and_then(|payload| member(payload, path));
        let told = told.and_then(Value::as_str);
        match given.as_deref().or(told).unwrap_or(&self.default_branch) {
            full if full.starts_with("refs/") => full.to_owned(),
            branch => format!("refs/heads/{branch}"),
        }
    }

    /// Options that say nothing about the event would be passed over in silence.
    fn check_options(&self, event: &str) -> Result<(), Failure> {
        let pull = is_pull(event);
        let fits = [
            (
                "--base",
                self.base.is_some(),
                pull || event == "merge_group",
            ),
            ("--head", self.head.is_some(), pull),
            ("--fork", self.fork, pull),
            (
                "--ref",
                self.git_ref.is_some(),
                !pull && event != "merge_group",
            ),
            (
                "--input",
                !self.inputs.is_empty(),
                event == "workflow_dispatch",
            ),
            ("--ran", self.ran.is_some(), event == "workflow_run"),
        ];
        for (option, given, fits) in fits {
            if given && !fits {
                let instead = match option {
                    "--ref" => ": name the branch that it goes into with --base",
                    _ => "",
                };
                return Err(Failure::usage(format!(
                    "{option} says nothing about `{event}`{instead}"
                )));
            }
        }
        let elsewhere = self
            .git_ref
            .as_ref()
            .is_some_and(|git_ref| *git_ref != self.default_branch);
        let free = matches!(event, "workflow_dispatch" | "workflow_run" | "schedule");
        if elsewhere && !free && needs_default_branch(event) {
            return Err(Failure::usage(format!(
                "`{event}` always runs on the default branch, {}",
                crate::printable::printable(&self.default_branch)
            )));
        }
        Ok(())
    }

    /// The event in words.
    pub(super) fn headline(&self, event: &Event) -> String {
        let branch = |git_ref: &str| match git_ref.strip_prefix("refs/heads/") {
            Some(branch) => branch.to_owned(),
            None => git_ref.to_owned(),
        };
        let mut text = event.name.clone();
        if let Some(activity) = &event.activity {
            text.push_str(&format!(" ({activity})"));
        }
        let place = branch(&event.git_ref);
        match event.name.as_str() {
            name if is_pull(name) => {
                if let Some(head) = &self.head {
                    text.push_str(&format!(" from {head}"));
                }
                if self.fork {
                    text.push_str(if self.head.is_some() {
                        " of a fork"
                    } else {
                        " from a fork"
                    });
                }
                text.push_str(&format!(" into {place}"));
            }
            "merge_group" => text.push_str(&format!(" into {place}")),
            "push" => text.push_str(&format!(" to {place}")),
            "workflow_run" => {
                let ran = self.ran.as_deref().unwrap_or("a workflow");
                text.push_str(&format!(" of {ran} on {place}"));
            }
            _ => text.push_str(&format!(" on {place}")),
        }
        text
    }
}

fn member<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

fn is_pull(event: &str) -> bool {
    event.starts_with("pull_request")
}

fn pair_of<'a>(pair: &'a str, option: &str) -> Result<(&'a str, &'a str), Failure> {
    match pair.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name, value)),
        _ => Err(Failure::usage(format!(
            "{option} takes NAME=VALUE, not `{}`",
            crate::printable::printable(pair)
        ))),
    }
}

fn read_payload(path: &PathBuf) -> Result<Value, Failure> {
    let text = super::files::text(path)?;
    let value = Value::from_json(&text)
        .map_err(|error| Failure::usage(format!("{}: no JSON: {error}", path.display())))?;
    match value {
        Value::Object(_) => Ok(value),
        _ => Err(Failure::usage(format!(
            "{}: a payload is a JSON object",
            path.display()
        ))),
    }
}
