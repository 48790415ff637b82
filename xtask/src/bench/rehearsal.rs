//! What a person waits for: rules explained, a pipeline generated, the standard set of stories and one
//! deploy rehearsed, all of the example; and what a step costs, next to programs that run workflow
//! files too, on the same file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::steps;
use super::{Cost, timed};
use crate::Outcome;
use crate::process::{Failure, step};
use crate::tree::{copy_of_example, root};

#[derive(clap::Args)]
#[group(id = "rehearsals")]
pub(crate) struct Arguments {
    /// How often each is measured; the quickest counts
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// The file to put the result into, as Markdown, in the place of the one before
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
}

/// Enough that what all have in common weighs little.
const SCHEDULES: u32 = 200;

/// A table row: what was measured, and what came of it.
struct Row(String, String);

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--release", "--package=lockkeeper"]);
    step(cargo.current_dir(root()))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    let lockkeeper = target.join("release/lockkeeper");
    let rounds = arguments.rounds.max(1);

    let mut rows = example(&lockkeeper, rounds)?;
    rows.extend(
        steps::measure(&lockkeeper, rounds)?
            .into_iter()
            .map(|(name, result)| Row(name, result)),
    );
    let text = table(&rows);
    print!("{text}");
    if let Some(path) = &arguments.write {
        replace_section(path, &text)?;
    }
    Ok(Outcome::Well)
}

fn example(lockkeeper: &Path, rounds: usize) -> Result<Vec<Row>, Failure> {
    let example = copy_of_example()?;
    let ours = |arguments: &[&str]| {
        let mut command = Command::new(lockkeeper);
        command.args(arguments).current_dir(&example.path);
        command
    };
    let mut rows = Vec::new();
    // The first `generate` writes the pipeline, the later ones find nothing to change.
    for command in ["explain", "generate"] {
        let cost = best(rounds.max(10), || ours(&[command]))?;
        rows.push(Row(format!("`lockkeeper {command}`"), shown(cost)));
    }
    let everything: &[&str] = &["rehearse", "--format", "json"];
    let one: &[&str] = &[everything, &["--scenario", "merge-to-staging"]].concat();
    for (what, arguments) in [("the standard set", everything), ("one deploy", one)] {
        let cost = best(rounds, || ours(arguments))?;
        let played = played(ours(arguments))?;
        let name = format!("rehearsing {what} ({} stories)", played.stories);
        rows.push(Row(name, shown(cost)));
        let ratio = played.virtual_seconds / cost.wall.as_secs_f64().max(1e-9);
        rows.push(Row(
            format!("virtual time of {what} : its wall time"),
            format!("{:.0} s, {ratio:.0} : 1", played.virtual_seconds),
        ));
    }
    let schedules = SCHEDULES.to_string();
    let campaign: &[&str] = &["rehearse", "--campaign", &schedules, "--twice-every", "0"];
    let cost = best(1, || ours(campaign))?;
    let each = f64::from(SCHEDULES) / cost.wall.as_secs_f64().max(1e-9);
    rows.push(Row(
        format!("a campaign of {SCHEDULES} schedules"),
        format!("{}, {each:.1} schedules a second", shown(cost)),
    ));
    Ok(rows)
}

/// What a rehearsal's report says of itself.
struct Played {
    stories: usize,
    virtual_seconds: f64,
}

fn played(mut command: Command) -> Result<Played, Failure> {
    let output = command
        .stderr(Stdio::null())
        .output()
        .map_err(|source| Failure::Start {
            program: "lockkeeper".into(),
            source,
        })?;
    let broken = |why: String| Failure::Broken {
        program: "lockkeeper rehearse",
        why,
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
    };
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| broken(error.to_string()))?;
    let Some(scenarios) = report["scenarios"].as_array() else {
        return Err(broken("the report has no scenarios".into()));
    };
    let times = scenarios
        .iter()
        .filter_map(|scenario| scenario["virtual_seconds"].as_f64());
    Ok(Played {
        stories: scenarios
            .iter()
            .filter(|scenario| scenario["verdict"] != "not_played")
            .count(),
        virtual_seconds: times.sum(),
    })
}

fn best(rounds: usize, mut command: impl FnMut() -> Command) -> Result<Cost, Failure> {
    let mut best: Option<Cost> = None;
    for _ in 0..rounds {
        let cost = timed(&mut command())?;
        if best.is_none_or(|best| cost.wall < best.wall) {
            best = Some(cost);
        }
    }
    best.ok_or_else(|| Failure::Setup("nothing was measured".into()))
}

fn shown(cost: Cost) -> String {
    let Cost { wall, processor } = cost;
    format!(
        "{} wall, {} of processors",
        milliseconds(wall),
        milliseconds(processor)
    )
}

pub(super) fn milliseconds(time: Duration) -> String {
    let time = time.as_secs_f64() * 1000.0;
    match time {
        ..100.0 => format!("{time:.2} ms"),
        _ => format!("{time:.0} ms"),
    }
}

fn table(rows: &[Row]) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");
    let mut text = format!(
        "On {cores} processors, with a load average of {load} at the end.\n\n| what | result |\n| --- | --- |\n"
    );
    for Row(name, result) in rows {
        text.push_str(&format!("| {name} | {result} |\n"));
    }
    text
}

const BEGIN: &str = "<!-- bench -->\n";
const END: &str = "<!-- /bench -->\n";

/// Puts a text between the two marks of a file.
fn replace_section(path: &Path, text: &str) -> Result<(), Failure> {
    let old = fs::read_to_string(path).map_err(Failure::file(path))?;
    let place = old
        .find(BEGIN)
        .map(|at| at + BEGIN.len())
        .and_then(|from| Some((from, from + old.get(from..)?.find(END)?)));
    let Some((from, to)) = place else {
        return Err(Failure::Setup(format!(
            "{} has no lines `{}` and `{}` to write between",
            path.display(),
            BEGIN.trim_end(),
            END.trim_end()
        )));
    };
    let new = format!("{}{text}{}", &old[..from], &old[to..]);
    let parent = path.parent().filter(|parent| parent.is_dir());
    let file = tempfile::NamedTempFile::new_in(parent.unwrap_or(Path::new(".")))
        .and_then(|file| fs::write(file.path(), new).map(|()| file))
        .map_err(Failure::file(path))?;
    file.persist(path)
        .map_err(|error| Failure::file(path)(error.error))?;
    Ok(())
}
