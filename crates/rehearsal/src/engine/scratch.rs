//! Where machines keep their files: in memory where that is possible, since a rehearsal makes and
//! deletes many thousands of small ones.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use rustix::fs::{StatVfsMountFlags, statvfs};
use tempfile::{Builder, TempDir};

/// The directories that exist now, for [`remove_all`].
static EXISTING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Held while something is made in a scratch directory; taken for good by [`remove_all`].
static OPEN: RwLock<()> = RwLock::new(());

/// Lets a machine be made: it waits for ever once everything is being deleted.
pub(crate) fn making() -> RwLockReadGuard<'static, ()> {
    OPEN.read().unwrap_or_else(PoisonError::into_inner)
}

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

/// Deletes every scratch directory of this process, which is about to end early: no more are made.
pub fn remove_all() {
    std::mem::forget(OPEN.write().unwrap_or_else(PoisonError::into_inner));
    let existing = EXISTING.lock().unwrap_or_else(PoisonError::into_inner);
    for path in existing.iter() {
        // What others of this process still write is met by the next try.
        for _ in 0..100 {
            match std::fs::remove_dir_all(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {}
                _ => break,
            }
        }
    }
}

/// Less room than this is left to others.
const ROOM: u64 = 512 << 20;

/// A new directory, deleted when it is dropped. `TMPDIR` decides where if it is set.
pub(crate) fn directory() -> io::Result<Scratch> {
    let _making = making();
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
