//! `cargo xtask mutate`: one thing changed in one of the files that are generated for the example, and
//! rehearsed: every operator at every site. What no rehearsal tells is a hole in the stories or the
//! promises, a superfluous line, or listed with the reason.

mod document;
mod edit;
mod filter;
mod known;
mod mutant;
mod operators;
mod results;
mod script;
mod source;
mod swap;
mod tally;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::Outcome;
use crate::process::{Failure, step};
use crate::random::Random;
use crate::tree::root;
use known::Known;
use mutant::Mutant;
use results::Results;
use source::Source;
use tally::Tally;
use trial::{Baseline, Bench, Fate};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Rehearse only this many mutants, drawn by the seed
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Another seed draws others
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only mutants of this operator (may be given several times)
    #[arg(long = "operator", value_name = "ID")]
    operators: Vec<String>,
    /// Only mutants of files whose path ends so (may be given several times)
    #[arg(long = "file", value_name = "NAME")]
    files: Vec<String>,
    /// Only mutants in whose context this text stands
    #[arg(long, value_name = "TEXT")]
    at: Option<String>,
    /// Rehearse again what survived before
    #[arg(long)]
    survivors: bool,
    /// Let results of other builds of lockkeeper count
    #[arg(long)]
    any_build: bool,
    /// How many rehearsals at once, each on a processor of its own
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// The longest that one rehearsal may take, in seconds
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    limit: u64,
    /// Only make the mutants and hold the lists against them; rehearse nothing
    #[arg(long)]
    check: bool,
    /// List the mutants that would be rehearsed, and stop
    #[arg(long)]
    list: bool,
    /// Write docs/mutants.md
    #[arg(long)]
    docs: bool,
}

/// Hundredths of the mutants that a rehearsal must catch.
const WANTED: f64 = 90.0;

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let folder = root().join("target/mutate");
    fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    let lockkeeper = build(&folder)?;
    let outcome = with(arguments, &lockkeeper, &folder.join("results.jsonl"));
    fs::remove_file(&lockkeeper).map_err(Failure::file(&lockkeeper))?;
    outcome
}

fn with(arguments: &Arguments, lockkeeper: &Path, journal: &Path) -> Result<Outcome, Failure> {
    let bench = Bench::new(lockkeeper)?;
    let sources = Source::all(&bench.repository)?;
    let mutants = mutant::all(&sources)?;
    let known = Known::read()?;
    let idle = known.idle(&mutants);
    for entry in &idle {
        println!("mutate: listed, and no mutant is so: {entry}");
    }
    let mut results = Results::open(journal, lockkeeper, arguments.any_build)?;
    let wanted = wanted(arguments, &mutants, &known, &results);
    println!(
        "mutate: {} mutants, {} to rehearse",
        mutants.len(),
        wanted.len()
    );
    if arguments.list {
        for mutant in wanted {
            println!("  {}", mutant.key);
        }
        return Ok(Outcome::Well);
    }
    if !arguments.check && !wanted.is_empty() {
        let baseline = bench.baseline()?;
        drop(bench);
        rehearse(
            arguments,
            lockkeeper,
            &baseline,
            &sources,
            &wanted,
            &mut results,
        )?;
    }
    let tally = Tally::of(&mutants, &known, &results);
    let sum = tally.sum();
    for (key, reason, fate) in &tally.survivors {
        if reason.is_none() {
            println!("  SURVIVED {key}{}", aside(fate));
        }
    }
    println!(
        "mutate: {} made, {} stillborn, {} equivalent; {} tried: {} caught ({:.1} %), {} survived, {} without a reason",
        sum.made,
        sum.stillborn,
        sum.equivalent,
        sum.tried(),
        sum.caught,
        sum.rate(),
        sum.survived,
        tally.unexplained()
    );
    if arguments.docs {
        let path = root().join("docs/mutants.md");
        let fresh = path.with_extension("md.new");
        fs::write(&fresh, tally.page())
            .and_then(|()| fs::rename(&fresh, &path))
            .map_err(Failure::file(&path))?;
    }
    let enough = sum.tried() == 0 || sum.rate() >= WANTED;
    let well = idle.is_empty() && (arguments.check || (enough && tally.unexplained() == 0));
    Ok(if well {
        Outcome::Well
    } else {
        Outcome::Findings
    })
}

/// lockkeeper as it is in this tree, with release settings: a copy, so that a build meanwhile does not
/// change what judges.
fn build(folder: &Path) -> Result<PathBuf, Failure> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--release", "--package=lockkeeper"]);
    step(cargo.current_dir(root()))?;
    let built = root().join("target/release/lockkeeper");
    let copy = folder.join(format!("lockkeeper-{}", std::process::id()));
    fs::copy(&built, &copy).map_err(Failure::file(&built))?;
    Ok(copy)
}

/// The mutants that are asked for and have no result yet.
fn wanted<'m>(
    arguments: &Arguments,
    mutants: &'m [Mutant],
    known: &Known,
    results: &Results,
) -> Vec<&'m Mutant> {
    let asked = |mutant: &&Mutant| {
        let key = &mutant.key;
        let any =
            |list: &[String], is: &dyn Fn(&String) -> bool| list.is_empty() || list.iter().any(is);
        any(&arguments.operators, &|id| *id == key.operator)
            && any(&arguments.files, &|name| key.file.ends_with(name))
            && arguments
                .at
                .as_ref()
                .is_none_or(|text| key.context.contains(text))
            && !mutant.stillborn
            && known.equivalent(key).is_none()
    };
    let mut wanted: Vec<&Mutant> = mutants.iter().filter(asked).collect();
    let mut random = Random::new(arguments.seed);
    for at in (1..wanted.len()).rev() {
        wanted.swap(at, random.below(at + 1));
    }
    wanted.truncate(arguments.sample.unwrap_or(usize::MAX));
    wanted.retain(|mutant| match results.of(mutant) {
        None => true,
        Some(Fate::Survived { .. } | Fate::Unjudged { .. }) => arguments.survivors,
        Some(_) => false,
    });
    wanted
}

fn rehearse(
    arguments: &Arguments,
    lockkeeper: &Path,
    baseline: &Baseline,
    sources: &[Source],
    wanted: &[&Mutant],
    results: &mut Results,
) -> Result<(), Failure> {
    let limit = Duration::from_secs(arguments.limit);
    let all = wanted.len();
    let queue = Mutex::new(wanted.iter().enumerate());
    let results = Mutex::new(results);
    let processors = processors();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..arguments.jobs.max(1))
            .map(|worker| {
                let (queue, results) = (&queue, &results);
                let processor = processors.get(worker % processors.len().max(1)).copied();
                scope.spawn(move || -> Result<(), Failure> {
                    bind(processor);
                    let bench = Bench::new(lockkeeper)?;
                    loop {
                        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some((at, mutant)) = next else {
                            return Ok(());
                        };
                        let Some(source) = sources.iter().find(|s| s.path == mutant.key.file)
                        else {
                            continue;
                        };
                        let order = results
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .order(&source.path, &baseline.stories);
                        let fate = bench.fate(mutant, source, baseline, &order, limit)?;
                        println!("{}/{all} {}{}", at + 1, mutant.key, aside(&fate));
                        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                        results.add(mutant, fate)?;
                    }
                })
            })
            .collect();
        for worker in workers {
            match worker.join() {
                Ok(done) => done?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })
}

/// What became of a mutant, behind its name.
fn aside(fate: &Fate) -> String {
    match fate {
        Fate::Caught { promises, story } => {
            format!("\n    caught: {} in {story}", promises.join(", "))
        }
        Fate::Refused { why } => format!("\n    refused: {why}"),
        Fate::Survived { differs } if differs.is_empty() => "\n    survived".into(),
        Fate::Survived { differs } => format!("\n    survived, yet {}", differs.join(", ")),
        Fate::Unjudged { why } => format!("\n    not judged: {why}"),
    }
}

fn processors() -> Vec<usize> {
    match rustix::thread::sched_getaffinity(None) {
        Ok(set) => (0..rustix::thread::CpuSet::MAX_CPU)
            .filter(|cpu| set.is_set(*cpu))
            .collect(),
        Err(_) => Vec::new(),
    }
}

/// Binds this thread, and what it starts, to one processor: so a rehearsal plays one story at a time,
/// and stops soonest. Where that cannot be, it merely takes longer.
fn bind(processor: Option<usize>) {
    if let Some(processor) = processor {
        let mut set = rustix::thread::CpuSet::new();
        set.set(processor);
        rustix::thread::sched_setaffinity(None, &set).ok();
    }
}
