//! YAML as GitHub reads it, with the bytes of every key and value.
//!
//! `saphyr-parser` gives the events with their positions. Loading them is ours, since no crate at
//! hand keeps the place of every key, bounds what aliases expand to, and resolves scalars by the
//! core schema of YAML 1.2 alone, in which `on` is a string and `1.10` a number.

mod node;
mod read;
mod scalar;

pub(crate) use node::{Kind, Node, Scalar, Style};
pub(crate) use read::read;

/// The largest file that GitHub reads, in characters.
pub const MAX_FILE_SIZE: usize = 1024 * 1024;
/// How deep mappings and sequences nest.
pub const MAX_YAML_DEPTH: usize = 50;
/// How many nodes a file has after its aliases are expanded.
pub const MAX_NODES: usize = 100_000;
/// How much text its scalars have after aliases are expanded, in bytes.
pub const MAX_EXPANDED_TEXT: usize = 8 * 1024 * 1024;
