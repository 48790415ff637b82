//! The files of `/proc` that say what a process does, read with few system calls.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::{Errno, pread, read};

use super::waits::Call;

/// What is read of a `stat` file, proc_pid_stat(5).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stat {
    pub(crate) state: u8,
    pub(crate) threads: u32,
    pub(crate) processor: u32,
}

/// What a descriptor of another process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Descriptor {
    Pipe,
    /// A socket, by its inode.
    Socket(u64),
    Other,
}

/// The keeper's own files: it is looked at again and again.
struct Kept {
    pid: i32,
    files: BTreeMap<&'static str, OwnedFd>,
}

/// `/proc`.
pub(crate) struct Proc {
    directory: OwnedFd,
    buffer: Vec<u8>,
    kept: Kept,
}

impl Proc {
    pub(crate) fn open(keeper: i32) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            directory: rustix::fs::open("/proc", flags, Mode::empty())?,
            buffer: vec![0; 8192],
            kept: Kept {
                pid: keeper,
                files: BTreeMap::new(),
            },
        })
    }

    /// The text of a file of a thread; nothing when its process is gone.
    fn bytes(&mut self, pid: i32, thread: i32, name: &'static str) -> io::Result<Option<&[u8]>> {
        let keep = pid == self.kept.pid && thread == pid;
        let result = match self.kept.files.get(name) {
            Some(file) if keep => fill(&mut self.buffer, |buffer, at| pread(file, buffer, at)),
            _ => {
                let path = if pid == thread && name == "stat" {
                    format!("{pid}/stat")
                } else {
                    format!("{pid}/task/{thread}/{name}")
                };
                let flags = OFlags::RDONLY | OFlags::CLOEXEC;
                match openat(&self.directory, path, flags, Mode::empty()) {
                    Ok(file) => {
                        let result = fill(&mut self.buffer, |buffer, _| read(&file, buffer));
                        if keep {
                            self.kept.files.insert(name, file);
                        }
                        result
                    }
                    Err(error) => Err(error),
                }
            }
        };
        match result {
            Ok(length) => Ok(Some(&self.buffer[..length])),
            Err(Errno::SRCH | Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn text(&mut self, pid: i32, thread: i32, name: &'static str) -> io::Result<Option<&str>> {
        let bytes = self.bytes(pid, thread, name)?;
        // Numbers, all of them.
        Ok(bytes.map(|bytes| std::str::from_utf8(bytes).unwrap_or_default()))
    }

    /// The state of a process: of its first thread.
    pub(crate) fn stat(&mut self, pid: i32) -> io::Result<Option<Stat>> {
        self.thread_stat(pid, pid)
    }

    pub(crate) fn thread_stat(&mut self, pid: i32, thread: i32) -> io::Result<Option<Stat>> {
        Ok(self.bytes(pid, thread, "stat")?.and_then(parse_stat))
    }

    /// The children of a thread, in the order of their birth.
    pub(crate) fn children(&mut self, pid: i32, thread: i32) -> io::Result<Option<Vec<i32>>> {
        let text = self.text(pid, thread, "children")?;
        Ok(text.map(|text| {
            text.split_ascii_whitespace()
                .filter_map(|child| child.parse().ok())
                .collect()
        }))
    }

    /// How often a thread was given a processor.
    pub(crate) fn runs(&mut self, pid: i32, thread: i32) -> io::Result<Option<u64>> {
        let text = self.text(pid, thread, "schedstat")?;
        Ok(text.and_then(|text| text.split_ascii_whitespace().nth(2)?.parse().ok()))
    }

    /// The system call that a thread sleeps in, once the kernel has seen that it sleeps.
    pub(crate) fn call(&mut self, pid: i32, thread: i32) -> io::Result<Option<Call>> {
        let text = self.text(pid, thread, "syscall")?;
        Ok(text.and_then(Call::read))
    }

    /// The threads of a process.
    pub(crate) fn threads(&self, pid: i32) -> io::Result<Vec<i32>> {
        let mut threads = Vec::new();
        let entries = match fs::read_dir(format!("/proc/{pid}/task")) {
            Ok(entries) => entries,
            Err(error) if is_gone(&error) => return Ok(threads),
            Err(error) => return Err(error),
        };
        for entry in entries {
            match entry {
                Ok(entry) => threads.extend(
                    entry
                        .file_name()
                        .to_str()
                        .and_then(|name| name.parse::<i32>().ok()),
                ),
                Err(error) if is_gone(&error) => return Ok(Vec::new()),
                Err(error) => return Err(error),
            }
        }
        threads.sort_unstable();
        Ok(threads)
    }

    pub(crate) fn descriptor(&self, pid: i32, number: u64) -> io::Result<Descriptor> {
        match fs::metadata(format!("/proc/{pid}/fd/{number}")) {
            Ok(metadata) if metadata.file_type().is_fifo() => Ok(Descriptor::Pipe),
            Ok(metadata) if metadata.file_type().is_socket() => {
                Ok(Descriptor::Socket(metadata.ino()))
            }
            Ok(_) => Ok(Descriptor::Other),
            Err(error) if is_gone(&error) => Ok(Descriptor::Other),
            Err(error) => Err(error),
        }
    }

    /// Whether a socket is a Unix one: nobody outside the machine is at its other end.
    pub(crate) fn is_unix_socket(&self, pid: i32, inode: u64) -> bool {
        fs::read_to_string(format!("/proc/{pid}/net/unix")).is_ok_and(|text| {
            let inode = inode.to_string();
            text.lines()
                .any(|line| line.split_ascii_whitespace().nth(6) == Some(&inode))
        })
    }

    /// A line of a process's `status` file: the last of its numbers, which is the innermost
    /// namespace's.
    pub(crate) fn innermost(&self, pid: i32, field: &str) -> Option<i64> {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(field))?;
        line.split_ascii_whitespace().last()?.parse().ok()
    }

    /// The process that a pidfd of another process stands for.
    pub(crate) fn of_pidfd(&self, pid: i32, number: u64) -> Option<i32> {
        let text = fs::read_to_string(format!("/proc/{pid}/fdinfo/{number}")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pid:"))?;
        line.trim().parse().ok()
    }

    /// The bytes of memory that a process has and no file stands behind.
    pub(crate) fn memory(&self, pid: i32) -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
        let mut pages = text.split_ascii_whitespace().skip(1).map(str::parse::<u64>);
        let (resident, shared) = (pages.next()?.ok()?, pages.next()?.ok()?);
        // SAFETY: asks for a number that the system keeps.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        Some(resident.saturating_sub(shared) * u64::try_from(page).ok()?)
    }

    /// The kernel's function that a thread sleeps in, where it tells.
    pub(crate) fn sleeps_in(&self, pid: i32) -> Option<String> {
        let text = fs::read_to_string(format!("/proc/{pid}/wchan")).ok()?;
        (text != "0").then_some(text)
    }
}

/// Whether an error of `/proc` says that the process has ended.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ESRCH | libc::ENOENT))
}

/// Reads to the end; how much that was.
fn fill(
    buffer: &mut Vec<u8>,
    mut more: impl FnMut(&mut [u8], u64) -> rustix::io::Result<usize>,
) -> rustix::io::Result<usize> {
    let mut length = 0;
    loop {
        match more(&mut buffer[length..], length as u64) {
            // The kernel writes such a file page by page: what is shorter has ended.
            Ok(n) if n == 0 || length + n < 3072 => return Ok(length + n),
            Ok(n) => {
                length += n;
                if buffer.len() - length < 4096 {
                    buffer.resize(buffer.len() * 2, 0);
                }
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

fn parse_stat(bytes: &[u8]) -> Option<Stat> {
    // What follows the command's name, which may hold anything: fields 3 and on.
    let end = bytes.iter().rposition(|byte| *byte == b')')?;
    let text = std::str::from_utf8(&bytes[end + 1..]).ok()?;
    let mut fields = text.split_ascii_whitespace();
    Some(Stat {
        state: *fields.next()?.as_bytes().first()?,
        threads: fields.nth(16)?.parse().ok()?,
        processor: fields.nth(18)?.parse().ok()?,
    })
}
