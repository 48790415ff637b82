//! One process of the soak: a range of inputs, one after the other.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::input;
use super::memory;
use crate::Outcome;
use crate::process::Failure;

/// Part of `soak`, which starts it
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[arg(long)]
    seed: u64,
    #[arg(long)]
    from: u64,
    #[arg(long)]
    to: u64,
    /// Where inputs are kept that are at fault
    #[arg(long)]
    findings: PathBuf,
}

/// More than this for one input is a finding.
const MAX_BYTES: usize = 64 << 20;
/// More than this ends the process.
const BOUND: usize = 512 << 20;
/// Longer than this is a hang. The machine may be busy with other things: quick inputs take microseconds.
const MAX_TIME: Duration = Duration::from_secs(20);

/// Which input is at work since when, in milliseconds from the start; 0 is none.
static SINCE: AtomicU64 = AtomicU64::new(0);

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    watch(begun);
    // The message of a panic is a finding's; its trace is not printed.
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = std::io::stdout().lock();
    let mut say = |line: String| {
        writeln!(out, "{line}")
            .and_then(|()| out.flush())
            .map_err(Failure::file(Path::new("standard output")))
    };
    memory::bound(BOUND);
    let (mut peak, mut slowest) = (0, 0);
    let mut subjects: BTreeMap<&'static str, u64> = BTreeMap::new();
    for n in arguments.from..arguments.to {
        let input = input::make(arguments.seed, n);
        say(format!("begin {n}"))?;
        SINCE.store(begun.elapsed().as_millis() as u64 + 1, Relaxed);
        let started = Instant::now();
        let work = || catch_unwind(AssertUnwindSafe(|| (input.subject.run)(&input.text)));
        let (result, bytes) = memory::peak_of(work);
        let took = started.elapsed().as_millis() as u64;
        SINCE.store(0, Relaxed);
        *subjects.entry(input.subject.name).or_default() += 1;
        peak = peak.max(bytes);
        slowest = slowest.max(took);
        let what = match result {
            Err(panic) => Some(format!("panic: {}", message(&*panic))),
            Ok(()) if bytes > MAX_BYTES => Some(format!("{bytes} bytes alive")),
            Ok(()) => None,
        };
        if let Some(what) = what {
            let kept = arguments
                .findings
                .join(format!("seed-{}-input-{n}.txt", arguments.seed));
            fs::write(&kept, &input.text).map_err(Failure::file(&kept))?;
            let line = format!(
                "finding {} {n}: {what}; input in {}",
                input.subject.name,
                kept.display()
            );
            say(line.replace('\n', " "))?;
        }
    }
    for (subject, n) in subjects {
        say(format!("subject {subject} {n}"))?;
    }
    say(format!("peak {peak}"))?;
    say(format!("slowest {slowest}"))?;
    say(format!("resident {}", resident()))?;
    say(format!("done {}", arguments.to - arguments.from))?;
    Ok(Outcome::Well)
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

/// Ends the process when one input takes too long.
fn watch(begun: Instant) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let since = SINCE.load(Relaxed);
            let now = begun.elapsed().as_millis() as u64 + 1;
            if since != 0 && now.saturating_sub(since) > MAX_TIME.as_millis() as u64 {
                eprintln!("hang: longer than {} s", MAX_TIME.as_secs());
                std::process::abort();
            }
        }
    });
}

/// The most memory that this process had, in KiB; 0 where the system does not say.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
