//! `cargo xtask bench`: how fast, next to others. Prints figures and ratios, asserts none.

mod rehearsal;
mod steps;
mod workflow;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::process::Failure;

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    rehearsal: rehearsal::Arguments,
    #[command(subcommand)]
    other: Option<Other>,
}

#[derive(clap::Subcommand)]
enum Other {
    /// Parsing and validating workflow files, next to actionlint and zizmor
    Workflow(workflow::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    match &arguments.other {
        None => rehearsal::run(&arguments.rehearsal),
        Some(Other::Workflow(arguments)) => workflow::run(arguments),
    }
}

/// What a process took.
#[derive(Clone, Copy, Debug)]
struct Cost {
    wall: Duration,
    /// Time on processors, of which there is one. A busy machine changes it little.
    processor: Duration,
}

/// Runs a command on one processor to its end, its output thrown away, and says what it took. The exit
/// status is not looked at: linters say with it what they found.
fn cost(command: &mut Command) -> Result<Cost, Failure> {
    let mut pinned = Command::new("taskset");
    pinned.args(["--cpu-list", "0"]).arg(command.get_program());
    pinned.args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            pinned.env(name, value);
        }
    }
    timed(&mut pinned)
}

/// Runs a command to its end, as `cost` does, on every processor.
fn timed(command: &mut Command) -> Result<Cost, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let before = children();
    let begun = Instant::now();
    command
        .status()
        .map_err(|source| Failure::Start { program, source })?;
    Ok(Cost {
        wall: begun.elapsed(),
        processor: children().saturating_sub(before),
    })
}

/// Processor time of all children that ended so far.
fn children() -> Duration {
    // SAFETY: all zero is a valid `rusage`, and the call writes to nothing else.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    let time = |t: libc::timeval| {
        let micros = t.tv_sec.saturating_mul(1_000_000).saturating_add(t.tv_usec);
        Duration::from_micros(micros.unsigned_abs())
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}
