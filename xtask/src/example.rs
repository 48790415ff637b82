//! `cargo xtask example`: the example's own gates, then its pipeline generated and rehearsed.

mod postgres;
mod rehearsal;

use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::process::{Failure, step};
use crate::tree::{copy_of_example, lockkeeper};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fail where no PostgreSQL server is installed, instead of testing without queries only
    #[arg(long)]
    require_postgres: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    println!("example: its own gates");
    let copy = copy_of_example()?;
    npm(&copy.path, &["ci", "--no-audit", "--no-fund"], None)?;
    npm(&copy.path, &["run", "lint"], None)?;
    npm(&copy.path, &["run", "type-check"], None)?;
    npm(&copy.path, &["test"], None)?;

    println!("example: its tests against PostgreSQL");
    match postgres::Server::start()? {
        Some(server) => npm(&copy.path, &["test"], Some(server.url()))?,
        None if arguments.require_postgres => {
            return Err(Failure::Setup(postgres::ADVICE.to_owned()));
        }
        None => println!("  left out: {}", postgres::ADVICE),
    }

    println!("example: its pipeline, generated and rehearsed");
    let copy = copy_of_example()?;
    lockkeeper(&["generate"], &copy.path)?;
    lockkeeper(&["generate", "--check"], &copy.path)?;
    rehearsal::run(&copy.path)
}

fn npm(folder: &Path, arguments: &[&str], database: Option<&str>) -> Result<(), Failure> {
    let mut command = Command::new("npm");
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("DATABASE_URL");
    if let Some(url) = database {
        command.env("DATABASE_URL", url);
    }
    step(&mut command)
}
