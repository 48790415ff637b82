//! The commands that steps find first on their `PATH`: what leaves the machine is answered by the
//! world, what takes time takes virtual time.
//!
//! A tool is a file here and a line in [`TOOLS`]. It runs inside the controller, yet touches files
//! only through its own process in the step's sandbox: [`Desk::read`] and [`Desk::write`] are
//! carried out by that process, with the step's rights and working directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lockkeeper_world::World;
use lockkeeper_world::ids::Caller;

use crate::commits::Commits;
use crate::machine::Machine;

/// One call of a tool, as its process saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The tool's name, then its arguments.
    pub argv: Vec<String>,
    pub cwd: PathBuf,
    pub env: BTreeMap<String, String>,
}

impl Invocation {
    pub fn args(&self) -> &[String] {
        self.argv.get(1..).unwrap_or_default()
    }

    pub fn env(&self, name: &str) -> Option<&str> {
        self.env
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

/// How far a tool has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It ends with this exit code, after its output is written.
    Done(i32),
    /// It goes on after this much virtual time; its output so far is written now.
    Sleep(Duration),
}

/// An installed program that runs in the place of a modelled tool.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// What takes the place of the call's first word.
    pub words: Vec<String>,
    /// Variables to set; the others are the call's own.
    pub env: Vec<(String, String)>,
}

/// Something that only the tool's own process can do. The tool returns it with `?`, and is resumed
/// from the start of [`Tool::resume`] once the answer is there: so it asks for what it needs
/// before it changes anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Standard input, to its end.
    Stdin,
    /// A whole file, relative to the working directory.
    Read(PathBuf),
    /// A file to write whole (created, truncated; its directory must exist unless `parents`).
    Write {
        path: PathBuf,
        bytes: Vec<u8>,
        parents: bool,
    },
    /// A program to run to its end, with the call's arguments and descriptors.
    Run(Program),
}

/// Why a file could not be read or written: the system's error number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileError(pub i32);

impl std::fmt::Display for FileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            libc::ENOENT => f.write_str("No such file or directory"),
            libc::EACCES => f.write_str("Permission denied"),
            libc::EISDIR => f.write_str("Is a directory"),
            libc::EFBIG => f.write_str("File too large"),
            _ => std::io::Error::from_raw_os_error(self.0).fmt(f),
        }
    }
}

/// What a tool works with.
pub struct Desk<'a> {
    pub call: &'a Invocation,
    pub world: &'a mut World,
    /// The runner machine of the job.
    pub machine: &'a mut Machine,
    /// What each commit of the scenario is like.
    pub commits: &'a Commits,
    pub caller: Caller,
    /// Answers to earlier [`Need`]s: bytes for reads, nothing for writes.
    pub answers: &'a BTreeMap<Need, Result<Vec<u8>, FileError>>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Desk<'_> {
    pub fn stdin(&self) -> Result<Vec<u8>, Need> {
        self.ask(Need::Stdin)
            .map(|answer| answer.unwrap_or_default())
    }

    pub fn read(&self, path: impl AsRef<Path>) -> Result<Result<Vec<u8>, FileError>, Need> {
        self.ask(Need::Read(path.as_ref().to_owned()))
    }

    /// Writes a file; asks once for the same path and bytes.
    pub fn write(
        &self,
        path: impl AsRef<Path>,
        bytes: Vec<u8>,
    ) -> Result<Result<(), FileError>, Need> {
        let need = Need::Write {
            path: path.as_ref().to_owned(),
            bytes,
            parents: false,
        };
        self.ask(need).map(|answer| answer.map(drop))
    }

    /// As [`Desk::write`], making the directories above it first.
    pub fn write_with_parents(
        &self,
        path: impl AsRef<Path>,
        bytes: Vec<u8>,
    ) -> Result<Result<(), FileError>, Need> {
        let need = Need::Write {
            path: path.as_ref().to_owned(),
            bytes,
            parents: true,
        };
        self.ask(need).map(|answer| answer.map(drop))
    }

    /// Runs a program to its end; its exit code.
    pub fn run(&self, program: &Program) -> Result<i32, Need> {
        let answer = self.ask(Need::Run(program.clone()))?.unwrap_or_default();
        Ok(answer
            .first_chunk()
            .map_or(125, |code| i32::from_le_bytes(*code)))
    }

    fn ask(&self, need: Need) -> Result<Result<Vec<u8>, FileError>, Need> {
        self.answers.get(&need).cloned().ok_or(need)
    }

    pub fn out(&mut self, text: impl AsRef<str>) {
        self.stdout.extend_from_slice(text.as_ref().as_bytes());
    }

    pub fn err(&mut self, text: impl AsRef<str>) {
        self.stderr.extend_from_slice(text.as_ref().as_bytes());
    }

    /// Records that something which the repository lacks was taken to be there.
    pub fn assume(&mut self, text: impl Into<String>) {
        let what = lockkeeper_world::event::What::Assumed { text: text.into() };
        self.world
            .log
            .push(self.world.now(), Some(self.caller), what);
    }

    /// Records that `text` (an option, a subcommand) is not modelled: it reaches the report.
    pub fn not_modelled(&mut self, text: impl Into<String>) {
        let what = lockkeeper_world::event::What::NotModelled {
            text: text.into(),
            file: None,
            line: Some(self.caller.line),
        };
        self.world
            .log
            .push(self.world.now(), Some(self.caller), what);
    }
}

/// A running call. State that must outlive a [`Progress::Sleep`] is in `self`.
pub trait Tool {
    fn resume(&mut self, desk: &mut Desk<'_>) -> Result<Progress, Need>;
}

/// A tool's name and how a call of it starts.
pub struct Entry {
    pub name: &'static str,
    pub start: fn(&Invocation) -> Box<dyn Tool>,
}

/// Every tool, in alphabetical order.
pub const TOOLS: &[Entry] = &[
    Entry {
        name: "aws",
        start: aws::start,
    },
    Entry {
        name: "curl",
        start: curl::start,
    },
    Entry {
        name: "docker",
        start: docker::start,
    },
    Entry {
        name: "gh",
        start: gh::start,
    },
    Entry {
        name: "node",
        start: npm::start,
    },
    Entry {
        name: "npm",
        start: npm::start,
    },
    Entry {
        name: "npx",
        start: npm::start,
    },
    Entry {
        name: "pnpm",
        start: npm::start,
    },
    Entry {
        name: "skopeo",
        start: skopeo::start,
    },
    Entry {
        name: "sleep",
        start: sleep::start,
    },
    Entry {
        name: "trivy",
        start: trivy::start,
    },
    Entry {
        name: "yarn",
        start: npm::start,
    },
];

pub(crate) use aws::wire::HttpRequest;

pub(crate) mod arguments;
pub(crate) mod aws;
mod curl;
mod docker;
mod ending;
mod gh;
mod go_template;
pub(crate) mod installed;
pub mod jq;
mod npm;
mod oci;
mod registry;
mod skopeo;
pub(crate) mod sleep;
mod trivy;
