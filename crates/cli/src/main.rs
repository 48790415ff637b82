//! The `lockkeeper` command.

mod exit;
mod explain;
mod generate;
mod graph;
mod judge;
mod printable;
mod rehearse;
mod report;
mod rules;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Deployment rules in prose, a GitHub Actions pipeline for Amazon ECS that keeps them, and a
/// rehearsal that tries to break it
#[derive(Debug, Parser)]
#[command(
    name = "lockkeeper",
    version,
    about,
    max_term_width = 100,
    arg_required_else_help = true
)]
#[command(after_help = "\
Examples:
  lockkeeper explain      what the rules in CLAUDE.md ask for, and what is not understood
  lockkeeper generate     write the pipeline that keeps them
  lockkeeper rehearse     run the pipeline on an embedded GitHub and AWS and judge it
  lockkeeper graph        which jobs run for an event, and why each other one is skipped")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Explain(explain::Args),
    Generate(generate::Args),
    Rehearse(Box<rehearse::Args>),
    Judge(judge::Args),
    Graph(Box<graph::Args>),
}

fn main() -> ExitCode {
    if let Some(code) = lockkeeper_rehearsal::personality::run() {
        return code;
    }
    let ended = match &Cli::parse().command {
        Command::Explain(args) => explain::run(args),
        Command::Generate(args) => generate::run(args),
        Command::Rehearse(args) => rehearse::run(args),
        Command::Judge(args) => judge::run(args),
        Command::Graph(args) => graph::run(args),
    };
    match ended {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
