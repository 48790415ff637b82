//! How a report reaches its readers: printed, and as files.

mod outputs;

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use lockkeeper_rehearsal::report::{Annotations, Human, Report};

use crate::exit::{self, Failure};

#[derive(Debug, Args)]
pub(crate) struct Shown {
    /// How to print the report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Show every piece of evidence, not only the first of each promise
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten)]
    outputs: outputs::Outputs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// For programs
    Json,
    /// Annotations for GitHub Actions, then the report for people
    Github,
}

impl Shown {
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Whether files are to be written beside what is printed.
    pub(crate) fn has_files(&self) -> bool {
        self.outputs.any()
    }

    pub(crate) fn is_for_people(&self) -> bool {
        self.format == Format::Human
    }

    /// Prints the report and writes the files that were asked for; `command` plays the rehearsal
    /// again. The exit status says what the report found.
    pub(crate) fn show(&self, report: &Report, command: &str) -> Result<ExitCode, Failure> {
        self.outputs.write(report, command)?;
        let mut out = anstream::stdout();
        let printed = match self.format {
            Format::Json => serde_json::to_writer_pretty(&mut out, report)
                .map_err(std::io::Error::from)
                .and_then(|()| writeln!(out)),
            Format::Human | Format::Github => {
                let annotations = Annotations(report);
                let text = Human {
                    report,
                    colour: true,
                    verbose: self.verbose,
                };
                match self.format {
                    Format::Github => write!(out, "{annotations}\n{text}"),
                    _ => write!(out, "{text}"),
                }
            }
        };
        exit::printed(printed)?;
        Ok(if report.is_empty() {
            ExitCode::from(2)
        } else if report.all_well() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }
}
