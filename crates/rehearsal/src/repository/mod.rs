//! The repository that is rehearsed: its files as one commit, and the commits that stories add,
//! in a Git repository of the rehearsal's own.

mod merge;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use lockkeeper_names::{BranchName, CommitSha, RepositorySlug};

pub use merge::Merge;

/// Why a repository cannot be rehearsed.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    #[error("cannot read {path}: {cause}")]
    Read { path: String, cause: io::Error },
    #[error(
        "{path} has more than {most} files or {bytes} bytes: point lockkeeper at the repository's root"
    )]
    TooLarge {
        path: String,
        most: usize,
        bytes: u64,
    },
    #[error("git was not found or failed ({0}): the rehearsal's checkouts are real ones")]
    Git(String),
}

/// One file of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub executable: bool,
    pub contents: Vec<u8>,
}

/// A commit that a story adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What the story calls it.
    pub name: String,
    pub message: String,
    /// Files that differ from the first commit.
    pub files: BTreeMap<String, File>,
    /// Whose child it is; the repository's first commit when absent.
    pub parent: Option<String>,
}

/// The repository and all its commits.
#[derive(Debug)]
pub struct Repository {
    pub slug: RepositorySlug,
    pub branch: BranchName,
    /// The files of the first commit, by path with `/`.
    pub files: BTreeMap<String, File>,
    pub root: CommitSha,
    changes: BTreeMap<String, (CommitSha, Change)>,
    /// The bare Git repository that holds all commits.
    git: PathBuf,
    /// The name of each commit's tree, once one is asked for.
    trees: OnceLock<BTreeMap<String, String>>,
    /// Merges of one commit into another, each made when it is asked for.
    merges: BTreeMap<(CommitSha, CommitSha), OnceLock<Option<Merge>>>,
}

const MOST_FILES: usize = 20_000;
const MOST_BYTES: u64 = 256 << 20;
/// Directories that are never part of a commit.
const LEFT_OUT: &[&str] = &[
    ".git",
    "node_modules",
    "target",
    ".venv",
    "dist",
    "coverage",
];

/// Reads the files below `directory` as a commit holds them. Links are left out: what they point
/// to may be anywhere.
pub fn read_files(directory: &Path) -> Result<BTreeMap<String, File>, RepositoryError> {
    let mut files = BTreeMap::new();
    let mut bytes = 0;
    let mut directories = vec![PathBuf::new()];
    while let Some(relative) = directories.pop() {
        let path = directory.join(&relative);
        let failed = |cause| RepositoryError::Read {
            path: path.display().to_string(),
            cause,
        };
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let name = relative.join(entry.file_name());
            if kind.is_dir() {
                if !LEFT_OUT.iter().any(|left| entry.file_name() == *left) {
                    directories.push(name);
                }
            } else if kind.is_file() {
                let failed = |cause| RepositoryError::Read {
                    path: directory.join(&name).display().to_string(),
                    cause,
                };
                let metadata = entry.metadata().map_err(failed)?;
                bytes += metadata.len();
                if files.len() >= MOST_FILES || bytes > MOST_BYTES {
                    return Err(RepositoryError::TooLarge {
                        path: directory.display().to_string(),
                        most: MOST_FILES,
                        bytes: MOST_BYTES,
                    });
                }
                // A name that is not UTF-8 cannot be named by a workflow.
                let Some(text) = name.to_str() else { continue };
                let contents = fs::read(entry.path()).map_err(failed)?;
                files.insert(
                    text.to_owned(),
                    File {
                        executable: metadata.permissions().mode() & 0o100 != 0,
                        contents,
                    },
                );
            }
        }
    }
    Ok(files)
}

impl Repository {
    /// Makes the commits: the files as they are, then each change. `scratch` must be empty.
    pub fn make(
        slug: RepositorySlug,
        branch: BranchName,
        files: BTreeMap<String, File>,
        changes: Vec<Change>,
        scratch: &Path,
    ) -> Result<Self, RepositoryError> {
        let git = scratch.join("repository.git");
        run(git_command(None)
            .args(["init", "--quiet", "--bare"])
            .arg(&git))?;
        let marks = scratch.join("marks");
        let mut import = git_command(Some(&git))
            // One pack, however few the objects: checkouts copy that.
            .args(["-c", "fastimport.unpackLimit=0"])
            .arg("fast-import")
            .args(["--quiet", "--date-format=raw", "--done"])
            .arg(format!("--export-marks={}", marks.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| RepositoryError::Git(error.to_string()))?;
        let stream = stream(&branch, &files, &changes);
        let sent = import
            .stdin
            .take()
            .map(|mut stdin| stdin.write_all(&stream));
        let output = import
            .wait_with_output()
            .map_err(|error| RepositoryError::Git(error.to_string()))?;
        if !output.status.success() || !matches!(sent, Some(Ok(()))) {
            return Err(RepositoryError::Git(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ));
        }
        let text = fs::read_to_string(&marks).map_err(|cause| RepositoryError::Read {
            path: marks.display().to_string(),
            cause,
        })?;
        let mut shas: BTreeMap<usize, CommitSha> = BTreeMap::new();
        for line in text.lines() {
            let parsed = line.strip_prefix(':').and_then(|line| line.split_once(' '));
            if let Some((mark, sha)) = parsed
                && let (Ok(mark), Ok(sha)) = (mark.parse(), sha.parse())
            {
                shas.insert(mark, sha);
            }
        }
        let missing = || RepositoryError::Git("fast-import made no commit".into());
        let root = shas.get(&1).cloned().ok_or_else(missing)?;
        let mut named = BTreeMap::new();
        for (at, change) in changes.into_iter().enumerate() {
            let sha = shas.get(&(at + 2)).cloned().ok_or_else(missing)?;
            named.insert(change.name.clone(), (sha, change));
        }
        let all: Vec<CommitSha> = shas.into_values().collect();
        let pairs = all.iter().flat_map(|tip| {
            let others = all.iter().filter(move |head| *head != tip);
            others.map(move |head| (tip.clone(), head.clone()))
        });
        let merges = pairs.map(|pair| (pair, OnceLock::new())).collect();
        Ok(Self {
            slug,
            branch,
            files,
            root,
            changes: named,
            git,
            trees: OnceLock::new(),
            merges,
        })
    }

    /// The commit that a story calls `name`.
    pub fn change(&self, name: &str) -> Option<&CommitSha> {
        self.changes.get(name).map(|(sha, _)| sha)
    }

    /// Every commit beside the first, with its parent and message, in the order of their names.
    pub fn changes(&self) -> impl Iterator<Item = (&CommitSha, &Change)> {
        self.changes.values().map(|(sha, change)| (sha, change))
    }

    /// The commit's files: the first commit's, with the changes of its line of descent on top.
    pub fn files_of(&self, sha: &CommitSha) -> Option<BTreeMap<&str, &File>> {
        if let Some(merge) = self.merge_of(sha) {
            let mut files = self.files_of(&merge.head)?;
            files.extend(merge.files.iter().map(|(path, file)| (path.as_str(), file)));
            return Some(files);
        }
        let mut line = Vec::new();
        let mut at = sha;
        while at != &self.root {
            let (_, change) = self.changes.values().find(|(other, _)| other == at)?;
            line.push(change);
            at = match &change.parent {
                Some(parent) => &self.changes.get(parent)?.0,
                None => &self.root,
            };
        }
        let mut files: BTreeMap<&str, &File> = self
            .files
            .iter()
            .map(|(path, file)| (path.as_str(), file))
            .collect();
        for change in line.into_iter().rev() {
            files.extend(
                change
                    .files
                    .iter()
                    .map(|(path, file)| (path.as_str(), file)),
            );
        }
        Some(files)
    }

    /// The merge that a commit is.
    pub fn merge_of(&self, sha: &CommitSha) -> Option<&Merge> {
        let mut made = self
            .merges
            .values()
            .filter_map(|merge| merge.get()?.as_ref());
        made.find(|merge| merge.sha == *sha)
    }

    /// The bare Git repository that all checkouts take their objects from.
    pub fn git_directory(&self) -> &Path {
        &self.git
    }
}

/// Git without the user's or the system's configuration.
fn git_command(directory: Option<&Path>) -> Command {
    let mut command = Command::new("git");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", "/nonexistent");
    if let Some(directory) = directory {
        command.arg("--git-dir").arg(directory);
    }
    command
}

fn run(command: &mut Command) -> Result<(), RepositoryError> {
    let output = command
        .output()
        .map_err(|error| RepositoryError::Git(error.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(RepositoryError::Git(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ))
    }
}

/// The commits as a stream for `git fast-import`: mark 1 is the first commit, change n has mark
/// n + 2. Dates are fixed, so the same files make the same commits.
fn stream(branch: &BranchName, files: &BTreeMap<String, File>, changes: &[Change]) -> Vec<u8> {
    let mut out = Vec::new();
    let commit = |out: &mut Vec<u8>,
                  git_ref: &str,
                  mark: usize,
                  message: &str,
                  from: Option<usize>,
                  files: &BTreeMap<String, File>| {
        let when = 1_772_400_000 + mark * 60;
        out.extend_from_slice(format!("commit {git_ref}\nmark :{mark}\ncommitter Example Developer <developer@example.com> {when} +0000\ndata {}\n{message}\n", message.len()).as_bytes());
        if let Some(from) = from {
            out.extend_from_slice(format!("from :{from}\n").as_bytes());
        }
        for (path, file) in files {
            let mode = if file.executable { "100755" } else { "100644" };
            out.extend_from_slice(
                format!(
                    "M {mode} inline {}\ndata {}\n",
                    quoted(path),
                    file.contents.len()
                )
                .as_bytes(),
            );
            out.extend_from_slice(&file.contents);
            out.push(b'\n');
        }
        out.push(b'\n');
    };
    commit(
        &mut out,
        &format!("refs/heads/{branch}"),
        1,
        "The repository as it is",
        None,
        files,
    );
    for (at, change) in changes.iter().enumerate() {
        let parent = change
            .parent
            .as_ref()
            .and_then(|name| changes.iter().position(|other| &other.name == name))
            .map_or(1, |at| at + 2);
        commit(
            &mut out,
            &format!("refs/changes/{}", at + 1),
            at + 2,
            &change.message,
            Some(parent),
            &change.files,
        );
    }
    out.extend_from_slice(b"done\n");
    out
}

/// A path as fast-import reads it: always quoted, so that no character of it is special.
fn quoted(path: &str) -> String {
    let mut text = String::from("\"");
    for character in path.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File {
            executable: false,
            contents: text.into(),
        }
    }

    #[test]
    fn the_same_files_make_the_same_commits() {
        let make = || {
            let scratch = tempfile::tempdir().unwrap();
            let files = BTreeMap::from([
                ("a \"b\"\n.txt".to_owned(), file("one\n")),
                ("c/d".to_owned(), file("")),
            ]);
            let first = Change {
                name: "first".into(),
                message: "Add e".into(),
                files: BTreeMap::from([("e".into(), file("e"))]),
                parent: None,
            };
            let second = Change {
                name: "second".into(),
                message: "Änder e".into(),
                files: BTreeMap::from([("e".into(), file("E"))]),
                parent: Some("first".into()),
            };
            let repository = Repository::make(
                "example/app".parse().unwrap(),
                "main".parse().unwrap(),
                files,
                vec![first, second],
                scratch.path(),
            )
            .unwrap();
            let sha = repository.change("second").unwrap().clone();
            assert_eq!(repository.files_of(&sha).unwrap()["e"].contents, b"E");
            let listed = git_command(Some(repository.git_directory()))
                .args(["ls-tree", "-r", "--name-only", "-z", sha.as_str()])
                .output()
                .unwrap();
            assert_eq!(
                String::from_utf8(listed.stdout).unwrap(),
                "a \"b\"\n.txt\0c/d\0e\0"
            );
            (repository.root.clone(), sha)
        };
        assert_eq!(make(), make());
    }
}
