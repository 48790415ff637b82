//! This repository's folders, and copies of them to work in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::{Failure, step};

/// What installing, building and testing leaves behind.
const LEFTOVERS: &[&str] = &["node_modules", "dist", "coverage", "target", ".git"];

pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// A copy of the example without leftovers, under its own name; gone when dropped.
pub(crate) struct Copy {
    _keeps: TempDir,
    pub(crate) path: PathBuf,
}

pub(crate) fn copy_of_example() -> Result<Copy, Failure> {
    let dir = TempDir::with_prefix("lockkeeper-")
        .map_err(|error| Failure::Setup(format!("no temporary folder: {error}")))?;
    let path = dir.path().join("node-api");
    copy_example_to(&path)?;
    Ok(Copy { _keeps: dir, path })
}

pub(crate) fn copy_example_to(path: &Path) -> Result<(), Failure> {
    copy(&root().join("examples/node-api"), path)
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir(to).map_err(Failure::file(to))?;
    for entry in fs::read_dir(from).map_err(Failure::file(from))? {
        let entry = entry.map_err(Failure::file(from))?;
        if LEFTOVERS.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(Failure::file(&source))?.is_dir() {
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(Failure::file(&source))?;
        }
    }
    Ok(())
}

/// All files below `folder`, in the order of their names.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(Failure::file(folder))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_type().map_err(Failure::file(&path))?.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// Runs lockkeeper as it is in this tree, showing what it prints.
pub(crate) fn lockkeeper(arguments: &[&str], folder: &Path) -> Result<(), Failure> {
    step(&mut lockkeeper_command(arguments, folder))
}

pub(crate) fn lockkeeper_command(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["run", "--quiet", "--package", "lockkeeper", "--"])
        .args(arguments)
        .arg(folder)
        .current_dir(root());
    command
}
