//! `cargo xtask differential`: the same cases put before this workspace's readers and before GitHub's
//! own packages, `@actions/expressions` and `@actions/workflow-parser`.
//!
//! Each difference must be of a kind that is listed, with a predicate that looks at the case: one of
//! no listed kind is a finding.

mod expressions;
mod facts;
mod generator;
mod kinds;
mod mutation;
mod workflows;

use std::fs::File;
use std::io::Write;

use serde_json::Value as Json;

use crate::Outcome;
use crate::process::{Failure, output, text};
use crate::tools::{Source, Tools};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many expressions are generated, each with contexts of its own
    #[arg(long, default_value_t = 10_000)]
    expressions: usize,
    /// How many mutations of each workflow are tried
    #[arg(long, default_value_t = 12)]
    mutations: usize,
    /// Another seed makes other cases
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Show this many cases of each known kind
    #[arg(long, default_value_t = 0)]
    show: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let tools = Tools::ready(&[Source::Npm])?;
    println!("differential: expressions, against @actions/expressions");
    let expressions = expressions::run(&tools, arguments)?;
    println!("differential: workflows, against @actions/workflow-parser");
    let workflows = workflows::run(&tools, arguments)?;
    Ok(if expressions && workflows {
        Outcome::Well
    } else {
        Outcome::Findings
    })
}

/// What GitHub's packages answer to each case, in one process.
fn answers(tools: &Tools, cases: impl Iterator<Item = Json>) -> Result<Vec<Json>, Failure> {
    let scratch = tempfile::NamedTempFile::new()
        .map_err(|error| Failure::Setup(format!("no temporary file: {error}")))?;
    let failed = Failure::file(scratch.path());
    let mut lines = String::new();
    let mut wanted = 0;
    for case in cases {
        lines.push_str(&case.to_string());
        lines.push('\n');
        wanted += 1;
    }
    let given = scratch
        .as_file()
        .write_all(lines.as_bytes())
        .and_then(|()| File::open(scratch.path()))
        .map_err(failed)?;
    let output = output(tools.node("differential.mjs").stdin(given))?;
    let said = String::from_utf8_lossy(&output.stdout);
    // Half a surrogate pair, which JavaScript's strings may hold, is no answer that can be compared.
    let answers: Vec<Json> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or(Json::Null))
        .collect();
    if !output.status.success() || answers.len() != wanted {
        return Err(Failure::Broken {
            program: "differential.mjs",
            why: format!("{} answers to {wanted} cases", answers.len()),
            output: text(&output)
                .chars()
                .rev()
                .take(2000)
                .collect::<String>()
                .chars()
                .rev()
                .collect(),
        });
    }
    Ok(answers)
}

/// Counts differences by kind and prints those of no kind.
struct Tally {
    cases: usize,
    alike: usize,
    known: Vec<(&'static str, usize)>,
    unknown: usize,
    show: usize,
}

/// How many unknown differences are printed whole.
const SHOWN: usize = 40;

impl Tally {
    fn new(kinds: impl Iterator<Item = &'static str>, show: usize) -> Self {
        Tally {
            cases: 0,
            alike: 0,
            known: kinds.map(|name| (name, 0)).collect(),
            unknown: 0,
            show,
        }
    }

    /// A case on which both agree.
    fn alike(&mut self) {
        self.cases += 1;
        self.alike += 1;
    }

    /// A case on which they differ, with the kind that it is of.
    fn differs(&mut self, kind: Option<&'static str>, describe: impl Fn() -> String) {
        self.cases += 1;
        match self.known.iter_mut().find(|(name, _)| Some(*name) == kind) {
            Some((name, count)) => {
                *count += 1;
                if *count <= self.show {
                    println!("  [{name}] {}", describe());
                }
            }
            None => {
                self.unknown += 1;
                if self.unknown <= SHOWN {
                    println!("  NOT KNOWN: {}", describe());
                }
            }
        }
    }

    /// Prints the counts; whether every difference was of a known kind.
    fn report(&self) -> bool {
        println!("  {} cases, {} alike", self.cases, self.alike);
        for (name, count) in &self.known {
            println!("  {count:>6} known: {name}");
        }
        if self.unknown > 0 {
            println!("  {:>6} OF NO KNOWN KIND", self.unknown);
        }
        self.unknown == 0
    }
}

#[cfg(test)]
mod tests {
    use super::{kinds, workflows};

    #[test]
    fn each_known_kind_is_on_the_page_with_who_is_right() {
        let page = include_str!("../../crates/workflow/CONFORMANCE.md");
        let listed: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
            .collect();
        let expressions = kinds::EXPRESSION_KINDS.iter().map(|k| k.name);
        let kinds: Vec<&str> = expressions.chain(workflows::kinds()).collect();
        for kind in &kinds {
            assert!(listed.contains(kind), "not on the page: {kind}");
        }
        let rows = |title: &str| {
            let (_, section) = page.split_once(title).expect("a section");
            let section = section.split("\n## ").next().unwrap_or("");
            section.lines().filter(|l| l.starts_with("| ")).count() - 2
        };
        let rows = rows("## Compared with `@actions/expressions`")
            + rows("## Compared with `@actions/workflow-parser`");
        assert_eq!(rows, kinds.len(), "a row that no kind stands for");
    }
}
