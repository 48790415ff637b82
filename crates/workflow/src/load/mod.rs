//! From the YAML tree to the model, reporting everything that GitHub would refuse on the way.

mod action;
mod container;
mod job;
mod reader;
mod step;
mod strategy;
mod triggers;
mod workflow;

use crate::model::{ActionFile, Workflow};
use crate::place::{Problem, Source};
use crate::yaml::{Document, Limits};
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
    sound(read(file, text, limits, workflow))
}

/// Like [`load`], and gives what could be read of a workflow that GitHub refuses, for checks of the
/// rest. What is at fault is left out of it.
pub fn load_what_is_legal(file: &str, text: &str) -> (Option<Workflow>, Vec<Problem>) {
    read(file, text, &Limits::default(), workflow)
}

/// Reads an action metadata file, `action.yml`
/// (<https://docs.github.com/actions/reference/metadata-syntax-reference>). `file` is the name that
/// places carry.
///
/// # Errors
/// All for which the runner would refuse to load the action, in the order of the file.
pub fn load_action(file: &str, text: &str) -> Result<ActionFile, Vec<Problem>> {
    load_action_within(file, text, &Limits::default())
}

/// Like [`load_action`], with limits of the caller's own.
///
/// # Errors
/// As [`load_action`].
pub fn load_action_within(
    file: &str,
    text: &str,
    limits: &Limits,
) -> Result<ActionFile, Vec<Problem>> {
    sound(read(file, text, limits, action))
}

/// Like [`load_action`], and gives what could be read of an action that the runner refuses, for
/// checks of the rest.
pub fn load_action_what_is_legal(file: &str, text: &str) -> (Option<ActionFile>, Vec<Problem>) {
    read(file, text, &Limits::default(), action)
}

fn workflow(reader: &mut Reader<'_, '_>, document: Document) -> Option<Workflow> {
    let mut workflow = reader.workflow(&document.root)?;
    workflow.unused_anchors = document.unused_anchors;
    crate::graph::settle_needs(&mut workflow);
    reader.problems.extend(crate::graph::problems(&workflow));
    Some(workflow)
}

fn action(reader: &mut Reader<'_, '_>, document: Document) -> Option<ActionFile> {
    reader.action(&document.root)
}

fn sound<T>((found, problems): (Option<T>, Vec<Problem>)) -> Result<T, Vec<Problem>> {
    match found {
        Some(found) if problems.is_empty() => Ok(found),
        _ => Err(problems),
    }
}

fn read<T>(
    file: &str,
    text: &str,
    limits: &Limits,
    model: impl FnOnce(&mut Reader<'_, '_>, Document) -> Option<T>,
) -> (Option<T>, Vec<Problem>) {
    let source = Source::new(file, text);
    let document = match crate::yaml::read(&source, limits) {
        Ok(document) => document,
        Err(problem) => return (None, vec![problem]),
    };
    let mut reader = Reader::new(&source);
    let found = model(&mut reader, document);
    let mut problems = reader.problems;
    problems.sort_by_key(|p| (p.place.span.start, p.place.span.end));
    problems.dedup();
    (found, problems)
}
