//! `lockkeeper judge`

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as ClapArgs;

use crate::exit::Failure;
use crate::report::Shown;

/// Judge a log again that `rehearse --events` has recorded
///
/// Nothing is run: which promises hold is asked of the log alone. For a log that nobody changed the
/// answer is the one that the rehearsal gave.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  lockkeeper rehearse --events log.jsonl     record a rehearsal
  lockkeeper judge log.jsonl                 what its report said
  lockkeeper judge log.jsonl --html page.html
                                             a page of it, made later or elsewhere

Exit status: 0 no promise is broken, 1 a promise is broken, 2 unusable input or
nothing to judge, 3 this machine failed.")]
pub(crate) struct Args {
    /// The log: JSON Lines
    #[arg(value_name = "EVENTS.jsonl")]
    log: PathBuf,
    #[command(flatten)]
    shown: Shown,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let name = args.log.display();
    let unusable = |error: &dyn std::fmt::Display| Failure::usage(format!("{name}: {error}"));
    let log = File::open(&args.log).map_err(|error| unusable(&error))?;
    let report = lockkeeper_rehearsal::judge(log).map_err(|error| unusable(&error))?;
    let command = format!("lockkeeper rehearse --seed {}", report.seed);
    args.shown.show(&report, &command)
}
