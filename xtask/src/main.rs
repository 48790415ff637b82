//! Developer commands: `cargo xtask <command>`. One file a command.
//!
//! Exit status: 0 all well, 1 findings, 2 bad usage, 3 the machine failed us.

mod action_table;
mod aws_table;
mod bench;
mod demo;
mod differential;
mod example;
mod judges;
mod language_tables;
mod mutate;
mod process;
mod random;
mod real_pipelines;
mod soak;
mod stress;
mod tools;
mod tree;
mod workflow_files;

use std::process::ExitCode;

use clap::Parser;

use crate::process::Failure;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Explain, generate and rehearse a copy of the example, with a release build
    Demo,
    /// Write what checks of workflows know of published actions, from their metadata files
    ActionTable(action_table::Arguments),
    /// Write the tables of AWS's APIs that the modelled AWS CLI reads, from botocore on PyPI
    AwsTable(aws_table::Arguments),
    /// Write the tables of the workflow language, from GitHub's own packages on npm
    LanguageTables(language_tables::Arguments),
    /// Run third-party tools over what lockkeeper writes for the example
    Judges(judges::Arguments),
    /// Compare expressions and workflows with GitHub's own packages, by generated ones
    Differential(differential::Arguments),
    /// Measure, next to programs that others wrote: rehearsals, or what is named
    Bench(bench::Arguments),
    /// Put millions of generated inputs through the readers of workflows, looking for panics, hangs and waste
    Soak(soak::Arguments),
    #[command(hide = true)]
    SoakWorker(soak::WorkerArguments),
    /// Run the example's own gates, then generate and rehearse its pipeline
    Example(example::Arguments),
    /// Change the files that are generated for the example, and see whether a rehearsal tells
    Mutate(mutate::Arguments),
    /// Rehearse workflows of public repositories, and compare docs/real-pipelines.md with what came of it
    RealPipelines(real_pipelines::Arguments),
    /// Play many small scripts under every condition and compare what happened
    Stress(stress::Arguments),
}

/// Whether a command that ran to its end found something to mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Well,
    Findings,
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Demo => demo::run(),
        Command::ActionTable(arguments) => action_table::run(&arguments),
        Command::AwsTable(arguments) => aws_table::run(&arguments),
        Command::LanguageTables(arguments) => language_tables::run(&arguments),
        Command::Judges(arguments) => judges::run(&arguments),
        Command::Differential(arguments) => differential::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Soak(arguments) => soak::run(&arguments),
        Command::SoakWorker(arguments) => soak::run_worker(&arguments),
        Command::Example(arguments) => example::run(&arguments),
        Command::Mutate(arguments) => mutate::run(&arguments),
        Command::RealPipelines(arguments) => real_pipelines::run(&arguments),
        Command::Stress(arguments) => stress::run(&arguments),
    };
    match outcome {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::from(match failure {
                Failure::Failed { .. } => 1,
                _ => 3,
            })
        }
    }
}
