//! `actions/upload-artifact` and `actions/download-artifact`: real files, from machine to machine.

use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use super::{Bench, Model, Progress};

/// The most bytes that one artifact may have.
const MOST: u64 = 256 << 20;

struct Artifact {
    waited: bool,
    carry: fn(&mut Bench<'_>) -> Result<(), String>,
}

pub(super) fn upload() -> Box<dyn Model> {
    Box::new(Artifact {
        waited: false,
        carry: carry_up,
    })
}

pub(super) fn download() -> Box<dyn Model> {
    Box::new(Artifact {
        waited: false,
        carry: carry_down,
    })
}

impl Model for Artifact {
    fn resume(&mut self, bench: &mut Bench<'_>) -> Progress {
        if !self.waited {
            self.waited = true;
            return Progress::Sleep(Duration::from_secs(3));
        }
        match (self.carry)(bench) {
            Ok(()) => Progress::Done,
            Err(message) => Progress::Failed(message),
        }
    }
}

/// A path of an input, in the machine's writable directory.
fn place(bench: &Bench<'_>, path: &str) -> Result<PathBuf, String> {
    let path = Path::new(path);
    let inside = match path.strip_prefix(bench.inside) {
        Ok(rest) => rest.to_owned(),
        Err(_) if path.is_absolute() => {
            return Err(format!(
                "{} is outside of what the machine can write",
                path.display()
            ));
        }
        Err(_) => bench.workspace.join(path),
    };
    let mut plain = PathBuf::new();
    for part in inside.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => drop(plain.pop()),
            _ => {}
        }
    }
    Ok(plain)
}

fn carry_up(bench: &mut Bench<'_>) -> Result<(), String> {
    let name = bench.input("name").unwrap_or("artifact").to_owned();
    let paths: Vec<String> = bench
        .input("path")
        .unwrap_or_default()
        .lines()
        .map(str::trim)
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect();
    if paths.is_empty() {
        return Err("Input required and not supplied: path".into());
    }
    if bench.artifacts.0.contains_key(&name) && bench.input("overwrite") != Some("true") {
        return Err(format!(
            "an artifact with this name already exists on the workflow run: {name}"
        ));
    }
    let target = bench
        .store
        .join(format!("artifact-{}", bench.artifacts.0.len()));
    let failed = |error: std::io::Error| format!("cannot keep the artifact: {error}");
    std::fs::create_dir_all(&target).map_err(failed)?;
    let store = Dir::open_ambient_dir(&target, ambient_authority()).map_err(failed)?;
    let mut left = MOST;
    let mut any = false;
    for path in &paths {
        if path.contains(['*', '?', '!', '[']) {
            bench.not_modelled(format!(
                "the pattern `{path}` of actions/upload-artifact: ignored"
            ));
            continue;
        }
        let from = place(bench, path)?;
        match bench.files.metadata(&from) {
            Ok(metadata) if metadata.is_dir() => {
                let directory = bench.files.open_dir(&from).map_err(failed)?;
                copy(&directory, &store, &mut left, 0).map_err(failed)?;
                any = true;
            }
            Ok(_) => {
                let contents = bench.files.read(&from).map_err(failed)?;
                store
                    .write(from.file_name().unwrap_or_default(), contents)
                    .map_err(failed)?;
                any = true;
            }
            Err(_) => {}
        }
    }
    if !any {
        let text = format!(
            "No files were found with the provided path: {}. No artifacts will be uploaded.",
            paths.join(", ")
        );
        return match bench.input("if-no-files-found") {
            Some("error") => Err(text),
            _ => {
                bench.effects.log.push(format!("::warning::{text}"));
                Ok(())
            }
        };
    }
    bench.artifacts.0.insert(name, target);
    Ok(())
}

fn carry_down(bench: &mut Bench<'_>) -> Result<(), String> {
    let to = match bench.input("path") {
        Some(path) => place(bench, path)?,
        None => bench.workspace.to_owned(),
    };
    let failed = |error: std::io::Error| format!("cannot write the artifact: {error}");
    let wanted: Vec<(String, PathBuf)> = match bench.input("name") {
        Some(name) => {
            let found = bench.artifacts.0.get(name).cloned();
            vec![(
                String::new(),
                found.ok_or_else(|| {
                    format!("Unable to download artifact(s): Artifact not found for name: {name}")
                })?,
            )]
        }
        None => bench
            .artifacts
            .0
            .iter()
            .map(|(name, path)| (name.clone(), path.clone()))
            .collect(),
    };
    for (name, from) in wanted {
        let to = to.join(name);
        bench.files.create_dir_all(&to).map_err(failed)?;
        let target = bench.files.open_dir(&to).map_err(failed)?;
        let store = Dir::open_ambient_dir(&from, ambient_authority()).map_err(failed)?;
        copy(&store, &target, &mut MOST.clone(), 0).map_err(failed)?;
    }
    let shown = bench.inside.join(&to).display().to_string();
    bench.effects.outputs.insert("download-path".into(), shown);
    Ok(())
}

/// Copies files and directories; links are left out, as the real actions do not keep them.
fn copy(from: &Dir, to: &Dir, left: &mut u64, depth: usize) -> std::io::Result<()> {
    if depth > 32 {
        return Err(std::io::Error::other("more than 32 directories deep"));
    }
    let mut entries = from.entries()?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(cap_std::fs::DirEntry::file_name);
    for entry in entries {
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if kind.is_dir() {
            to.create_dir_all(&name)?;
            copy(&entry.open_dir()?, &to.open_dir(&name)?, left, depth + 1)?;
        } else if kind.is_file() {
            let contents = from.read(&name)?;
            *left = left
                .checked_sub(contents.len() as u64)
                .ok_or_else(|| std::io::Error::other("the artifact is too large"))?;
            to.remove_file(&name).ok();
            to.open_with(&name, OpenOptions::new().write(true).create_new(true))?
                .write_all(&contents)?;
        }
    }
    Ok(())
}
