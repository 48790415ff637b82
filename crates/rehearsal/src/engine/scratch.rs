//! Where machines keep their files: in memory where that is possible, since a rehearsal makes and
//! deletes many thousands of small ones.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{StatVfsMountFlags, statvfs};
use tempfile::{Builder, TempDir};

/// The directories that exist now, for [`remove_all`].
static EXISTING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A directory that is deleted when this is dropped.
#[derive(Debug)]
pub(crate) struct Scratch(TempDir);

impl Scratch {
    fn new(directory: TempDir) -> Self {
        let mut existing = EXISTING.lock().unwrap_or_else(PoisonError::into_inner);
        existing.push(directory.path().to_owned());
        Self(directory)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut existing = EXISTING.lock().unwrap_or_else(PoisonError::into_inner);
        existing.retain(|path| path != self.0.path());
    }
}

/// Deletes every scratch directory of this process, which is about to end early.
pub fn remove_all() {
    let existing = EXISTING.lock().unwrap_or_else(PoisonError::into_inner);
    for path in existing.iter() {
        // What a dying process still writes is met by the second try.
        if std::fs::remove_dir_all(path).is_err() {
            std::fs::remove_dir_all(path).ok();
        }
    }
}

/// Less room than this is left to others.
const ROOM: u64 = 512 << 20;

/// A new directory, deleted when it is dropped. `TMPDIR` decides where if it is set.
pub(crate) fn directory() -> io::Result<Scratch> {
    let memory = Path::new("/dev/shm");
    let mut builder = Builder::new();
    builder.prefix("lockkeeper-");
    if std::env::var_os("TMPDIR").is_none()
        && has_room(memory)
        && let Ok(directory) = builder.tempdir_in(memory)
    {
        return Ok(Scratch::new(directory));
    }
    builder.tempdir().map(Scratch::new)
}

/// Whether programs may be run from there, and there is room.
fn has_room(path: &Path) -> bool {
    statvfs(path).is_ok_and(|stat| {
        !stat.f_flag.contains(StatVfsMountFlags::NOEXEC)
            && stat.f_bavail.saturating_mul(stat.f_frsize) >= ROOM
    })
}
