//! Workflows and mutations of them: accepted or refused alike.

use lockkeeper_workflow::{Problem, load};
use serde_json::json;

use super::mutation::mutated;
use super::{Arguments, Tally, answers};
use crate::process::Failure;
use crate::random::Random;
use crate::tools::Tools;
use crate::workflow_files;

struct Kind {
    name: &'static str,
    holds: fn(&Difference<'_>) -> bool,
}

struct Difference<'c> {
    label: &'c str,
    text: &'c str,
    /// Empty: it loads here.
    ours: Vec<Problem>,
    /// Empty: GitHub's package takes it.
    theirs: Vec<String>,
}

impl Difference<'_> {
    /// All that is wrong here is one of these, and GitHub's package finds nothing wrong.
    fn only_ours(&self, beginnings: &[&str]) -> bool {
        let known = |p: &Problem| beginnings.iter().any(|b| p.message.starts_with(b));
        self.theirs.is_empty() && self.ours.iter().all(known)
    }

    /// The other way round.
    fn only_theirs(&self, beginnings: &[&str]) -> bool {
        let said = |m: &String| {
            m.split_once("): ")
                .map_or(m.as_str(), |(_, said)| said)
                .to_owned()
        };
        let known = |m: &String| beginnings.iter().any(|b| said(m).starts_with(b));
        self.ours.is_empty() && self.theirs.iter().all(known)
    }

    /// Whether all that only we object to is text with expressions given for a mapping.
    fn text_for_a_mapping(&self) -> bool {
        let known = |p: &Problem| {
            let written = p.place.excerpt(self.text).unwrap_or("");
            p.message.starts_with("Unexpected value") && written.contains("${{")
        };
        self.theirs.is_empty() && self.ours.iter().all(known)
    }

    /// The line that the first message is about.
    fn line(&self) -> &str {
        let theirs = self.theirs.first().and_then(|m| m.split_once("Line: "));
        let theirs = theirs.and_then(|(_, rest)| rest.split(',').next()?.parse::<usize>().ok());
        let ours = self.ours.first().map(|p| p.place.line as usize);
        let line = ours.or(theirs).unwrap_or(1);
        self.text.lines().nth(line.saturating_sub(1)).unwrap_or("")
    }
}

/// `crates/workflow/CONFORMANCE.md` says who is right.
const KINDS: &[Kind] = &[
    Kind {
        name: "`uses` of a step without a version",
        holds: |d| d.only_ours(&["Expected format {org}/{repo}[/path]@ref."]),
    },
    Kind {
        name: "a called workflow outside .github/workflows",
        holds: |d| d.only_ours(&["invalid value workflow reference"]),
    },
    Kind {
        name: "a filter that the event does not have",
        holds: |d| {
            let unmodelled = load(d.label, d.text)
                .map(|w| w.unmodelled)
                .unwrap_or_default();
            unmodelled.iter().any(|u| u.key.starts_with("on."))
                && d.only_theirs(&[
                    "Unexpected value 'branches",
                    "Unexpected value 'tags",
                    "Unexpected value 'paths",
                    "Unexpected value 'types'",
                ])
        },
    },
    Kind {
        name: "a mapping given by one expression",
        holds: |d| {
            d.only_theirs(&["Unexpected type 'BasicExpressionToken' encountered while reading"])
        },
    },
    Kind {
        name: "a mapping given by text with expressions in it",
        holds: |d| d.text_for_a_mapping(),
    },
    Kind {
        name: "a filter's pattern that is none",
        holds: |d| d.only_ours(&["invalid glob pattern"]),
    },
    Kind {
        name: "an input's default that is none of its options",
        holds: |d| d.only_ours(&["the default "]),
    },
    Kind {
        name: "an input's default of another kind than its type",
        holds: |d| {
            let ends = |m: &String| m.contains("encountered while reading 'input default'");
            d.ours.is_empty() && d.theirs.iter().all(ends)
        },
    },
    Kind {
        name: "one type of an event given as a number",
        holds: |d| {
            let ends = |m: &String| {
                m.contains("'NumberToken' encountered while reading 'types list'")
                    || m.contains("Unexpected value '")
            };
            let line = d.line().trim_start();
            d.ours.is_empty() && line.starts_with("types:") && d.theirs.iter().all(ends)
        },
    },
    Kind {
        name: "options of an input that is no choice",
        holds: |d| d.only_theirs(&["Input type is not 'choice', but 'options' is defined"]),
    },
    Kind {
        name: "a concurrency group that is empty",
        holds: |d| d.only_ours(&["Unexpected value ''"]) && d.line().contains("concurrency:"),
    },
    Kind {
        name: "a tag that does not fit its value",
        holds: |d| d.only_ours(&["The value '"]) && d.text.contains("!!"),
    },
];

/// Names of the known kinds.
#[cfg(test)]
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|k| k.name)
}

pub(super) fn run(tools: &Tools, arguments: &Arguments) -> Result<bool, Failure> {
    let mut sources = workflow_files::own()?;
    sources.extend(workflow_files::public()?);
    let mut random = Random::new(arguments.seed);
    let mut cases: Vec<(String, String)> = Vec::new();
    for source in &sources {
        cases.push((source.name.clone(), source.text.clone()));
        for n in 1..=arguments.mutations {
            let text = mutated(&source.text, &mut random);
            cases.push((format!("{} mutated, {n}", source.name), text));
        }
    }
    let name = |label: &str| format!(".github/workflows/{}", label.replace(' ', "-"));
    let given = cases
        .iter()
        .map(|(label, text)| json!({ "workflow": text, "name": name(label) }));
    let answers = answers(tools, given)?;
    let mut tally = Tally::new(KINDS.iter().map(|k| k.name), arguments.show);
    let mut accepted = 0;
    for ((label, text), answer) in cases.iter().zip(answers) {
        let theirs: Vec<String> = answer["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|e| e.as_str().map(str::to_owned))
            .collect();
        let ours = load(label, text).err().unwrap_or_default();
        if ours.is_empty() == theirs.is_empty() {
            accepted += usize::from(ours.is_empty());
            tally.alike();
            continue;
        }
        let difference = Difference {
            label,
            text,
            ours,
            theirs,
        };
        let kind = KINDS.iter().find(|k| (k.holds)(&difference));
        tally.differs(kind.map(|k| k.name), || {
            let ours: Vec<String> = difference.ours.iter().map(ToString::to_string).collect();
            let line = difference.line();
            format!(
                "{label}: {line}\n    ours   {ours:?}\n    theirs {:?}",
                difference.theirs
            )
        });
    }
    println!(
        "  {} workflows and their mutations, {accepted} accepted by both",
        sources.len()
    );
    Ok(tally.report())
}
