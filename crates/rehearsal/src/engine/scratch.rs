//! Where machines keep their files: in memory where that is possible, since a rehearsal makes and
//! deletes many thousands of small ones.

use std::io;
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};
use tempfile::{Builder, TempDir};

/// Less room than this is left to others.
const ROOM: u64 = 512 << 20;

/// A new directory, deleted when it is dropped. `TMPDIR` decides where if it is set.
pub(crate) fn directory() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let mut builder = Builder::new();
    builder.prefix("lockkeeper-");
    if std::env::var_os("TMPDIR").is_none()
        && has_room(memory)
        && let Ok(directory) = builder.tempdir_in(memory)
    {
        return Ok(directory);
    }
    builder.tempdir()
}

/// Whether programs may be run from there, and there is room.
fn has_room(path: &Path) -> bool {
    statvfs(path).is_ok_and(|stat| {
        !stat.f_flag.contains(StatVfsMountFlags::NOEXEC)
            && stat.f_bavail.saturating_mul(stat.f_frsize) >= ROOM
    })
}
