//! The rules of a repository, for commands that act on them.

use std::path::Path;

use lockkeeper_policy::{ReadError, Reading, Source, Sources};

use crate::exit::Failure;

/// Reads the rules of the repository in `directory`. One without rules is read as if they said
/// nothing: its workflows can still be rehearsed.
pub(crate) fn read(directory: &Path) -> Result<Reading, Failure> {
    let sources = match lockkeeper_policy::load(directory) {
        Ok(sources) => sources,
        Err(ReadError::NoRules { .. }) if directory.is_dir() => Sources {
            files: vec![Source::new("CLAUDE.md", "")],
            skipped: Vec::new(),
        },
        Err(error) => return Err(Failure::usage(error.to_string())),
    };
    let reading =
        lockkeeper_policy::read(&sources).map_err(|error| Failure::usage(error.to_string()))?;
    match reading.contradictions.first() {
        Some(contradiction) => Err(Failure::usage(format!(
            "{}:{} wants {} and {}:{} wants {}: `lockkeeper explain` shows both",
            contradiction.first.place.source,
            contradiction.first.place.line,
            contradiction.first.value,
            contradiction.second.place.source,
            contradiction.second.place.line,
            contradiction.second.value,
        ))),
        None => Ok(reading),
    }
}
