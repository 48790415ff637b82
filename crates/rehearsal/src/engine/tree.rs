//! Who runs below a machine's keeper, and whether all of them wait.
//!
//! A process is quiet when it can only be woken by another process of its tree or by the
//! controller. Whatever this module does not recognise is busy: waiting a little longer costs
//! time, taking a running process for a quiet one costs the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;

/// One look at a tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Scan {
    /// Each process, depth first, children in the order of their birth, with how often its
    /// threads have run.
    pub(crate) processes: Vec<(i32, u64)>,
    /// The first process that may go on by itself, and what it does.
    pub(crate) busy: Option<(i32, Busy)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Busy {
    Running,
    /// In a system call with a time limit: it waits for real time.
    TimedWait,
}

/// Looks at everything below `root` (and `root`). `waiting` are the tools' clients that wait for
/// the controller, `alarms` the processes that wait for it beside their own children; `output` is
/// the pipe that the controller itself empties.
pub(crate) fn scan(
    root: i32,
    waiting: &BTreeSet<i32>,
    alarms: &BTreeSet<i32>,
    output: u64,
) -> io::Result<Scan> {
    let mut scan = Scan::default();
    let mut stack = vec![root];
    while let Some(pid) = stack.pop() {
        // A client has no children, and nothing but the controller can wake it.
        if waiting.contains(&pid) {
            scan.processes.push((pid, 0));
            continue;
        }
        let Some(look) = look(pid, pid == root || alarms.contains(&pid), output)? else {
            // It ended between its parent's list and now: its parent has run since.
            scan.busy.get_or_insert((pid, Busy::Running));
            continue;
        };
        scan.processes.push((pid, look.runs));
        if let (None, Some(busy)) = (scan.busy, look.busy) {
            scan.busy = Some((pid, busy));
        }
        stack.extend(look.children.into_iter().rev());
    }
    Ok(scan)
}

struct Look {
    runs: u64,
    busy: Option<Busy>,
    children: Vec<i32>,
}

/// Whether an error of `/proc` says that the process has ended.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ESRCH | libc::ENOENT))
}

/// Reads a file of `/proc`; nothing when its process is gone.
fn proc_file(path: &str) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn look(pid: i32, known_to_wait: bool, output: u64) -> io::Result<Option<Look>> {
    let mut look = Look {
        runs: 0,
        busy: None,
        children: Vec::new(),
    };
    let mut threads = vec![pid];
    let Some(status) = proc_file(&format!("/proc/{pid}/stat"))? else {
        return Ok(None);
    };
    let fields: Vec<&str> = after_name(&status).split_ascii_whitespace().collect();
    // state is field 3, num_threads field 20 of proc_pid_stat(5).
    // The first thread of a process may be a zombie while others still run, or still end.
    if fields.get(17).copied() != Some("1") {
        threads.clear();
        let entries = match fs::read_dir(format!("/proc/{pid}/task")) {
            Ok(entries) => entries,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if is_gone(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
            threads.extend(
                entry
                    .file_name()
                    .to_str()
                    .and_then(|name| name.parse::<i32>().ok()),
            );
        }
        threads.sort_unstable();
    }
    for thread in threads {
        let base = format!("/proc/{pid}/task/{thread}");
        let Some(children) = proc_file(&format!("{base}/children"))? else {
            return Ok(None);
        };
        look.children.extend(
            children
                .split_ascii_whitespace()
                .filter_map(|child| child.parse::<i32>().ok()),
        );
        let Some(schedstat) = proc_file(&format!("{base}/schedstat"))? else {
            return Ok(None);
        };
        let runs = schedstat
            .split_ascii_whitespace()
            .nth(2)
            .and_then(|runs| runs.parse::<u64>().ok());
        look.runs += runs.unwrap_or_default();
        let Some(stat) = proc_file(&format!("{base}/stat"))? else {
            return Ok(None);
        };
        let busy = match after_name(&stat).split_ascii_whitespace().next() {
            Some("Z" | "X" | "T" | "t") => None,
            Some("S") if known_to_wait => None,
            Some("S") => match proc_file(&format!("{base}/syscall"))? {
                Some(syscall) => waits_for(pid, &syscall, output)?,
                None => return Ok(None),
            },
            _ => Some(Busy::Running),
        };
        look.busy = look.busy.or(busy);
    }
    Ok(Some(look))
}

/// What follows the command's name, which may hold anything, in a `stat` file.
fn after_name(stat: &str) -> &str {
    stat.rsplit_once(')').map_or("", |(_, rest)| rest)
}

/// What keeps a sleeping thread from being quiet, if anything, from its `syscall` file.
fn waits_for(pid: i32, syscall: &str, output: u64) -> io::Result<Option<Busy>> {
    let mut fields = syscall.split_ascii_whitespace();
    let Some(number) = fields.next().and_then(|n| n.parse::<i64>().ok()) else {
        return Ok(Some(Busy::Running));
    };
    let args: Vec<u64> = fields
        .filter_map(|arg| u64::from_str_radix(arg.trim_start_matches("0x"), 16).ok())
        .collect();
    let arg = |at: usize| args.get(at).copied().unwrap_or_default();
    let timed = |limited: bool| if limited { Some(Busy::TimedWait) } else { None };
    Ok(match number {
        libc::SYS_wait4
        | libc::SYS_waitid
        | libc::SYS_rt_sigsuspend
        | libc::SYS_openat
        | libc::SYS_flock => None,
        libc::SYS_read | libc::SYS_readv => match pipe(pid, arg(0))? {
            Some(_) => None,
            None => Some(Busy::Running),
        },
        libc::SYS_write | libc::SYS_writev => match pipe(pid, arg(0))? {
            // The controller empties its own pipe.
            Some(inode) if inode != output => None,
            _ => Some(Busy::Running),
        },
        libc::SYS_ppoll | libc::SYS_pselect6 => {
            timed(arg(if number == libc::SYS_ppoll { 2 } else { 4 }) != 0)
        }
        libc::SYS_epoll_pwait => timed(arg(3) as u32 as i32 != -1),
        libc::SYS_epoll_pwait2 => timed(arg(3) != 0),
        libc::SYS_futex => timed(arg(3) != 0),
        libc::SYS_rt_sigtimedwait => timed(arg(2) != 0),
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => Some(Busy::TimedWait),
        other => old_calls(other, &arg),
    })
}

/// Calls that newer architectures do without.
#[cfg(target_arch = "x86_64")]
fn old_calls(number: i64, arg: &dyn Fn(usize) -> u64) -> Option<Busy> {
    let timed = |limited: bool| if limited { Some(Busy::TimedWait) } else { None };
    match number {
        libc::SYS_pause | libc::SYS_open => None,
        libc::SYS_poll => timed(arg(2) as u32 as i32 >= 0),
        libc::SYS_epoll_wait => timed(arg(3) as u32 as i32 != -1),
        libc::SYS_select => timed(arg(4) != 0),
        _ => Some(Busy::Running),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn old_calls(_: i64, _: &dyn Fn(usize) -> u64) -> Option<Busy> {
    Some(Busy::Running)
}

/// The pipe or FIFO behind a descriptor of a process: its inode.
fn pipe(pid: i32, descriptor: u64) -> io::Result<Option<u64>> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    match fs::metadata(format!("/proc/{pid}/fd/{descriptor}")) {
        Ok(metadata) if metadata.file_type().is_fifo() => Ok(Some(metadata.ino())),
        Ok(_) => Ok(None),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The children of a process, in the order of their birth.
pub(crate) fn children(pid: i32) -> io::Result<Vec<i32>> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    Ok(text
        .split_ascii_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect())
}

/// Ranks processes by their place in the tree.
pub(crate) fn ranks(scan: &Scan) -> BTreeMap<i32, usize> {
    scan.processes
        .iter()
        .enumerate()
        .map(|(rank, (pid, _))| (*pid, rank))
        .collect()
}
