//! Runs the real workflow files in a world and judges which promises hold.

pub mod commits;
pub mod machine;
pub mod tools;
