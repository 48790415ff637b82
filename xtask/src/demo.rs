//! `cargo xtask demo`: what lockkeeper is for, on a copy of the example, with a release build.

use std::fs;
use std::io::ErrorKind;
use std::process::Command;

use crate::Outcome;
use crate::process::{Failure, step};
use crate::tree::{copy_example_to, root};

/// Where the copy stays, to be looked at.
const FOLDER: &str = "target/demo";

pub(crate) fn run() -> Result<Outcome, Failure> {
    let folder = root().join(FOLDER);
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(Failure::file(&folder)(error));
        }
        _ => {}
    }
    let parent = root().join("target");
    fs::create_dir_all(&parent).map_err(Failure::file(&parent))?;
    copy_example_to(&folder)?;
    step(cargo(&["build"]).arg("--package=lockkeeper"))?;
    for command in ["generate", "rehearse"] {
        println!();
        step(cargo(&["run", "--quiet"]).args(["--package=lockkeeper", "--", command, FOLDER]))?;
    }
    println!("\nThe pipeline is in {FOLDER}.");
    Ok(Outcome::Well)
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).arg("--release").current_dir(root());
    command
}
