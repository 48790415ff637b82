//! What a runner does beside starting processes: file commands, output, hashes.

pub(crate) mod files;
pub(crate) mod hash;
pub(crate) mod masks;
pub(crate) mod matchers;
pub(crate) mod output;
