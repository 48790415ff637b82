//! Writes what the checks of workflows know of published actions:
//! `crates/workflow/data/actions.tsv`, from a folder of the actions' own metadata files.
//!
//! The folder holds `owner/name/version[/path]/action.yml`, where the version is a tag or branch
//! with `%2F` for `/`, and beside each file a `commit` with the commit and its date that it is of.
//! How the files got there is up to whoever runs this: nothing is downloaded here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lockkeeper_workflow::{ActionFile, load_action};

use crate::process::Failure;
use crate::{Outcome, tree};

/// Actions that read inputs which their metadata does not name.
const OPEN_INPUTS: &[&str] = &["octokit/request-action"];

/// Actions that set outputs which their metadata does not name.
const OPEN_OUTPUTS: &[&str] = &[
    // The script sets what it likes.
    "actions/github-script",
    // A user and a password for each registry, with the registry's name in theirs.
    "aws-actions/amazon-ecr-login",
    "dorny/paths-filter",
    "getsentry/paths-filter",
    "tj-actions/changed-files",
    // Reads secrets and files into outputs named by its caller.
    "pulumi/actions",
];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder of metadata files
    folder: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    // By name and by everything but the version, with the versions that agree in it.
    let mut table: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut newest = String::new();
    let mut outcome = Outcome::Well;
    for file in files(&arguments.folder)? {
        let path = file.strip_prefix(&arguments.folder).unwrap_or(&file);
        let parts: Vec<_> = path.iter().map(|p| p.to_string_lossy()).collect();
        let [owner, name, version, inner @ .., _] = parts.as_slice() else {
            continue;
        };
        let name = [owner, name].into_iter().chain(inner);
        let name = name.map(|p| p.to_ascii_lowercase()).collect::<Vec<_>>();
        let name = name.join("/");
        let text = fs::read_to_string(&file).map_err(Failure::file(&file))?;
        match load_action(&file.to_string_lossy(), &text) {
            Ok(action) => {
                let line = (name.clone(), columns(&name, &action));
                table
                    .entry(line)
                    .or_default()
                    .push(version.replace("%2F", "/"));
                let commit = file.with_file_name("commit");
                let commit = fs::read_to_string(&commit).map_err(Failure::file(&commit))?;
                newest = newest.max(commit.split_whitespace().nth(1).unwrap_or("").to_owned());
            }
            Err(problems) => {
                eprintln!("left out: {name}@{version}: {}", problems[0]);
                outcome = Outcome::Findings;
            }
        }
    }
    let target = tree::root().join("crates/workflow/data/actions.tsv");
    fs::write(&target, print(&table, &newest)).map_err(Failure::file(&target))?;
    Ok(outcome)
}

fn print(table: &BTreeMap<(String, String), Vec<String>>, newest: &str) -> String {
    let mut text = format!(
        "# Inputs and outputs of published actions, from the action.yml of each version named.\n\
         # Written by `cargo xtask action-table`; sources: github.com/<name>, newest commit {newest}.\n\
         # name, versions, runs.using, inputs (! required, * others too), outputs, input=deprecation\n"
    );
    for ((name, columns), versions) in table {
        text.push_str(&format!("{name}\t{}\t{columns}\n", versions.join(",")));
    }
    text
}

fn columns(name: &str, action: &ActionFile) -> String {
    let mut inputs: Vec<String> = Vec::new();
    let mut deprecations = String::new();
    for (id, input) in &action.inputs {
        let needed = input.required && input.default.is_none();
        inputs.push(format!("{id}{}", if needed { "!" } else { "" }));
        if let Some(message) = &input.deprecation_message {
            let message = message
                .value
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            deprecations.push_str(&format!("\t{id}={message}"));
        }
    }
    let mut outputs: Vec<&str> = action.outputs.keys().map(String::as_str).collect();
    inputs.sort();
    outputs.sort_unstable();
    if OPEN_INPUTS.contains(&name) {
        inputs.push("*".to_owned());
    }
    if OPEN_OUTPUTS.contains(&name) {
        outputs.push("*");
    }
    let using = &action.runs.using.value;
    format!(
        "{using}\t{}\t{}{deprecations}",
        inputs.join(" "),
        outputs.join(" ")
    )
}

/// Metadata files below a folder, in a fixed order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).map_err(Failure::file(&folder))? {
            let path = entry.map_err(Failure::file(&folder))?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().is_some_and(|n| n == "action.yml") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
