//! `cargo xtask soak`: inputs made from a seed, put through every reader of `lockkeeper-workflow`, in
//! as many processes as there are processors. A panic, a hang, or more memory than is allowed is a
//! finding, kept with its input in `target/soak`.
//!
//! Work is cut into chunks; what is done is remembered, so that an interrupted run goes on where it
//! was.

mod input;
mod memory;
mod subject;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::process::{Failure, step};
use crate::tree::root;

pub(crate) use worker::Arguments as WorkerArguments;
pub(crate) use worker::run as run_worker;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many inputs
    #[arg(long, default_value_t = 5_000_000)]
    inputs: u64,
    /// Stop after this many seconds, wherever that is
    #[arg(long)]
    seconds: Option<u64>,
    /// Another seed makes other inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many processes at once; as many as there are processors unless said
    #[arg(long)]
    jobs: Option<usize>,
}

const CHUNK: u64 = 10_000;

/// What a worker says about a chunk.
#[derive(Default)]
struct Report {
    done: u64,
    /// The most bytes that one input had alive at once.
    peak: u64,
    /// The most memory that the process had, in KiB.
    resident: u64,
    /// The longest that one input took, in milliseconds.
    slowest: u64,
    /// How many inputs of each subject there were.
    subjects: BTreeMap<String, u64>,
    findings: Vec<String>,
}

impl Report {
    fn add(&mut self, other: Report) {
        self.done += other.done;
        self.peak = self.peak.max(other.peak);
        self.resident = self.resident.max(other.resident);
        self.slowest = self.slowest.max(other.slowest);
        for (subject, n) in other.subjects {
            *self.subjects.entry(subject).or_default() += n;
        }
        self.findings.extend(other.findings);
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let worker = build()?;
    let folder = root().join("target/soak");
    fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    let journal = folder.join(format!("seed-{}.done", arguments.seed));
    // With a bound in time every run begins anew.
    if arguments.seconds.is_some() && journal.exists() {
        fs::remove_file(&journal).map_err(Failure::file(&journal))?;
    }
    let done: BTreeSet<u64> = fs::read_to_string(&journal)
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.parse().ok())
        .collect();
    let chunks = arguments.inputs.div_ceil(CHUNK);
    let mut waiting = (0..chunks).filter(|chunk| !done.contains(chunk));
    if !done.is_empty() {
        println!("soak: {} of {chunks} chunks are done already", done.len());
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = arguments.jobs.unwrap_or(cores).max(1);
    let begun = Instant::now();
    let in_time = || {
        arguments
            .seconds
            .is_none_or(|seconds| begun.elapsed() < Duration::from_secs(seconds))
    };
    let (sender, finished) = mpsc::channel();
    let mut total = Report::default();
    let mut running = 0;
    let terminal = std::io::stdout().is_terminal();
    let mut shown = Instant::now();
    loop {
        while running < jobs && in_time() {
            let Some(chunk) = waiting.next() else { break };
            let (worker, folder, sender) = (worker.clone(), folder.clone(), sender.clone());
            let (seed, inputs) = (arguments.seed, arguments.inputs);
            running += 1;
            std::thread::spawn(move || {
                let range = chunk * CHUNK..((chunk + 1) * CHUNK).min(inputs);
                // The receiver outlives every chunk that it waits for.
                let _ = sender.send((chunk, one_chunk(&worker, &folder, seed, range)));
            });
        }
        if running == 0 {
            break;
        }
        let Ok((chunk, report)) = finished.recv() else {
            break;
        };
        running -= 1;
        let report = report?;
        let clean = report.findings.is_empty();
        for finding in &report.findings {
            println!("soak: FINDING: {finding}");
        }
        total.add(report);
        if clean {
            remember(&journal, chunk)?;
        }
        if terminal || shown.elapsed() > Duration::from_secs(20) {
            shown = Instant::now();
            progress(&total, begun.elapsed(), if terminal { '\r' } else { '\n' });
        }
    }
    progress(&total, begun.elapsed(), '\n');
    for (subject, n) in &total.subjects {
        println!("  {n:>9} {subject}");
    }
    println!(
        "  {} findings; at most {:.1} MiB alive for one input, {:.1} MiB resident, {} ms",
        total.findings.len(),
        total.peak as f64 / f64::from(1 << 20),
        total.resident as f64 / 1024.0,
        total.slowest,
    );
    Ok(if total.findings.is_empty() {
        if arguments.seconds.is_none() && journal.exists() {
            fs::remove_file(&journal).map_err(Failure::file(&journal))?;
        }
        Outcome::Well
    } else {
        Outcome::Findings
    })
}

fn progress(total: &Report, elapsed: Duration, end: char) {
    let seconds = elapsed.as_secs_f64();
    print!(
        "soak: {} inputs in {seconds:.0} s, {:.0} a second{end}",
        total.done,
        total.done as f64 / seconds.max(0.001),
    );
    // What is printed is for people; a closed pipe is no reason to stop.
    let _ = std::io::stdout().flush();
}

fn remember(journal: &Path, chunk: u64) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    let mut file = options
        .create(true)
        .append(true)
        .open(journal)
        .map_err(Failure::file(journal))?;
    writeln!(file, "{chunk}").map_err(Failure::file(journal))
}

/// This program once more, quick and with the checks of a debug build.
fn build() -> Result<PathBuf, Failure> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "build",
        "--quiet",
        "--profile",
        "soak",
        "--package",
        "xtask",
    ]);
    step(cargo.current_dir(root()))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("soak/xtask"))
}

/// Runs a chunk to its end: after an input that killed the process, the rest goes on behind it.
fn one_chunk(
    worker: &Path,
    folder: &Path,
    seed: u64,
    range: std::ops::Range<u64>,
) -> Result<Report, Failure> {
    let mut total = Report::default();
    let mut from = range.start;
    while from < range.end {
        let mut child = Command::new(worker)
            .args(["soak-worker", "--seed", &seed.to_string()])
            .args(["--from", &from.to_string(), "--to", &range.end.to_string()])
            .arg("--findings")
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| Failure::Start {
                program: "soak-worker".to_owned(),
                source,
            })?;
        let (report, last) = listen(&mut child);
        let mut said = String::new();
        if let Some(stderr) = &mut child.stderr {
            // What it said is shown as far as it can be read.
            let _ = stderr.read_to_string(&mut said);
        }
        let status = child.wait().map_err(|source| Failure::Start {
            program: "soak-worker".to_owned(),
            source,
        })?;
        let ended = report.done == range.end - from;
        total.add(report);
        if status.success() && ended {
            break;
        }
        let at = last.unwrap_or(from);
        let said: String = said.lines().take(4).collect::<Vec<_>>().join(" | ");
        total.findings.push(format!(
            "input {at} of seed {seed} ended the process ({status}): {said}"
        ));
        from = at + 1;
    }
    Ok(total)
}

/// Reads what a worker says: its report, and the input that it began last.
fn listen(child: &mut Child) -> (Report, Option<u64>) {
    let mut report = Report::default();
    let mut last = None;
    let Some(stdout) = child.stdout.take() else {
        return (report, last);
    };
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let number = rest.parse().unwrap_or(0);
        match word {
            "begin" => last = Some(number),
            "done" => report.done = number,
            "peak" => report.peak = number,
            "resident" => report.resident = number,
            "slowest" => report.slowest = number,
            "finding" => report.findings.push(rest.to_owned()),
            "subject" => {
                if let Some((name, n)) = rest.rsplit_once(' ') {
                    report
                        .subjects
                        .insert(name.to_owned(), n.parse().unwrap_or(0));
                }
            }
            _ => {}
        }
    }
    (report, last)
}
