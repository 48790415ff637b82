//! What a runner does beside starting processes: file commands, output, hashes.

pub(crate) mod files;
pub(crate) mod hash;
pub(crate) mod output;
