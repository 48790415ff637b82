//! Runs the real workflow files in a world and judges which promises hold.

pub mod commits;
pub mod engine;
pub mod machine;
pub mod models;
pub mod personality;
pub mod repository;
mod timeout;
pub mod tools;
