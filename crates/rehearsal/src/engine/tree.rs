//! Who runs below a machine's keeper, and whether all of them wait.
//!
//! A process is quiet when it can only be woken by another process of its tree or by the
//! controller. Whatever this module does not recognise is busy: waiting a little longer costs
//! time, taking a running process for a quiet one costs the truth.
//!
//! A look reads one process after the other, so it is believed only if nothing of the tree ran
//! meanwhile. Either the tree shares the controller's processor and the kernel did not switch away
//! from the controller, or two counted looks agree: then every thread slept from its place in the
//! first to its place in the second.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::proc::Proc;
use super::waits::{self, Call, Waits};

/// One look at a tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Look {
    /// The processes, depth first, children in the order of their birth.
    pub(crate) order: Vec<i32>,
    /// Each thread with how often it has run; empty in a look that does not count.
    counts: Vec<(i32, u64)>,
    /// What keeps the tree from being quiet, if anything.
    pub(crate) busy: Option<(i32, Busy)>,
    /// Some process has ended and was not asked for its exit code. Only then may an ending that
    /// nobody was told of yet hide between two counted looks.
    pub(crate) ended: bool,
    /// The processor that every thread of the tree is on, if that is one.
    pub(crate) processor: Option<u32>,
    /// What the processes met have for themselves, memory left out.
    pub(crate) used: Used,
}

/// What a tree has of what is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Used {
    /// Threads, and processes that have ended and are not let go.
    pub(crate) threads: u64,
    /// Bytes of memory that no file stands behind.
    pub(crate) memory: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Busy {
    Running,
    /// In a system call with a time limit: it waits for real time.
    TimedWait,
}

/// What a look is at.
pub(crate) struct Subject<'a> {
    /// The keeper.
    pub(crate) root: i32,
    /// The tools' clients that wait for the controller and have no children.
    pub(crate) clients: &'a BTreeSet<i32>,
    /// Whether to count how often each thread has run.
    pub(crate) counted: bool,
}

/// A process that has ended and was not yet asked for its exit code.
struct Ended {
    pid: i32,
    parent: i32,
}

/// Looks at the keeper and everything below it, up to the first process that runs.
pub(crate) fn look(proc: &mut Proc, subject: &Subject<'_>) -> io::Result<Look> {
    let mut gaze = Gaze {
        proc,
        subject,
        look: Look::default(),
        processors: BTreeSet::new(),
        ended: Vec::new(),
        waits: BTreeMap::new(),
    };
    let mut stack = vec![(subject.root, 0)];
    while let Some((pid, parent)) = stack.pop() {
        let before = stack.len();
        if !gaze.process(pid, parent, &mut stack)? {
            gaze.look.busy = Some((pid, Busy::Running));
            return Ok(gaze.look);
        }
        stack[before..].reverse();
    }
    gaze.finish()
}

struct Gaze<'a> {
    proc: &'a mut Proc,
    subject: &'a Subject<'a>,
    look: Look,
    processors: BTreeSet<u32>,
    ended: Vec<Ended>,
    /// What the threads of each process wait for, where that is a child.
    waits: BTreeMap<i32, Vec<Call>>,
}

impl Gaze<'_> {
    /// Takes in one process and its children; false when it runs.
    fn process(&mut self, pid: i32, parent: i32, stack: &mut Vec<(i32, i32)>) -> io::Result<bool> {
        self.look.order.push(pid);
        let Some(stat) = self.proc.stat(pid)? else {
            // It ended between its parent's list and now: its parent has run since.
            return Ok(false);
        };
        self.look.used.threads += u64::from(stat.threads.max(1));
        if stat.threads != 1 {
            return self.threads(pid, parent, stack);
        }
        match stat.state {
            b'Z' => {
                self.ended.push(Ended { pid, parent });
                return Ok(true);
            }
            b'S' | b'T' => {}
            _ => return Ok(false),
        }
        self.processors.insert(stat.processor);
        if self.subject.clients.contains(&pid) {
            // Nothing but the controller, or a signal, can wake it.
            return self.count(pid, pid);
        }
        self.thread(pid, pid, stat.state, stack)
    }

    /// A process of several threads, or whose first thread has ended before the others.
    fn threads(&mut self, pid: i32, parent: i32, stack: &mut Vec<(i32, i32)>) -> io::Result<bool> {
        let threads = self.proc.threads(pid)?;
        if threads.is_empty() {
            return Ok(false);
        }
        for &thread in &threads {
            let Some(stat) = self.proc.thread_stat(pid, thread)? else {
                return Ok(false);
            };
            match stat.state {
                // What is left of a process after its last thread was let go.
                b'Z' if threads == [pid] => {
                    self.ended.push(Ended { pid, parent });
                    return Ok(true);
                }
                // The others still have to end, and whoever goes last tells the parent.
                b'Z' if thread == pid => continue,
                b'S' | b'T' => {}
                // Also a thread that has ended and is not let go yet.
                _ => return Ok(false),
            }
            self.processors.insert(stat.processor);
            if !self.thread(pid, thread, stat.state, stack)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A thread that is asleep or stopped.
    fn thread(
        &mut self,
        pid: i32,
        thread: i32,
        state: u8,
        stack: &mut Vec<(i32, i32)>,
    ) -> io::Result<bool> {
        let Some(children) = self.proc.children(pid, thread)? else {
            return Ok(false);
        };
        stack.extend(children.into_iter().map(|child| (child, pid)));
        if !self.count(pid, thread)? {
            return Ok(false);
        }
        if state == b'T' {
            return Ok(true);
        }
        let Some(call) = self.proc.call(pid, thread)? else {
            return Ok(false);
        };
        match waits::of(self.proc, pid, &call)? {
            Waits::Runs => return Ok(false),
            Waits::Quiet => {}
            Waits::ForChild => self.waits.entry(pid).or_default().push(call),
            // Something else may run yet.
            Waits::Timed => drop(self.look.busy.get_or_insert((pid, Busy::TimedWait))),
        }
        Ok(true)
    }

    fn count(&mut self, pid: i32, thread: i32) -> io::Result<bool> {
        if !self.subject.counted {
            return Ok(true);
        }
        let Some(runs) = self.proc.runs(pid, thread)? else {
            return Ok(false);
        };
        self.look.counts.push((thread, runs));
        Ok(true)
    }

    fn finish(mut self) -> io::Result<Look> {
        let root = self.subject.root;
        for ended in &self.ended {
            // The keeper asks for every exit code.
            let awaited = ended.parent == root
                || match self.waits.get(&ended.parent) {
                    Some(calls) => waits::any_is_for(self.proc, ended.parent, ended.pid, calls)?,
                    None => false,
                };
            if awaited {
                self.look.busy = Some((ended.pid, Busy::Running));
                return Ok(self.look);
            }
        }
        self.look.ended = !self.ended.is_empty();
        if self.subject.counted && self.look.busy.is_none() {
            // Orphans come to the keeper, whose list was read first.
            let known = |pid: &i32| self.look.order.contains(pid);
            match self.proc.children(root, root)? {
                Some(children) if children.iter().all(known) => {}
                _ => self.look.busy = Some((root, Busy::Running)),
            }
        }
        let mut processors = self.processors.iter();
        self.look.processor = match (processors.next(), processors.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        };
        Ok(self.look)
    }
}

/// Ranks processes by their place in the tree.
pub(crate) fn ranks(look: &Look) -> BTreeMap<i32, usize> {
    look.order
        .iter()
        .enumerate()
        .map(|(rank, pid)| (*pid, rank))
        .collect()
}

/// What the processes below `root` have, as far as they are met one after the other.
pub(crate) fn used(proc: &mut Proc, root: i32) -> Used {
    let mut used = Used::default();
    let mut left = vec![root];
    while let Some(pid) = left.pop() {
        // What cannot be read has ended.
        let Ok(threads) = proc.threads(pid) else {
            continue;
        };
        used.threads += threads.len() as u64;
        used.memory += proc.memory(pid).unwrap_or(0);
        for thread in threads {
            if let Ok(Some(children)) = proc.children(pid, thread) {
                left.extend(children);
            }
        }
    }
    used
}

/// The processes below `root`, as far as they are met one after the other.
pub(crate) fn below(root: i32) -> io::Result<Vec<i32>> {
    let mut proc = Proc::open(root)?;
    let mut found = Vec::new();
    let mut stack = vec![root];
    while let Some(pid) = stack.pop() {
        for thread in proc.threads(pid)? {
            for child in proc.children(pid, thread)?.unwrap_or_default() {
                found.push(child);
                stack.push(child);
            }
        }
    }
    Ok(found)
}
