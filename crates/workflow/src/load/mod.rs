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
    let source = Source::new(file, text);
    let root = crate::yaml::read(&source, limits).map_err(|p| vec![p])?;
    let mut reader = Reader::new(&source);
    let mut workflow = reader.workflow(&root);
    let mut problems = reader.problems;
    if let Some(workflow) = &mut workflow {
        crate::graph::settle_needs(workflow);
        problems.extend(crate::graph::problems(workflow));
    }
    problems.sort_by_key(|p| (p.place.span.start, p.place.span.end));
    problems.dedup();
    match workflow {
        Some(workflow) if problems.is_empty() => Ok(workflow),
        _ => Err(problems),
    }
}
