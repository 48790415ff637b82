//! `actions/upload-artifact` and `actions/download-artifact`: real files, from machine to machine.

use std::io::Write;
use std::path::{Component, Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use super::{Bench, Model, Progress};
use crate::runner::hash;

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
            return Progress::Sleep(bench.world.durations().artifact);
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

/// Characters that no artifact's name may have.
const FORBIDDEN: &[char] = &['"', ':', '<', '>', '|', '*', '?', '\r', '\n', '\\', '/'];

fn check_name(name: &str) -> Result<(), String> {
    match name.contains(FORBIDDEN) {
        true => Err(format!(
            "The artifact name is not valid: {name}. Contains one of the characters: \" : < > | * ? \\ /, or a line break"
        )),
        false => Ok(()),
    }
}

fn carry_up(bench: &mut Bench<'_>) -> Result<(), String> {
    let name = bench.input("name").unwrap_or("artifact").to_owned();
    check_name(&name)?;
    let hidden = bench.input("include-hidden-files") == Some("true") || is_before(bench.git_ref, 4);
    let given = bench.input("path").unwrap_or_default();
    let lines = given.lines().map(str::trim).filter(|line| !line.is_empty());
    let (mut wanted, mut left_out) = (Vec::new(), Vec::new());
    for line in lines {
        match line.strip_prefix('!') {
            Some(line) => left_out.push(place(bench, line)?),
            None => wanted.push(place(bench, line)?),
        }
    }
    if wanted.is_empty() {
        return Err("Input required and not supplied: path".into());
    }
    let overwrites = bench.input("overwrite") == Some("true");
    if bench.artifacts.0.contains_key(&name) && !overwrites {
        return Err(format!(
            "Failed to CreateArtifact: Received non-retryable error: Failed request: (409) Conflict: an artifact with this name already exists on the workflow run: {name}"
        ));
    }
    let failed = |error: std::io::Error| format!("cannot keep the artifact: {error}");
    let mut found = Vec::new();
    for pattern in &wanted {
        find(bench.files, pattern, hidden, &mut found).map_err(failed)?;
    }
    found.retain(|path| !left_out.iter().any(|pattern| matches(pattern, path)));
    found.sort();
    found.dedup();
    if found.is_empty() {
        let text = format!(
            "No files were found with the provided path: {}. No artifacts will be uploaded.",
            given.lines().collect::<Vec<_>>().join(", ")
        );
        match bench.input("if-no-files-found") {
            Some("error") => return Err(text),
            Some("ignore") => bench.effects.log.push(text),
            _ => bench.effects.log.push(format!("::warning::{text}")),
        }
        return Ok(());
    }
    let roots: Vec<PathBuf> = wanted
        .iter()
        .map(|pattern| search_root(bench.files, pattern))
        .collect();
    let root = shared_root(&roots);
    let mut target = bench.artifacts.0.len();
    while bench.store.join(format!("artifact-{target}")).exists() {
        target += 1;
    }
    let target = bench.store.join(format!("artifact-{target}"));
    std::fs::create_dir_all(&target).map_err(failed)?;
    let store = Dir::open_ambient_dir(&target, ambient_authority()).map_err(failed)?;
    let mut left = MOST;
    for path in &found {
        let contents = bench.files.read(path).map_err(failed)?;
        left = left
            .checked_sub(contents.len() as u64)
            .ok_or("the artifact is too large for a rehearsal")?;
        let inside = path.strip_prefix(&root).unwrap_or(path);
        if let Some(parent) = inside.parent() {
            store.create_dir_all(parent).map_err(failed)?;
        }
        store.write(inside, contents).map_err(failed)?;
    }
    bench.artifacts.0.insert(name, target);
    let id = bench.artifacts.0.len().to_string();
    bench.effects.outputs.insert("artifact-id".into(), id);
    Ok(())
}

/// Whether an action is asked for in a version before `major`; a commit is taken for a newer one.
fn is_before(git_ref: &str, major: u32) -> bool {
    let number = git_ref
        .strip_prefix('v')
        .and_then(|rest| rest.split('.').next());
    number
        .and_then(|number| number.parse::<u32>().ok())
        .is_some_and(|number| number < major)
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The directory in which a pattern's files are looked for; of a single file that around it.
fn search_root(files: &Dir, pattern: &Path) -> PathBuf {
    let plain: PathBuf = pattern
        .components()
        .take_while(|part| !is_pattern(&part.as_os_str().to_string_lossy()))
        .collect();
    match files.metadata(&plain) {
        Ok(metadata) if metadata.is_file() => plain.parent().unwrap_or(&plain).to_owned(),
        _ => plain,
    }
}

/// What several directories have in common.
fn shared_root(roots: &[PathBuf]) -> PathBuf {
    let mut roots = roots.iter();
    let first = roots.next().cloned().unwrap_or_default();
    roots.fold(first, |shared, root| {
        let both = shared.components().zip(root.components());
        both.take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    })
}

/// Whether a path is what a pattern names, or below it.
fn matches(pattern: &Path, path: &Path) -> bool {
    let pattern = pattern.to_string_lossy();
    path.ancestors()
        .any(|path| hash::glob(&pattern, &path.to_string_lossy()))
}

/// The files that a pattern names; links are left out.
fn find(
    files: &Dir,
    pattern: &Path,
    hidden: bool,
    found: &mut Vec<PathBuf>,
) -> std::io::Result<()> {
    let mut open = vec![search_root(files, pattern)];
    while let Some(directory) = open.pop() {
        let Ok(entries) = files.read_dir(&directory) else {
            continue;
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            if !hidden && name.to_string_lossy().starts_with('.') {
                continue;
            }
            let (path, kind) = (directory.join(&name), entry.file_type()?);
            if kind.is_dir() && path.components().count() < 40 {
                open.push(path);
            } else if kind.is_file() && matches(pattern, &path) && found.len() < 50_000 {
                found.push(path);
            }
        }
    }
    Ok(())
}

fn carry_down(bench: &mut Bench<'_>) -> Result<(), String> {
    for input in ["run-id", "artifact-ids", "repository"] {
        if bench.input(input).is_some() {
            bench.not_modelled(format!(
                "the input `{input}` of actions/download-artifact: artifacts of this run are taken"
            ));
        }
    }
    let to = match bench.input("path") {
        Some(path) => place(bench, path)?,
        None => bench.workspace.to_owned(),
    };
    let failed = |error: std::io::Error| format!("cannot write the artifact: {error}");
    let merge = bench.input("merge-multiple") == Some("true");
    let pattern = bench.input("pattern").unwrap_or("*").to_owned();
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
            .filter(|(name, _)| hash::glob(&pattern, name))
            .map(|(name, path)| {
                (
                    if merge { String::new() } else { name.clone() },
                    path.clone(),
                )
            })
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
