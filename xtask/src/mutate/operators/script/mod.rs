//! Operators over bash.

pub(super) mod arguments;
pub(super) mod assignments;
pub(super) mod background;
pub(super) mod branches;
pub(super) mod commands;
pub(super) mod comparisons;
pub(super) mod conditions;
pub(super) mod endings;
pub(super) mod guards;
pub(super) mod logic;
pub(super) mod numbers;
pub(super) mod order;
pub(super) mod redirects;
pub(super) mod settings;
pub(super) mod words;
