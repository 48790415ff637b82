//! The rehearsal of the example's generated pipeline, held to more than "nothing is broken".

use std::path::Path;

use serde_json::Value;

use crate::Outcome;
use crate::process::{Failure, output, text};
use crate::tree::{lockkeeper, lockkeeper_command};

/// Shows the report, then asks that every promise was put to the test and kept.
pub(super) fn run(folder: &Path) -> Result<Outcome, Failure> {
    lockkeeper(&["rehearse"], folder)?;
    let output = output(&mut lockkeeper_command(
        &["rehearse", "--format", "json"],
        folder,
    ))?;
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        Failure::Setup(format!(
            "the report is not JSON: {error}\n{}",
            text(&output)
        ))
    })?;
    let Some(promises) = report["promises"]
        .as_array()
        .filter(|promises| !promises.is_empty())
    else {
        return Err(Failure::Setup("the report names no promise".into()));
    };
    let mut outcome = Outcome::Well;
    for promise in promises {
        if promise["verdict"] != "kept" {
            println!("  NOT KEPT: {} is {}", promise["id"], promise["verdict"]);
            outcome = Outcome::Findings;
        }
    }
    if outcome == Outcome::Well {
        println!(
            "  all {} promises were put to the test and kept",
            promises.len()
        );
    }
    Ok(outcome)
}
