//! A PostgreSQL server of our own, for as long as the example's tests run.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::process::{Failure, output};

pub(super) const ADVICE: &str =
    "no PostgreSQL server is installed (Debian: apt-get install postgresql)";

/// PostgreSQL refuses to run as root; this account is on every Linux system.
const NOBODY: u32 = 65_534;

pub(super) struct Server {
    programs: PathBuf,
    folder: TempDir,
    url: String,
    as_nobody: bool,
}

impl Server {
    /// A running, empty server, or nothing where PostgreSQL is not installed.
    pub(super) fn start() -> Result<Option<Server>, Failure> {
        let Some(programs) = installed() else {
            return Ok(None);
        };
        let folder = TempDir::with_prefix("lockkeeper-postgres-")
            .map_err(|error| Failure::Setup(format!("no temporary folder: {error}")))?;
        let path = folder.path();
        // A folder that we just made belongs to whoever we are.
        let as_nobody = fs::metadata(path).map_err(Failure::file(path))?.uid() == 0;
        if as_nobody {
            chown(path, Some(NOBODY), Some(NOBODY)).map_err(Failure::file(path))?;
        }
        // Only a socket in our own folder: no port to collide, nothing to reach from outside.
        let url = format!(
            "postgres://postgres@{}/postgres",
            path.display().to_string().replace('/', "%2F"),
        );
        let server = Server {
            programs,
            folder,
            url,
            as_nobody,
        };
        server.call(
            "initdb",
            &["--username=postgres", "--auth=trust", "--no-sync"],
        )?;
        let options = format!(
            "-k {} -c listen_addresses= -c fsync=off",
            server.folder.path().display()
        );
        server.call(
            "pg_ctl",
            &["start", "-w", "-l", "server.log", "-o", &options],
        )?;
        Ok(Some(server))
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    fn call(&self, program: &str, arguments: &[&str]) -> Result<(), Failure> {
        let path = self.folder.path();
        let mut command = Command::new(self.programs.join(program));
        command
            .args(arguments)
            .arg("-D")
            .arg(path.join("data"))
            .current_dir(path);
        if self.as_nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        // The server keeps what `start` inherits: the end of a pipe would never come.
        let log = path.join(format!("{program}.log"));
        let file = fs::File::create(&log).map_err(Failure::file(&log))?;
        let again = file.try_clone().map_err(Failure::file(&log))?;
        let done = output(command.stdout(file).stderr(again))?;
        if done.status.success() {
            return Ok(());
        }
        let said = fs::read_to_string(&log).map_err(Failure::file(&log))?;
        Err(Failure::Setup(format!(
            "{program}: {}\n{said}",
            done.status
        )))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(failure) = self.call("pg_ctl", &["stop", "-w", "-m", "immediate"]) {
            eprintln!("xtask: the PostgreSQL server may still run: {failure}");
        }
    }
}

/// Where `initdb` and `pg_ctl` are: Debian keeps them out of `PATH`, the newest version wins.
fn installed() -> Option<PathBuf> {
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    debian.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian
        .into_iter()
        .rev()
        .map(|(_, folder)| folder)
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}
