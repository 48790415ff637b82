//! Types of expressions: what an expression is known to be before anything runs.
//!
//! GitHub evaluates expressions without types: what is not there is null, and an object put into
//! text is the word `Object`. Such an expression is hardly ever meant, so the types are stricter
//! than GitHub is, and what they find is never a reason to refuse a file.

mod action;
mod contexts;
mod functions;
mod infer;
mod lattice;
mod matrix;
mod steps;
#[cfg(test)]
mod tests;
mod workflow;

pub(crate) use action::InAction;
pub(crate) use infer::{ARGUMENT, COMPARISON, Environment, Mismatch, TYPE, UNDEFINED, infer};
pub(crate) use lattice::Type;
pub(crate) use matrix::template;
pub(crate) use workflow::{Contexts, Here, of_input};
