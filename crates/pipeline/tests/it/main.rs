//! The crate from the outside: whole generated projects.

mod drift;
mod generated;
mod names;
mod refusals;
mod rules;
