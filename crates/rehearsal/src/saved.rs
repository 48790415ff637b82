//! Schedules that broke a promise once, in a file of the repository: every rehearsal plays them first.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::schedule::Schedule;

/// The file at the repository's root.
pub const SAVED: &str = "lockkeeper.schedules";
/// The most bytes that it may have.
const MOST_BYTES: u64 = 256 << 10;
/// The most schedules that it may have.
const MOST: usize = 1000;

const HEADER: &str = "\
# Schedules that broke a promise, one a line; `lockkeeper rehearse` plays them before its stories.
# `lockkeeper rehearse --replay '…'` plays one alone. What is no longer of use may be deleted.
";

/// Why a repository's file of schedules cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {why}", file.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct SavedError {
    file: PathBuf,
    line: Option<usize>,
    why: String,
}

impl SavedError {
    fn new(file: &Path, line: Option<usize>, why: impl ToString) -> Self {
        Self {
            file: file.to_owned(),
            line,
            why: why.to_string(),
        }
    }
}

fn text(file: &Path) -> Result<String, SavedError> {
    let mut text = String::new();
    let read = std::fs::File::open(file)
        .and_then(|opened| opened.take(MOST_BYTES + 1).read_to_string(&mut text));
    match read {
        Ok(read) if read as u64 > MOST_BYTES => {
            let why = format!("has more than {MOST_BYTES} bytes");
            Err(SavedError::new(file, None, why))
        }
        Ok(_) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(SavedError::new(file, None, error)),
    }
}

/// The schedules that a repository keeps, in their order; none where there is no file.
pub(crate) fn read(directory: &Path) -> Result<Vec<Schedule>, SavedError> {
    let file = directory.join(SAVED);
    let text = text(&file)?;
    let mut schedules = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let refuse = |why: String| SavedError::new(&file, Some(at + 1), why);
        if schedules.len() == MOST {
            return Err(refuse(format!("has more than {MOST} schedules")));
        }
        schedules.push(Schedule::parse(line).map_err(|error| refuse(error.to_string()))?);
    }
    Ok(schedules)
}

/// Adds schedules that are not there yet, each below what it broke; how many.
pub fn save<'a>(
    directory: &Path,
    schedules: impl Iterator<Item = (&'a str, String)>,
) -> Result<usize, SavedError> {
    let file = directory.join(SAVED);
    // What is there must be readable: nothing is added to something else.
    read(directory)?;
    let mut text = text(&file)?;
    let mut added = 0;
    for (schedule, why) in schedules {
        if text.lines().any(|line| line.trim() == schedule) {
            continue;
        }
        if text.is_empty() {
            text.push_str(HEADER);
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let why = why.replace(|c: char| c.is_control(), " ");
        text.push_str(&format!("\n# {why}\n{schedule}\n"));
        added += 1;
    }
    if added > 0 {
        let written = tempfile::NamedTempFile::new_in(directory).and_then(|mut fresh| {
            fresh.write_all(text.as_bytes())?;
            fresh.persist(&file)?;
            Ok(())
        });
        written.map_err(|error| SavedError::new(&file, None, error))?;
    }
    Ok(added)
}
