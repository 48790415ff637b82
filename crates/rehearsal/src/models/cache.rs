//! `actions/cache`: files that later jobs find again. A story begins with no cache at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt, PermissionsExt};

use super::{Bench, Model, Progress};

/// The most bytes that one cache may have here.
const MOST: u64 = 64 << 20;

/// A file of a cache: where it was, whether it may be run, what it holds.
type Kept = (PathBuf, u32, Vec<u8>);

/// What is kept, by the ref that it was made for and its key.
#[derive(Clone, Default)]
pub struct Caches(Vec<Cache>);

#[derive(Clone)]
struct Cache {
    git_ref: String,
    key: String,
    /// The paths that it was made of: only the same find it again.
    version: String,
    files: Arc<Vec<Kept>>,
}

impl Caches {
    /// The newest cache that a run for `git_ref` may use and whose key is, or begins with, `key`.
    fn find(&self, refs: &[String], version: &str, key: &str, whole: bool) -> Option<&Cache> {
        refs.iter().find_map(|git_ref| {
            self.0.iter().rev().find(|cache| {
                cache.git_ref == *git_ref
                    && cache.version == version
                    && match whole {
                        true => cache.key == key,
                        false => cache.key.starts_with(key),
                    }
            })
        })
    }
}

/// Which of the action's halves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Restore { saves_later: bool },
    Save,
}

struct CacheAction {
    waited: bool,
    half: Half,
}

pub(super) fn start() -> Box<dyn Model> {
    Box::new(CacheAction {
        waited: false,
        half: Half::Restore { saves_later: true },
    })
}

pub(super) fn restore() -> Box<dyn Model> {
    Box::new(CacheAction {
        waited: false,
        half: Half::Restore { saves_later: false },
    })
}

pub(super) fn save() -> Box<dyn Model> {
    Box::new(CacheAction {
        waited: false,
        half: Half::Save,
    })
}

impl Model for CacheAction {
    fn resume(&mut self, bench: &mut Bench<'_>) -> Progress {
        if !self.waited {
            self.waited = true;
            return Progress::Sleep(bench.world.durations().cache);
        }
        let (Some(key), Some(path)) = (
            bench.input("key").map(str::to_owned),
            bench.input("path").map(str::to_owned),
        ) else {
            return Progress::Failed("Input required and not supplied: key, path".to_owned());
        };
        match self.half {
            Half::Restore { saves_later } => restore_files(bench, &key, &path, saves_later),
            Half::Save => save_files(bench, &key, &path),
        }
    }
}

/// The refs whose caches a run may use: its own, a pull request's base, the default branch.
fn refs(bench: &Bench<'_>) -> Vec<String> {
    let hub = &bench.world.hub;
    let mut refs = Vec::new();
    if let Some(run) = hub.run(bench.run) {
        refs.push(run.git_ref.clone());
        if let Some(pull) = run.pull.and_then(|pull| hub.pull(pull)) {
            refs.push(format!("refs/heads/{}", pull.base));
        }
    }
    refs.push(format!("refs/heads/{}", hub.spec().default_branch));
    refs
}

fn restore_files(bench: &mut Bench<'_>, key: &str, path: &str, saves_later: bool) -> Progress {
    let refs = refs(bench);
    let others: Vec<String> = bench
        .input("restore-keys")
        .unwrap_or_default()
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    let exact = bench.caches.find(&refs, path, key, true);
    let found = exact
        .or_else(|| bench.caches.find(&refs, path, key, false))
        .or_else(|| {
            others
                .iter()
                .find_map(|other| bench.caches.find(&refs, path, other, false))
        });
    let hit = exact.is_some();
    let found = found.map(|cache| (cache.key.clone(), cache.files.clone()));
    let outputs = &mut bench.effects.outputs;
    outputs.insert("cache-primary-key".into(), key.to_owned());
    if saves_later && !hit {
        bench.effects.post = Some(save());
    }
    let Some((matched, files)) = found else {
        let text = format!("Cache not found for input keys: {}", {
            let mut keys = vec![key.to_owned()];
            keys.extend(others);
            keys.join(", ")
        });
        if bench.input("fail-on-cache-miss") == Some("true") {
            return Progress::Failed(format!(
                "Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: {key}"
            ));
        }
        bench
            .effects
            .outputs
            .insert("cache-hit".into(), String::new());
        bench.effects.log.push(text);
        return Progress::Done;
    };
    let outputs = &mut bench.effects.outputs;
    outputs.insert("cache-hit".into(), hit.to_string());
    outputs.insert("cache-matched-key".into(), matched.clone());
    let log = format!("Cache restored from key: {matched}");
    bench.effects.log.push(log);
    if bench.input("lookup-only") != Some("true")
        && let Err(error) = write(bench.files, &files)
    {
        return Progress::Failed(format!("cannot write the cache's files: {error}"));
    }
    Progress::Done
}

fn write(files: &Dir, kept: &[Kept]) -> std::io::Result<()> {
    for (path, mode, contents) in kept {
        if let Some(parent) = path.parent() {
            files.create_dir_all(parent)?;
        }
        files.remove_file(path).ok();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(*mode);
        let mut file = files.open_with(path, &options)?;
        std::io::Write::write_all(&mut file, contents)?;
    }
    Ok(())
}

fn save_files(bench: &mut Bench<'_>, key: &str, path: &str) -> Progress {
    let Some(git_ref) = refs(bench).into_iter().next() else {
        return Progress::Done;
    };
    if bench
        .caches
        .find(std::slice::from_ref(&git_ref), path, key, true)
        .is_some()
    {
        let text = format!("Cache hit occurred on the primary key {key}, not saving cache.");
        bench.effects.log.push(text);
        return Progress::Done;
    }
    let mut kept = BTreeMap::new();
    let mut left = MOST;
    for line in path.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.contains(['*', '?', '!', '[']) {
            bench.not_modelled(format!("the pattern `{line}` of actions/cache: ignored"));
            continue;
        }
        let place = place(bench, line);
        if collect(bench.files, &place, &mut kept, &mut left, 0).is_none() {
            bench.not_modelled(format!("a cache of more than {} MiB: not kept", MOST >> 20));
            return Progress::Done;
        }
    }
    if kept.is_empty() {
        let text = "::warning::Path Validation Error: Path(s) specified in the action for caching do(es) not exist, hence no cache is being saved.";
        bench.effects.log.push(text.to_owned());
        return Progress::Done;
    }
    let files = kept
        .into_iter()
        .map(|(path, (mode, contents))| (path, mode, contents))
        .collect();
    bench.caches.0.push(Cache {
        git_ref,
        key: key.to_owned(),
        version: path.to_owned(),
        files: Arc::new(files),
    });
    bench
        .effects
        .log
        .push(format!("Cache saved with key: {key}"));
    Progress::Done
}

/// A path of an input, in the machine's writable directory.
fn place(bench: &Bench<'_>, path: &str) -> PathBuf {
    if let Some(rest) = path.strip_prefix("~/") {
        return Path::new("home").join(rest);
    }
    let path = Path::new(path);
    match path.strip_prefix(bench.inside) {
        Ok(rest) => rest.to_owned(),
        Err(_) => bench.workspace.join(path),
    }
}

/// Reads files below a path; nothing when they are too large. Links are left out.
fn collect(
    files: &Dir,
    path: &Path,
    kept: &mut BTreeMap<PathBuf, (u32, Vec<u8>)>,
    left: &mut u64,
    depth: usize,
) -> Option<()> {
    let Ok(metadata) = files.symlink_metadata(path) else {
        return Some(());
    };
    if metadata.is_dir() && depth < 32 {
        let Ok(entries) = files.read_dir(path) else {
            return Some(());
        };
        for entry in entries.flatten() {
            collect(files, &path.join(entry.file_name()), kept, left, depth + 1)?;
        }
    } else if metadata.is_file() {
        *left = left.checked_sub(metadata.len())?;
        if let Ok(contents) = files.read(path) {
            let mode = metadata.permissions().mode() & 0o777;
            kept.insert(path.to_owned(), (mode, contents));
        }
    }
    Some(())
}
