//! Workflows that mean harm, or are merely mad: what they reach, and what the report says of them.
//!
//! Each is played by the real executable. What they try, they try on decoys that the test has
//! made; most are also played without the sandbox, where they must succeed, so that a test whose
//! attack does not work is found out.

mod cage;
mod container;
#[path = "../stress/container.rs"]
#[allow(dead_code)]
mod docker;
mod interrupted;
mod limits;
mod played;
mod reach;
