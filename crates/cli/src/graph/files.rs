//! The workflow files.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use lockkeeper_workflow::{Limits, Problem, Workflow, load};

use super::{Args, base};
use crate::exit::Failure;
use crate::printable::printable;

/// Where GitHub looks for them.
const HOME: &str = ".github/workflows";
/// The largest payload that is read; a workflow's own limit is lower.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Problems of one file that are printed.
const MAX_PROBLEMS: usize = 10;

/// Workflows of a directory.
pub(super) struct Files {
    /// In the order of their names.
    workflows: Vec<Workflow>,
    /// The one that is asked for, if it is one alone.
    only: Option<String>,
    refused: Vec<(String, Vec<Problem>)>,
}

impl Files {
    /// The workflows that are asked for.
    pub(super) fn planned(&self) -> impl Iterator<Item = &Workflow> {
        self.workflows.iter().filter(|workflow| {
            self.only
                .as_ref()
                .is_none_or(|only| **only == *workflow.place.file)
        })
    }

    /// The workflow that a job calls, if it is one of these.
    pub(super) fn called(&self, uses: &str) -> Option<&Workflow> {
        let name = uses
            .strip_prefix("./")?
            .strip_prefix(HOME)?
            .strip_prefix('/')?;
        self.workflows
            .iter()
            .find(|workflow| base(&workflow.place.file) == name)
    }

    /// What GitHub holds against files that are asked for.
    pub(super) fn unreadable(&self) -> Option<String> {
        let mut lines = Vec::new();
        for (file, problems) in &self.refused {
            if self.only.as_ref().is_some_and(|only| only != file) {
                continue;
            }
            lines.push(format!(
                "{} is no workflow that GitHub runs:",
                printable(file)
            ));
            for problem in problems.iter().take(MAX_PROBLEMS) {
                lines.push(format!("  {}", printable(&problem.to_string())));
                if let Some(suggestion) = &problem.suggestion {
                    lines.push(format!("    {}", printable(suggestion)));
                }
            }
        }
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// Reads the workflows that `args` asks for, and those beside them.
pub(super) fn read(args: &Args) -> Result<Files, Failure> {
    let (directory, only) = match &args.workflows {
        None => (args.directory.join(HOME), None),
        Some(path) if path.is_file() => {
            let parent = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            let directory = parent.unwrap_or(Path::new(".")).to_owned();
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            (directory, name)
        }
        Some(path) => (path.clone(), None),
    };
    let listed = list(&directory)?;
    if listed.is_empty() && only.is_none() {
        return Err(Failure::usage(format!(
            "{}: there is no workflow file (*.yml, *.yaml)",
            directory.display()
        )));
    }
    let prefix = match &args.workflows {
        None => HOME.to_owned(),
        Some(_) => directory.to_string_lossy().into_owned(),
    };
    let name_of = |name: &str| match prefix.as_str() {
        "." | "" => name.to_owned(),
        prefix => format!("{}/{name}", prefix.trim_end_matches('/')),
    };
    let mut files = Files {
        workflows: Vec::new(),
        only: only.as_deref().map(name_of),
        refused: Vec::new(),
    };
    let mut names: Vec<String> = listed;
    if let Some(only) = only.filter(|only| !names.contains(only)) {
        names.push(only);
    }
    for name in names {
        let file = name_of(&name);
        let is_asked_for = files.only.as_ref().is_none_or(|only| *only == file);
        let text = match text(&directory.join(&name)) {
            Ok(text) => text,
            // What lies beside the file that is asked for need not be readable.
            Err(_) if !is_asked_for => continue,
            Err(failure) => return Err(failure),
        };
        match load(&file, &text) {
            Ok(workflow) => files.workflows.push(workflow),
            Err(problems) => files.refused.push((file, problems)),
        }
    }
    Ok(files)
}

/// Names of the workflow files in a directory, sorted.
fn list(directory: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Failure::usage(format!(
            "{}: there is no such directory; name the repository, or its workflow files with --workflows",
            directory.display()
        )),
        _ => Failure::machine(format!("cannot read {}: {error}", directory.display())),
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let is_workflow = name.ends_with(".yml") || name.ends_with(".yaml");
        if is_workflow && entry.path().is_file() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The text of a file that is not larger than any use for it.
pub(super) fn text(path: &PathBuf) -> Result<String, Failure> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::IsADirectory => {
            Failure::usage(format!("{}: {error}", path.display()))
        }
        _ => Failure::machine(format!("cannot read {}: {error}", path.display())),
    };
    let mut bytes = Vec::new();
    let limit = MAX_BYTES.max(Limits::default().file_size as u64 + 1);
    let file = File::open(path).map_err(failed)?;
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(Failure::usage(format!(
            "{}: it is too large",
            path.display()
        )));
    }
    String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{}: save it as UTF-8", path.display())))
}
