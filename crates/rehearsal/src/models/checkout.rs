//! `actions/checkout`: a commit's files, with a Git directory that real `git` understands.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use lockkeeper_names::CommitSha;
use lockkeeper_world::hub::{Access, Visibility};
use sha1::{Digest, Sha1};

use super::{Bench, Model, Progress};
use crate::repository::File;

struct Checkout {
    waited: bool,
}

pub(super) fn start() -> Box<dyn Model> {
    Box::new(Checkout { waited: false })
}

impl Model for Checkout {
    fn resume(&mut self, bench: &mut Bench<'_>) -> Progress {
        if !self.waited {
            self.waited = true;
            return Progress::Sleep(bench.world.durations().checkout);
        }
        if let Some(other) = bench
            .input("repository")
            .filter(|other| *other != bench.repository.slug.as_str())
        {
            return Progress::Failed(format!(
                "fatal: repository 'https://github.com/{other}/' not found: the rehearsal has this repository only"
            ));
        }
        if let Some(refused) = refused(bench) {
            return Progress::Failed(refused);
        }
        for input in ["submodules", "lfs", "sparse-checkout"] {
            if bench.input(input).is_some_and(|value| value != "false") {
                bench.not_modelled(format!("the input `{input}` of actions/checkout: ignored"));
            }
        }
        match check_out(bench) {
            Ok(()) => Progress::Done,
            Err(message) => Progress::Failed(message),
        }
    }
}

/// Without `contents: read` the job's token does not even know of a private repository.
fn refused(bench: &Bench<'_>) -> Option<String> {
    let hub = &bench.world.hub;
    let spec = hub.spec();
    let brings_its_own = ["token", "ssh-key"]
        .iter()
        .any(|input| bench.input(input).is_some_and(|value| !value.is_empty()));
    let reads = hub
        .job(bench.job)
        .is_none_or(|job| job.permissions.of("contents") >= Access::Read);
    (spec.visibility != Visibility::Public && !brings_its_own && !reads).then(|| {
        format!(
            "remote: Repository not found.\nfatal: repository 'https://github.com/{}/' not found: the job's token lacks `contents: read`",
            spec.slug
        )
    })
}

fn check_out(bench: &mut Bench<'_>) -> Result<(), String> {
    let run = bench.world.hub.run(bench.run).ok_or("the run is gone")?;
    let (sha, git_ref) = match bench.input("ref") {
        None => (run.sha.clone(), run.git_ref.clone()),
        Some(asked) => {
            let found = bench
                .world
                .hub
                .resolve(asked)
                .cloned()
                .or_else(|| of_pull(bench, asked));
            (
                found.ok_or_else(|| {
                    format!("A branch or tag with the name '{asked}' could not be found")
                })?,
                asked.to_owned(),
            )
        }
    };
    let files = bench
        .repository
        .files_of(&sha)
        .ok_or_else(|| format!("commit {sha} is not in the repository"))?;
    let place = match bench.input("path") {
        Some(path) => bench.workspace.join(path),
        None => bench.workspace.to_owned(),
    };
    let failed = |error: std::io::Error| format!("cannot write the workspace: {error}");
    if bench.input("path").is_none() {
        clear(bench.files, &place).map_err(failed)?;
    }
    bench.files.create_dir_all(&place).map_err(failed)?;
    let directory = bench.files.open_dir(&place).map_err(failed)?;
    write(&directory, &files).map_err(failed)?;
    let depth = bench.input("fetch-depth").unwrap_or("1").to_owned();
    write_git(
        bench,
        &directory,
        &place,
        &sha,
        &git_ref,
        &files,
        depth == "0",
    )
    .map_err(failed)?;
    bench.machine.commit = Some(sha.clone());
    bench
        .effects
        .outputs
        .insert("commit".into(), sha.to_string());
    bench.effects.outputs.insert("ref".into(), git_ref);
    bench
        .effects
        .log
        .push(format!("HEAD is now at {}", sha.short()));
    Ok(())
}

/// What a pull request's refs name: `refs/pull/N/head`, `refs/pull/N/merge`, or its branch.
fn of_pull(bench: &Bench<'_>, asked: &str) -> Option<CommitSha> {
    let hub = &bench.world.hub;
    let plain = asked.strip_prefix("refs/").unwrap_or(asked);
    if let Some(rest) = plain.strip_prefix("pull/") {
        let (number, which) = rest.split_once('/')?;
        let pull = hub.pull(lockkeeper_world::ids::PullNumber(number.parse().ok()?))?;
        return match which {
            "head" => Some(pull.head.clone()),
            "merge" => pull.merge_commit.clone(),
            _ => None,
        };
    }
    let branch = plain.strip_prefix("heads/").unwrap_or(plain);
    let mut pulls = hub.pulls().into_iter().filter(|pull| !pull.fork);
    let pull = pulls.find(|pull| pull.head_branch() == branch)?;
    Some(pull.head.clone())
}

fn clear(files: &Dir, place: &Path) -> std::io::Result<()> {
    match files.remove_dir_all(place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write(directory: &Dir, files: &BTreeMap<&str, &File>) -> std::io::Result<()> {
    let mut made = PathBuf::new();
    for (path, file) in files {
        let path = Path::new(path);
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty() && *parent != made)
        {
            directory.create_dir_all(parent)?;
            made = parent.to_owned();
        }
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(if file.executable { 0o755 } else { 0o644 });
        directory
            .open_with(path, &options)?
            .write_all(&file.contents)?;
    }
    Ok(())
}

/// A Git directory whose objects are copies of the story's, whose `origin` is beside them.
fn write_git(
    bench: &Bench<'_>,
    directory: &Dir,
    place: &Path,
    sha: &CommitSha,
    git_ref: &str,
    files: &BTreeMap<&str, &File>,
    whole: bool,
) -> std::io::Result<()> {
    clear(directory, Path::new(".git"))?;
    for (path, bytes) in bench
        .repository
        .merge_of(sha)
        .iter()
        .flat_map(|merge| merge.objects())
    {
        let path = Path::new(".git/objects").join(path);
        directory.create_dir_all(path.parent().unwrap_or(&path))?;
        directory.write(path, bytes)?;
    }
    directory.create_dir_all(".git/objects/pack")?;
    directory.create_dir_all(".git/objects/info")?;
    directory.create_dir_all(".git/refs/heads")?;
    directory.create_dir_all(".git/origin.git/objects/info")?;
    directory.create_dir_all(".git/origin.git/refs")?;
    let packs = bench.repository.git_directory().join("objects/pack");
    for entry in std::fs::read_dir(packs)? {
        let entry = entry?;
        directory.write(
            Path::new(".git/objects/pack").join(entry.file_name()),
            std::fs::read(entry.path())?,
        )?;
    }
    let mut branches = String::new();
    let mut remotes = String::new();
    for (branch, head) in bench.world.hub.branches() {
        branches.push_str(&format!("{head} refs/heads/{branch}\n"));
        remotes.push_str(&format!("{head} refs/remotes/origin/{branch}\n"));
    }
    let head = match git_ref.strip_prefix("refs/heads/") {
        Some(branch) => {
            remotes.push_str(&format!("{sha} refs/heads/{branch}\n"));
            format!("ref: refs/heads/{branch}\n")
        }
        None => format!("{sha}\n"),
    };
    directory.write(".git/HEAD", head)?;
    directory.write(".git/packed-refs", remotes)?;
    if !whole {
        directory.write(".git/shallow", format!("{sha}\n"))?;
    }
    let default = bench.repository.branch.as_str();
    directory.write(
        ".git/origin.git/HEAD",
        format!("ref: refs/heads/{default}\n"),
    )?;
    directory.write(".git/origin.git/packed-refs", branches)?;
    directory.write(
        ".git/origin.git/config",
        "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
    )?;
    directory.write(".git/origin.git/objects/info/alternates", "../../objects\n")?;
    let origin = bench.inside.join(place).join(".git/origin.git");
    let url = format!("https://github.com/{}", bench.repository.slug);
    directory.write(
        ".git/config",
        format!(
            "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n[remote \"origin\"]\n\turl = {url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n[url \"file://{}\"]\n\tinsteadOf = {url}\n[gc]\n\tauto = 0\n",
            origin.display()
        ),
    )?;
    directory.write(".git/index", index(files))
}

/// Git's index of a commit's files, without what the file system knows of them: Git compares the
/// contents when it is asked.
fn index(files: &BTreeMap<&str, &File>) -> Vec<u8> {
    let mut bytes = b"DIRC".to_vec();
    bytes.extend_from_slice(&2u32.to_be_bytes());
    bytes.extend_from_slice(&(files.len() as u32).to_be_bytes());
    for (path, file) in files {
        let start = bytes.len();
        bytes.extend_from_slice(&[0; 24]);
        bytes.extend_from_slice(
            &if file.executable {
                0o100_755u32
            } else {
                0o100_644
            }
            .to_be_bytes(),
        );
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(&(file.contents.len() as u32).to_be_bytes());
        let mut hash = Sha1::new();
        hash.update(format!("blob {}\0", file.contents.len()));
        hash.update(&file.contents);
        bytes.extend_from_slice(&hash.finalize());
        bytes.extend_from_slice(&(path.len().min(0xfff) as u16).to_be_bytes());
        bytes.extend_from_slice(path.as_bytes());
        // One to eight NULs, to a multiple of eight.
        let length = bytes.len() - start;
        bytes.resize(start + (length / 8 + 1) * 8, 0);
    }
    let sum = Sha1::digest(&bytes);
    bytes.extend_from_slice(&sum);
    bytes
}
