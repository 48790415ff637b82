//! What one machine may use. No deployment needs as much; whoever wants more is stopped, and the
//! report says of what.
//!
//! Where the kernel can hold a limit by itself, it is set a little above the engine's own, so that
//! a step is met by the engine and its verdict, and nothing can outrun it.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Processes, each of their threads counted.
pub(crate) const PROCESSES: u64 = 512;
/// Bytes in files of the machine's own.
pub(crate) const DISK: u64 = 1 << 30;
/// Files of the machine's own.
pub(crate) const FILES: u64 = 200_000;
/// Bytes of memory of all its processes.
pub(crate) const MEMORY: u64 = 4 << 30;
/// Bytes that its steps print.
pub(crate) const OUTPUT: u64 = 16 << 20;

/// Where the kernel counts: what of [`PROCESSES`] the engine has not met yet.
const MARGIN: u64 = 256;
/// The most process numbers of a machine whose processes are root's.
const NUMBERS: u64 = 4096;

/// Who holds a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// The engine, which looks now and then: a step may be above it for a moment.
    #[default]
    Watched,
    /// The kernel: nothing gets above it.
    Kernel,
}

/// What a machine had too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Excess {
    Processes,
    Memory,
    Disk,
    Output,
}

impl Excess {
    /// For the report.
    pub fn text(self) -> String {
        match self {
            Self::Processes => {
                format!("a step was killed: it started more than {PROCESSES} processes")
            }
            Self::Memory => format!(
                "a step was killed: it used more than {} GiB of memory",
                MEMORY >> 30
            ),
            Self::Disk => format!(
                "a step filled its machine's disk, which has {} GiB and room for {FILES} files in a rehearsal",
                DISK >> 30
            ),
            Self::Output => format!(
                "a step was killed: it printed more than {} MiB",
                OUTPUT >> 20
            ),
        }
    }
}

/// Has the kernel limit the processes of this process's new namespaces. The kernel counts an
/// ordinary user's processes by user namespace since Linux 5.14 and never counts root's; a PID
/// namespace has a largest process number of its own since 6.14. Before that either would limit
/// the host.
pub(super) fn hold_processes() -> Held {
    let version = version();
    if !rustix::process::geteuid().is_root() {
        if version < (5, 14) {
            return Held::Watched;
        }
        return match lower(libc::RLIMIT_NPROC, PROCESSES + MARGIN) {
            true => Held::Kernel,
            false => Held::Watched,
        };
    }
    let numbers = Path::new("/proc/sys/kernel/pid_max");
    let held = version >= (6, 14) && fs::write(numbers, NUMBERS.to_string()).is_ok();
    match held {
        true => Held::Kernel,
        false => Held::Watched,
    }
}

/// What holds wherever a machine is: no core files, no file larger than its disk; and where memory
/// runs out, its processes are the first to go.
pub(super) fn hold_each_process() {
    lower(libc::RLIMIT_CORE, 0);
    lower(libc::RLIMIT_FSIZE, DISK);
    fs::write("/proc/self/oom_score_adj", "1000").ok();
}

fn lower(resource: libc::__rlimit_resource_t, most: u64) -> bool {
    let limit = libc::rlimit {
        rlim_cur: most,
        rlim_max: most,
    };
    // SAFETY: reads a structure that lives through the call.
    unsafe { libc::setrlimit(resource, &limit) == 0 }
}

/// The kernel's version.
fn version() -> (u32, u32) {
    parse(&fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default())
}

fn parse(release: &str) -> (u32, u32) {
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// The bytes and the number of all files below a directory, as far as they can be read; it stops
/// where either is more than a machine may have.
pub(super) fn used(directory: &Path) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    let (mut bytes, mut files) = (0u64, 0u64);
    let mut left = vec![directory.to_owned()];
    while let Some(directory) = left.pop() {
        // What a step deletes meanwhile is no more.
        let Ok(entries) = fs::read_dir(directory) else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            files += 1;
            bytes = bytes.saturating_add(metadata.blocks().saturating_mul(512));
            if bytes > DISK || files > FILES {
                return (bytes, files);
            }
            if metadata.is_dir() {
                left.push(entry.path());
            }
        }
    }
    (bytes, files)
}

/// Whether a machine's own file system has nothing left to give.
pub(super) fn is_full(files: impl std::os::fd::AsFd) -> io::Result<bool> {
    let stat = rustix::fs::fstatvfs(files)?;
    let bytes = stat.f_bavail.saturating_mul(stat.f_frsize);
    Ok(bytes < 64 << 10 || stat.f_ffree < 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_kernels() {
        assert_eq!(parse("6.18.44-generic"), (6, 18));
        assert_eq!(parse("5.4"), (5, 4));
        assert_eq!(parse("nonsense"), (0, 0));
        assert!(parse("5.14.0-rc1") >= (5, 14) && parse("6.2.0") < (6, 14));
    }

    #[test]
    fn files_are_counted_and_links_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("a")).unwrap();
        fs::write(directory.path().join("a/b"), vec![1; 10_000]).unwrap();
        std::os::unix::fs::symlink("/usr", directory.path().join("usr")).unwrap();
        let (bytes, files) = used(directory.path());
        assert_eq!(files, 3);
        assert!((10_000..1 << 20).contains(&bytes), "{bytes}");
    }
}
