//! `lockkeeper rehearse`

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args as ClapArgs, ValueEnum};
use lockkeeper_rehearsal::report::Human;
use lockkeeper_rehearsal::{Progress, RehearsalError, Request, rehearse};

use crate::exit::{self, Failure};

/// Run the workflow files on an embedded GitHub and AWS, and say which promises they keep
///
/// Plays pull requests, merges, approvals, races and faults in virtual time with the real workflow
/// files and real bash: no account, no Docker, no network. Each promise is kept, broken (with the
/// lines that broke it and what happened around them) or not exercised.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  lockkeeper rehearse                        the repository in this directory
  lockkeeper rehearse examples/node-api      another one
  lockkeeper rehearse --scenario rollback    one story only
  lockkeeper rehearse --format json          for programs
  lockkeeper rehearse --events events.jsonl  with everything that happened, a line each

Exit status: 0 no promise is broken, 1 a promise is broken, 2 unusable input or
nothing to judge, 3 this machine failed.")]
pub(crate) struct Args {
    /// The repository's directory
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
    /// How to print the report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The seed that decides between things that could happen at the same time
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Play only this story (may be given several times)
    #[arg(long = "scenario", value_name = "ID")]
    scenarios: Vec<String>,
    /// List the stories and stop
    #[arg(long)]
    list: bool,
    /// Write everything that happened to FILE, as JSON Lines
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Show every piece of evidence, not only the first of each promise
    #[arg(long, short)]
    verbose: bool,
    /// Run the steps without isolation from this machine: only for workflows that you trust
    #[arg(long)]
    no_sandbox: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if args.list {
        for (id, title) in lockkeeper_rehearsal::scenarios() {
            writeln!(anstream::stdout(), "{id:28} {title}").ok();
        }
        return Ok(ExitCode::SUCCESS);
    }
    let reading = crate::rules::read(&args.directory)?;
    let executable = std::env::current_exe()
        .map_err(|error| Failure::machine(format!("cannot find my own executable: {error}")))?;
    let request = Request {
        directory: args.directory.clone(),
        policy: reading.policy,
        seed: args.seed,
        scenarios: args.scenarios.clone(),
        executable,
        no_sandbox: args.no_sandbox,
    };
    let show = std::io::stderr().is_terminal() && args.format == Format::Human;
    let progress = |progress: Progress| {
        if show {
            let Progress {
                done,
                all,
                scenario,
            } = progress;
            write!(std::io::stderr(), "\r\u{1b}[K{done}/{all} {scenario}").ok();
        }
    };
    exit::clean_up_when_interrupted();
    let report = rehearse(&request, &progress);
    if show {
        write!(std::io::stderr(), "\r\u{1b}[K").ok();
    }
    let report = report.map_err(failure)?;
    if let Some(path) = &args.events {
        write_events(path, &report)?;
    }
    let mut out = anstream::stdout();
    let printed = match args.format {
        Format::Json => serde_json::to_writer_pretty(&mut out, &report)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out)),
        Format::Human => write!(
            out,
            "{}",
            Human {
                report: &report,
                colour: true,
                verbose: args.verbose
            }
        ),
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

fn write_events(path: &Path, report: &lockkeeper_rehearsal::report::Report) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    let written = report
        .write_events(&mut bytes)
        .and_then(|()| exit::replace_file(path, &bytes));
    written.map_err(|error| Failure::machine(format!("cannot write {}: {error}", path.display())))
}

fn failure(error: RehearsalError) -> Failure {
    match error {
        RehearsalError::Engine(_) => Failure::machine(error.to_string()),
        _ => Failure::usage(error.to_string()),
    }
}
