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
use crate::place::{Problem, Spanned};
use crate::yaml::{Limits, Tree};
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

/// Like [`load_what_is_legal`], from a tree that was read already.
pub fn workflow_of(tree: &Tree<'_>) -> (Option<Workflow>, Vec<Problem>) {
    read_tree(tree, workflow)
}

/// Like [`load_action_what_is_legal`], from a tree that was read already.
pub fn action_of(tree: &Tree<'_>) -> (Option<ActionFile>, Vec<Problem>) {
    read_tree(tree, action)
}

fn workflow(reader: &mut Reader<'_, '_>, tree: &Tree<'_>) -> Option<Workflow> {
    let mut workflow = reader.workflow(tree.root())?;
    let unused = tree.unused_anchors().iter().map(|span| {
        let name = tree.excerpt(*span).trim_start_matches('&');
        Spanned::new(name.to_owned(), tree.place(*span))
    });
    workflow.unused_anchors = unused.collect();
    crate::graph::settle_needs(&mut workflow);
    reader.problems.extend(crate::graph::problems(&workflow));
    Some(workflow)
}

fn action(reader: &mut Reader<'_, '_>, tree: &Tree<'_>) -> Option<ActionFile> {
    reader.action(tree.root())
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
    model: impl FnOnce(&mut Reader<'_, '_>, &Tree<'_>) -> Option<T>,
) -> (Option<T>, Vec<Problem>) {
    match Tree::read_within(file, text, limits) {
        Ok(tree) => read_tree(&tree, model),
        Err(problem) => (None, vec![problem]),
    }
}

fn read_tree<T>(
    tree: &Tree<'_>,
    model: impl FnOnce(&mut Reader<'_, '_>, &Tree<'_>) -> Option<T>,
) -> (Option<T>, Vec<Problem>) {
    let mut reader = Reader::new(&tree.source);
    let found = model(&mut reader, tree);
    let mut problems = reader.problems;
    problems.sort_by_key(|p| (p.place.span.start, p.place.span.end));
    problems.dedup();
    (found, problems)
}
