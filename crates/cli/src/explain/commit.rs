//! The files of a repository as a commit has them, through the installed `git`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lockkeeper_policy::{File, FileError, Files, SIZE_LIMIT};

use crate::exit::Failure;

pub(super) struct Commit {
    directory: PathBuf,
    id: String,
    /// The directory's path below the repository's root, with `/` at its end.
    prefix: String,
}

impl Commit {
    /// The commit that a branch, tag or id names.
    pub(super) fn find(directory: &Path, name: &str) -> Result<Self, Failure> {
        let ask = |arguments: &[&str]| -> Result<Output, Failure> {
            let mut command = Command::new("git");
            command.arg("-C").arg(directory).args(arguments);
            command
                .stdin(Stdio::null())
                .output()
                .map_err(|error| Failure::machine(format!("cannot run git: {error}")))
        };
        let said = |output: &Output| {
            String::from_utf8_lossy(&output.stdout)
                .trim_end()
                .to_owned()
        };
        let prefix = ask(&["rev-parse", "--show-prefix"])?;
        if !prefix.status.success() {
            return Err(Failure::usage(format!(
                "{} is not in a git repository, so there is no `{name}` to compare with",
                directory.display()
            )));
        }
        let peeled = format!("{name}^{{commit}}");
        let id = ask(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &peeled,
        ])?;
        if !id.status.success() {
            return Err(Failure::usage(format!(
                "git knows no commit `{name}`: fetch it first, or name another branch, tag or commit"
            )));
        }
        Ok(Self {
            directory: directory.to_owned(),
            id: said(&id),
            prefix: said(&prefix),
        })
    }
}

impl Files for Commit {
    fn read(&self, path: &str) -> Result<Option<File>, FileError> {
        let mut git = Command::new("git")
            .arg("-C")
            .arg(&self.directory)
            .args(["cat-file", "--batch", "--follow-symlinks"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(FileError::Io)?;
        let ask = format!("{}:{}{path}\n", self.id, self.prefix);
        let mut answer = || -> io::Result<(String, Vec<u8>)> {
            if let Some(mut stdin) = git.stdin.take() {
                stdin.write_all(ask.as_bytes())?;
            }
            let stdout = git.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
            let mut stdout = BufReader::new(stdout);
            let mut head = String::new();
            stdout.by_ref().take(1 << 16).read_line(&mut head)?;
            let mut bytes = Vec::new();
            // What follows the contents is a newline.
            if let [_, "blob", size] = head.split_whitespace().collect::<Vec<_>>()[..]
                && let Ok(size) = size.parse::<u64>()
            {
                stdout
                    .take(size.min(SIZE_LIMIT + 1))
                    .read_to_end(&mut bytes)?;
            }
            Ok((head, bytes))
        };
        let answer = answer();
        // Whatever it has left to say is of no use.
        git.kill().ok();
        git.wait().map_err(FileError::Io)?;
        let (head, bytes) = answer.map_err(FileError::Io)?;
        match head.split_whitespace().collect::<Vec<_>>()[..] {
            [id, "blob", _] => Ok(Some(File {
                identity: id.to_owned(),
                bytes,
            })),
            ["symlink", _] => Err(FileError::Outside),
            [.., "missing"] | ["dangling" | "notdir", _] => Ok(None),
            [_, "tree", _] => Err(FileError::Io(io::Error::other("it is not a regular file"))),
            _ => Err(FileError::Io(io::Error::other(format!(
                "git says: {}",
                head.trim_end()
            )))),
        }
    }
}
