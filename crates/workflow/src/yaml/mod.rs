//! YAML as GitHub reads it, with the bytes of every key and value.
//!
//! `saphyr-parser` gives the events with their positions. Loading them is ours, since no crate at
//! hand keeps the place of every key, bounds what aliases expand to, and resolves scalars by the
//! core schema of YAML 1.2 alone, in which `on` is a string and `1.10` a number.

mod node;
mod read;
mod scalar;

pub(crate) use node::{Kind, Node, Scalar, Style};
pub(crate) use read::{Document, read};

/// What a file may cost to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest file that GitHub reads, in characters.
    pub file_size: usize,
    /// How deep mappings and sequences nest.
    pub depth: usize,
    /// How many nodes there are after aliases are expanded.
    pub nodes: usize,
    /// How much text scalars have after aliases are expanded, in bytes.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_size: 1024 * 1024,
            depth: 50,
            nodes: 100_000,
            text: 8 * 1024 * 1024,
        }
    }
}

#[cfg(test)]
mod tests;
