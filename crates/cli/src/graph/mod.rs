//! `lockkeeper graph`

mod args;
mod files;
mod json;
mod mermaid;
mod text;
mod triggers;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use lockkeeper_workflow::Workflow;
use lockkeeper_workflow::plan::{Situation, WorkflowPlan, plan};

pub(crate) use args::Args;

use crate::exit::{self, Failure};
use crate::printable::printable;
use args::Format;

/// What is shown of one workflow.
struct Shown<'w> {
    workflow: &'w Workflow,
    plan: WorkflowPlan,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let files = files::read(args)?;
    let find = |uses: &str| files.called(uses);
    let situation = args.situation(&find)?;
    check_failing(args, &files, &situation)?;
    let shown: Vec<Shown<'_>> = files
        .planned()
        .map(|workflow| Shown {
            workflow,
            plan: plan(workflow, &situation),
        })
        .collect();
    let page = match args.format {
        Format::Text => text::page(&shown, &situation, args),
        Format::Mermaid => mermaid::page(&shown),
        Format::Json => json::page(&shown, &situation),
    };
    exit::printed(anstream::stdout().write_all(page.as_bytes()))?;
    match files.unreadable() {
        None => Ok(ExitCode::SUCCESS),
        Some(problems) => Err(Failure::usage(problems)),
    }
}

/// Jobs that are said to fail must exist: a misspelt one would go unnoticed.
fn check_failing(
    args: &Args,
    files: &files::Files,
    situation: &Situation<'_>,
) -> Result<(), Failure> {
    if args.fails.is_empty() {
        return Ok(());
    }
    let find = |uses: &str| files.called(uses);
    let any = Situation {
        find: &find,
        ..Situation::any()
    };
    let mut known = BTreeSet::new();
    for workflow in files.planned() {
        let started = Situation {
            event: situation.event.clone(),
            facts: situation.facts.clone(),
            find: &find,
            ..Situation::any()
        };
        for plan in [plan(workflow, &any), plan(workflow, &started)] {
            known.extend(plan.every_job().into_iter().map(|job| job.path.clone()));
        }
    }
    match args.fails.iter().find(|path| !known.contains(*path)) {
        None => Ok(()),
        Some(path) => {
            let known: Vec<&str> = known.iter().map(String::as_str).take(20).collect();
            Err(Failure::usage(format!(
                "there is no job `{}`, only {}",
                printable(path),
                printable(&known.join(", "))
            )))
        }
    }
}

/// The last part of a path.
fn base(file: &str) -> &str {
    file.rsplit_once('/').map_or(file, |(_, name)| name)
}
