//! The files that a rehearsal leaves behind when it is asked to.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use lockkeeper_rehearsal::report::{Html, Report, Summary, junit, trace};

use crate::exit::{self, Failure};

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Files to write")]
pub(super) struct Outputs {
    /// One page for people, which opens offline: verdicts, and every story over time
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// JUnit XML: a test for each promise and each story
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Markdown, put after what FILE holds already, as $GITHUB_STEP_SUMMARY wants it
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// A trace for Perfetto or chrome://tracing
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Everything that happened, as JSON Lines
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
}

impl Outputs {
    pub(super) fn any(&self) -> bool {
        let files = [
            &self.html,
            &self.junit,
            &self.summary,
            &self.trace,
            &self.events,
        ];
        files.into_iter().any(Option::is_some)
    }

    /// Writes what was asked for; `command` plays the rehearsal again.
    pub(super) fn write(&self, report: &Report, command: &str) -> Result<(), Failure> {
        if let Some(path) = &self.html {
            replace(path, Html { report, command }.to_string().as_bytes())?;
        }
        if let Some(path) = &self.junit {
            let text = junit(report).map_err(|error| cannot_write(path, &error))?;
            replace(path, text.as_bytes())?;
        }
        if let Some(path) = &self.summary {
            let text = Summary { report, command }.to_string();
            let mut options = std::fs::OpenOptions::new();
            let file = options.create(true).append(true).open(path);
            file.and_then(|mut file| file.write_all(text.as_bytes()))
                .map_err(|error| cannot_write(path, &error))?;
        }
        if let Some(path) = &self.trace {
            let mut bytes = Vec::new();
            trace(report, &mut bytes).map_err(|error| cannot_write(path, &error))?;
            replace(path, &bytes)?;
        }
        if let Some(path) = &self.events {
            let mut bytes = Vec::new();
            let written = report.write_events(&mut bytes);
            written.map_err(|error| cannot_write(path, &error))?;
            replace(path, &bytes)?;
        }
        Ok(())
    }
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    exit::replace_file(path, bytes).map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::machine(format!("cannot write {}: {error}", path.display()))
}
