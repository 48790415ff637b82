//! Starting other programs, and what can go wrong with them.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};

/// Why a command of ours could not reach its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{program} is not installed: {advice}")]
    Missing {
        program: String,
        advice: &'static str,
    },
    #[error("{program} could not be started: {source}")]
    Start { program: String, source: io::Error },
    #[error("{step} failed ({status})")]
    Failed { step: String, status: ExitStatus },
    #[error("{program} ran, but judged nothing: {why}\n{output}")]
    Broken {
        program: &'static str,
        why: String,
        output: String,
    },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Setup(String),
}

impl Failure {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Failure + use<> {
        let path = path.to_owned();
        move |source| Failure::File { path, source }
    }
}

/// Programs that are expected on a developer's machine, and how to get them.
const ADVICE: &[(&str, &str)] = &[
    (
        "python3",
        "install Python 3.10 or newer with venv (Debian: apt-get install python3 python3-venv)",
    ),
    (
        "node",
        "install Node.js 20.19 or newer with npm (Debian: apt-get install nodejs npm)",
    ),
    (
        "npm",
        "install Node.js 20.19 or newer with npm (Debian: apt-get install nodejs npm)",
    ),
    (
        "xmllint",
        "install libxml2's tools (Debian: apt-get install libxml2-utils)",
    ),
];

fn starting(command: &Command, source: io::Error) -> Failure {
    let program = command.get_program().to_string_lossy().into_owned();
    match ADVICE.iter().find(|(name, _)| *name == program) {
        Some(&(_, advice)) if source.kind() == ErrorKind::NotFound => {
            Failure::Missing { program, advice }
        }
        _ => Failure::Start { program, source },
    }
}

/// Shows what is run and lets it print; anything but success is a failure.
pub(crate) fn step(command: &mut Command) -> Result<(), Failure> {
    let shown = shown(command);
    println!("  $ {shown}");
    let status = command
        .status()
        .map_err(|source| starting(command, source))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Failed {
            step: shown,
            status,
        })
    }
}

/// Runs quietly. The status is the caller's to read.
pub(crate) fn output(command: &mut Command) -> Result<Output, Failure> {
    command.output().map_err(|source| starting(command, source))
}

/// Standard output and error as one text.
pub(crate) fn text(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let words: Vec<_> = std::iter::once(program.file_name().unwrap_or(program.as_os_str()))
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect();
    words.join(" ")
}
