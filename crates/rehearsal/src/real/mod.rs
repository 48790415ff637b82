//! Installed programs in the place of modelled tools: `--real`.
//!
//! Such a program is found on this machine, made readable and runnable for steps, and started by
//! the tool's own process. What it asks of the world goes through the controller, like every call.
//! A tool that can be the installed one is a file here and a line in [`REAL`].

mod aws;
mod python;

use std::path::{Path, PathBuf};
use std::time::Duration;

use lockkeeper_world::Durations;
use serde::{Deserialize, Serialize};

use crate::engine::SYSTEM;
use crate::tools::Program;

/// A tool that can be the installed one.
struct Entry {
    name: &'static str,
    /// The program's own variables.
    env: &'static [(&'static str, &'static str)],
    /// From the start of its process to its first request, or to its end without one.
    start_up: fn(&Durations) -> Duration,
    find: fn(Option<&Path>) -> Result<Found, String>,
}

const REAL: &[Entry] = &[aws::ENTRY];

/// Where an installed program lies.
struct Found {
    /// The directory that holds all of it.
    root: PathBuf,
    /// What starts it, from `root`.
    words: Vec<PathBuf>,
    /// What it reads beside that.
    also: Vec<PathBuf>,
    version: String,
}

/// An installed program that steps run in the place of a modelled tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealTool {
    name: String,
    version: String,
    root: PathBuf,
    words: Vec<PathBuf>,
    also: Vec<PathBuf>,
}

/// Why a tool cannot be the installed one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RealError {
    #[error("--real {name}: there is no such choice; there are: {known}")]
    Unknown { name: String, known: String },
    #[error("--real {name}: {why}")]
    Unusable { name: String, why: String },
}

/// The names of the tools that can be the installed ones.
pub fn names() -> impl Iterator<Item = &'static str> {
    REAL.iter().map(|entry| entry.name)
}

impl RealTool {
    /// Reads `NAME`, found on the `PATH`, or `NAME=PATH`.
    pub fn find(text: &str) -> Result<Self, RealError> {
        let (name, path) = match text.split_once('=') {
            Some((name, path)) => (name, Some(Path::new(path))),
            None => (text, None),
        };
        let Some(entry) = REAL.iter().find(|entry| entry.name == name) else {
            return Err(RealError::Unknown {
                name: name.to_owned(),
                known: names().collect::<Vec<_>>().join(", "),
            });
        };
        let found = (entry.find)(path).map_err(|why| RealError::Unusable {
            name: name.to_owned(),
            why,
        })?;
        Ok(Self {
            name: name.to_owned(),
            version: found.version,
            root: found.root,
            words: found.words,
            also: found.also,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// As the program itself says it.
    pub fn version(&self) -> &str {
        &self.version
    }

    fn entry(&self) -> Option<&'static Entry> {
        REAL.iter().find(|entry| entry.name == self.name)
    }

    pub(crate) fn start_up(&self, durations: &Durations) -> Duration {
        self.entry()
            .map_or(Duration::ZERO, |entry| (entry.start_up)(durations))
    }

    /// Where a machine with mounts of its own has it, from the machine's directory.
    pub(crate) fn place(&self) -> PathBuf {
        Path::new("real").join(&self.name)
    }

    /// What a machine with mounts of its own mounts there; the system's own is where it is.
    pub(crate) fn mounted(&self) -> Option<&Path> {
        (!is_of_system(&self.root)).then_some(&self.root)
    }

    /// What steps must be able to read for it, at its own path.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &Path> {
        [&self.root]
            .into_iter()
            .chain(&self.also)
            .map(PathBuf::as_path)
    }

    /// How a machine starts it whose directory is `inside`; `moved` where that is a mount.
    pub(crate) fn program(&self, inside: &Path, moved: bool) -> Program {
        let root = match moved && self.mounted().is_some() {
            true => inside.join(self.place()),
            false => self.root.clone(),
        };
        let shown = |path: PathBuf| path.display().to_string();
        let ours = ["endpoint.so", "preload.so"].map(|library| shown(inside.join(library)));
        let mut env = vec![
            ("LD_PRELOAD".to_owned(), ours.join(":")),
            ("LOCKKEEPER_CLOCK".to_owned(), shown(inside.join("clock"))),
            // Its monotonic clock is virtual too: all that it waits for is.
            ("LOCKKEEPER_REAL".to_owned(), self.name.clone()),
        ];
        let own = self.entry().map_or(&[][..], |entry| entry.env);
        env.extend(
            own.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        Program {
            words: self
                .words
                .iter()
                .map(|word| shown(root.join(word)))
                .collect(),
            env,
        }
    }
}

/// Directories that a machine covers with its own.
const COVERED: &[&str] = &["/mnt", "/srv", "/tmp"];

/// Whether steps could not see `path`, or see it anyway.
fn is_covered(path: &Path) -> bool {
    COVERED.iter().any(|covered| path.starts_with(covered))
}

fn is_of_system(path: &Path) -> bool {
    SYSTEM.iter().any(|directory| path.starts_with(directory))
}

/// The first executable file of this name on the `PATH` for which `fits` holds.
fn on_path<T>(name: &str, mut fits: impl FnMut(&Path) -> Result<T, String>) -> Result<T, String> {
    use std::os::unix::fs::PermissionsExt;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut why = None;
    for directory in std::env::split_paths(&path).filter(|directory| directory.is_absolute()) {
        let file = directory.join(name);
        let executable = std::fs::metadata(&file)
            .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0);
        if executable {
            match fits(&file) {
                Ok(found) => return Ok(found),
                Err(cause) => drop(why.get_or_insert(cause)),
            }
        }
    }
    Err(why.unwrap_or_else(|| {
        format!("there is no `{name}` on the PATH; install it, or leave the option out")
    }))
}
