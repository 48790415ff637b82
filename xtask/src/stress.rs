//! `cargo xtask stress`: many small scripts, each played under every condition, whose histories
//! must be equal, seed by seed.

use std::process::Command;

use crate::Outcome;
use crate::process::{Failure, step};
use crate::tree::root;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many plays there are, all conditions together
    #[arg(long, default_value_t = 10_000)]
    plays: u64,

    /// Play only the script of this seed
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["test", "--quiet", "--package=lockkeeper", "--test=stress"])
        .args(["--", "--nocapture"])
        .env("LOCKKEEPER_STRESS_PLAYS", arguments.plays.to_string())
        .current_dir(root());
    if let Some(seed) = arguments.seed {
        command.env("LOCKKEEPER_STRESS_SEED", seed.to_string());
    }
    step(&mut command)?;
    Ok(Outcome::Well)
}
