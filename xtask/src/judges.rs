//! `cargo xtask judges`: what lockkeeper writes for the example, put before tools that others wrote.
//!
//! One file a judge; [`JUDGES`] is the registry. A judge that could not read what it was given has
//! not found it good: that is a failure of its own, never "no findings".

mod actionlint;
mod cfn_lint;
mod check_jsonschema;
mod github_parser;
mod hadolint;
mod junit;
mod page;
mod self_test;
mod shellcheck;
mod zizmor;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::process::{Failure, output, text};
use crate::tools::{Source, Tools};
use crate::tree::{copy_of_example, files, lockkeeper, lockkeeper_command, root};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only the judge of this name
    #[arg(long, value_name = "NAME", value_parser = name())]
    only: Option<String>,
    /// Give each judge a bad file of its own and expect it to object
    #[arg(long)]
    self_test: bool,
}

const JUDGES: &[Judge] = &[
    actionlint::JUDGE,
    cfn_lint::JUDGE,
    check_jsonschema::JUDGE,
    github_parser::JUDGE,
    hadolint::JUDGE,
    junit::JUDGE,
    page::JUDGE,
    shellcheck::JUDGE,
    zizmor::JUDGE,
];

struct Judge {
    name: &'static str,
    /// Whether a file, by its path inside the repository, is this judge's business.
    takes: fn(&Path) -> bool,
    /// How to put files before it.
    command: fn(&Tools, &[PathBuf]) -> Command,
    /// What its exit status means.
    verdict: fn(i32) -> Verdict,
    bad: BadFile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Clean,
    Findings,
    NotJudged,
}

/// A file that a working judge objects to.
struct BadFile {
    /// Its place in a repository.
    path: &'static str,
    text: &'static str,
    /// What the objection must mention.
    objections: &'static [&'static str],
}

impl Judge {
    /// What it found, or nothing.
    fn judge(&self, tools: &Tools, files: &[PathBuf]) -> Result<Option<String>, Failure> {
        let output = output(&mut (self.command)(tools, files))?;
        let said = text(&output);
        match output
            .status
            .code()
            .map_or(Verdict::NotJudged, self.verdict)
        {
            Verdict::Clean => Ok(None),
            Verdict::Findings => Ok(Some(said)),
            Verdict::NotJudged => Err(self.broken(output.status.to_string(), said)),
        }
    }

    fn broken(&self, why: String, output: String) -> Failure {
        Failure::Broken {
            program: self.name,
            why,
            output,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let judges: Vec<_> = JUDGES
        .iter()
        .filter(|judge| {
            arguments
                .only
                .as_deref()
                .is_none_or(|only| only == judge.name)
        })
        .collect();
    let tools = Tools::ready(&[Source::Npm, Source::PyPi])?;
    if arguments.self_test {
        return self_test::run(&judges, &tools);
    }

    println!("judges: the pipeline of examples/node-api, and the reports of examples/naive");
    let copy = copy_of_example()?;
    lockkeeper(&["generate"], &copy.path)?;
    rehearse_naive(&copy.path.join(REPORTS))?;
    let found = files(&copy.path)?;
    let mut outcome = Outcome::Well;
    for judge in judges {
        let files = taken(judge, &copy.path, &found);
        if files.is_empty() {
            return Err(judge.broken("the pipeline has no file for it".into(), String::new()));
        }
        match judge.judge(&tools, &files)? {
            None => println!("  {:<16} {} files, no findings", judge.name, files.len()),
            Some(findings) => {
                println!(
                    "  {:<16} {} files, FINDINGS\n{findings}",
                    judge.name,
                    files.len()
                );
                outcome = Outcome::Findings;
            }
        }
    }
    Ok(outcome)
}

/// Where the copy of the example holds reports, for the judges of those.
const REPORTS: &str = "reports";

/// Rehearses the example that breaks most promises: its reports have everything in them.
fn rehearse_naive(reports: &Path) -> Result<(), Failure> {
    fs::create_dir(reports).map_err(Failure::file(reports))?;
    let (page, junit) = (reports.join("naive.html"), reports.join("naive.xml"));
    let naive = root().join("examples/naive");
    let mut command = lockkeeper_command(&["rehearse", "--format", "json"], &naive);
    command.arg("--html").arg(page).arg("--junit").arg(junit);
    let output = output(&mut command)?;
    match output.status.code() {
        Some(1) => Ok(()),
        _ => Err(Failure::Broken {
            program: "lockkeeper rehearse",
            why: output.status.to_string(),
            output: text(&output),
        }),
    }
}

fn taken(judge: &Judge, root: &Path, files: &[PathBuf]) -> Vec<PathBuf> {
    files
        .iter()
        .filter(|file| file.strip_prefix(root).is_ok_and(judge.takes))
        .cloned()
        .collect()
}

fn is_workflow(path: &Path) -> bool {
    path.parent() == Some(Path::new(".github/workflows")) && has_extension(path, &["yml", "yaml"])
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension()
        .is_some_and(|found| extensions.iter().any(|extension| found == *extension))
}

fn name() -> clap::builder::PossibleValuesParser {
    JUDGES
        .iter()
        .map(|judge| judge.name)
        .collect::<Vec<_>>()
        .into()
}
