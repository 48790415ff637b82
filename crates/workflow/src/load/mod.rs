//! From the YAML tree to the model, reporting everything that GitHub would refuse on the way.

mod container;
mod job;
mod reader;
mod step;
mod strategy;
mod triggers;
mod workflow;

use crate::model::Workflow;
use crate::place::{Problem, Source};
use crate::yaml::Limits;
use reader::Reader;

/// Reads a workflow file. `file` is the name that places carry.
///
/// # Errors
/// All that GitHub would refuse, in the order of the file. Text that is not YAML gives one problem,
/// since nothing behind it can be read.
pub fn load(file: &str, text: &str) -> Result<Workflow, Vec<Problem>> {
    load_within(file, text, &Limits::default())
}

/// Like [`load`], with limits of the caller's own.
///
/// # Errors
/// As [`load`].
pub fn load_within(file: &str, text: &str, limits: &Limits) -> Result<Workflow, Vec<Problem>> {
    match read(file, text, limits) {
        (Some(workflow), problems) if problems.is_empty() => Ok(workflow),
        (_, problems) => Err(problems),
    }
}

/// Like [`load`], and gives what could be read of a workflow that GitHub refuses, for checks of the
/// rest. What is at fault is left out of it.
pub fn load_what_is_legal(file: &str, text: &str) -> (Option<Workflow>, Vec<Problem>) {
    read(file, text, &Limits::default())
}

fn read(file: &str, text: &str, limits: &Limits) -> (Option<Workflow>, Vec<Problem>) {
    let source = Source::new(file, text);
    let root = match crate::yaml::read(&source, limits) {
        Ok(root) => root,
        Err(problem) => return (None, vec![problem]),
    };
    let mut reader = Reader::new(&source);
    let mut workflow = reader.workflow(&root);
    let mut problems = reader.problems;
    if let Some(workflow) = &mut workflow {
        crate::graph::settle_needs(workflow);
        problems.extend(crate::graph::problems(workflow));
    }
    problems.sort_by_key(|p| (p.place.span.start, p.place.span.end));
    problems.dedup();
    (workflow, problems)
}
