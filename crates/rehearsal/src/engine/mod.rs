//! Machines, processes and the calls of their tools: everything of a rehearsal that is real.
//!
//! The engine starts machines (a keeper with the job's steps below it), watches until everything
//! on them waits, and hands out the tool calls that wait for an answer, ranked by their place in
//! the process tree. It knows nothing of time, workflows or the world: the stage decides what is
//! answered, when, and in which order.

mod frames;
pub mod keeper;
mod machine;
mod orders;
mod sandbox;
pub mod scratch;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as RealInstant};

use rustix::event::{PollFd, PollFlags};

use crate::tools::{FileError, Invocation, Need};
use machine::Process;
pub use machine::Step;
pub use orders::{Layers, Signal};

/// A machine's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MachineId(pub u64);

/// A tool call's number: the machine it is on, and its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId {
    pub machine: MachineId,
    number: u64,
}

/// Why the rehearsal cannot go on: the machine failed us, not the pipeline.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("cannot {what}: {cause}")]
    Io { what: String, cause: io::Error },
    #[error("a machine could not be set up: {0}")]
    Machine(String),
    #[error("the rehearsal needs Linux on x86-64 or arm64: its steps run in real processes there")]
    Platform,
    #[error("bash was not found: install it, or put it on the PATH")]
    NoBash,
    #[error(
        "no means of isolation is available here (no namespaces, no Landlock, no seccomp), and these workflows are somebody's code; run with --no-sandbox if you trust them"
    )]
    Unprotected,
}

impl EngineError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |cause| Self::Io { what, cause }
    }
}

/// What happened on a machine while the engine settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// The step's entry process ended with this code.
    Exited(i32),
    /// It could not be started.
    NotStarted(String),
    /// It went on for so long without asking for anything that it was killed.
    Runaway,
}

/// How the engine works.
#[derive(Debug, Clone)]
pub struct Options {
    /// The lockkeeper executable, which is also keeper, `jq` and `timeout`.
    pub executable: PathBuf,
    pub no_sandbox: bool,
    /// How long, in real time, a step may run between two calls.
    pub patience: Duration,
    /// The processor that the machines' processes share, so that one runs at a time.
    pub processor: Option<usize>,
}

/// How long, in real time, a step may wait for nobody before that is believed.
const PATIENCE_WITH_THE_LONE: Duration = Duration::from_secs(1);

/// All machines of one story.
pub struct Engine {
    options: Options,
    scratch: scratch::Scratch,
    machines: BTreeMap<MachineId, Process>,
    next: u64,
    /// Machines that may have something running.
    active: BTreeSet<MachineId>,
    happenings: Vec<(MachineId, Happening)>,
    notes: BTreeSet<String>,
    layers: Option<Layers>,
}

impl Engine {
    pub fn new(options: Options) -> Result<Self, EngineError> {
        if machine::CLIENT.is_empty() {
            return Err(EngineError::Platform);
        }
        if let Some(processor) = options.processor {
            let mut set = rustix::thread::CpuSet::new();
            set.set(processor);
            // Unpinned, the engine is slower but right.
            rustix::thread::sched_setaffinity(None, &set).ok();
        }
        let scratch = scratch::directory().map_err(EngineError::io("make a scratch directory"))?;
        Ok(Self {
            options,
            scratch,
            machines: BTreeMap::new(),
            next: 0,
            active: BTreeSet::new(),
            happenings: Vec::new(),
            notes: BTreeSet::new(),
            layers: None,
        })
    }

    /// A directory of the engine's own that no machine can write to.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The isolation that machines have, once one was started.
    pub fn layers(&self) -> Option<Layers> {
        self.layers
    }

    /// What the report must say about how this run was made: real waits, killed steps.
    pub fn notes(&self) -> &BTreeSet<String> {
        &self.notes
    }

    /// Starts a machine whose tools are `tools`; its chance begins at `seed`.
    pub fn open(&mut self, tools: &[&str], seed: u64) -> Result<MachineId, EngineError> {
        self.next += 1;
        let id = MachineId(self.next);
        let directory = self.scratch.path().join(self.next.to_string());
        let machine = Process::start(&directory, tools, seed, &self.options)?;
        self.layers.get_or_insert(machine.layers);
        self.machines.insert(id, machine);
        Ok(id)
    }

    /// Ends a machine with everything on it, and deletes its directory.
    pub fn close(&mut self, id: MachineId) {
        self.active.remove(&id);
        if let Some(machine) = self.machines.remove(&id) {
            let directory = machine.directory.clone();
            machine.end();
            fs::remove_dir_all(directory).ok();
        }
    }

    /// The machine's directory on the host, and where its own processes see it.
    pub fn directories(&self, id: MachineId) -> Option<(&Path, &Path)> {
        self.machines
            .get(&id)
            .map(|machine| (machine.directory.as_path(), machine.inside.as_path()))
    }

    /// Starts a step's entry process.
    pub fn start(&mut self, id: MachineId, step: &Step) -> Result<(), EngineError> {
        self.active.insert(id);
        self.machine(id)?.start_step(step)
    }

    /// Signals the step's entry process.
    pub fn signal(&mut self, id: MachineId, signal: Signal) -> Result<(), EngineError> {
        self.active.insert(id);
        self.machine(id)?.signal(signal)
    }

    /// Kills everything on the machine but its keeper.
    pub fn kill(&mut self, id: MachineId) -> Result<(), EngineError> {
        self.active.insert(id);
        self.machine(id)?.kill()
    }

    fn machine(&mut self, id: MachineId) -> Result<&mut Process, EngineError> {
        self.machines
            .get_mut(&id)
            .ok_or_else(|| EngineError::Machine("it has ended".into()))
    }

    /// Sets every machine's clock.
    pub fn set_clock(&mut self, nanoseconds: u64) {
        for machine in self.machines.values() {
            machine.page.set_clock(nanoseconds);
        }
    }

    /// What a machine's steps have printed since this was last asked.
    pub fn take_output(&mut self, id: MachineId) -> Vec<u8> {
        self.machines
            .get_mut(&id)
            .map(|machine| std::mem::take(&mut machine.output))
            .unwrap_or_default()
    }

    pub fn take_happenings(&mut self) -> Vec<(MachineId, Happening)> {
        std::mem::take(&mut self.happenings)
    }

    /// The calls that wait for an answer, by machine and place in its process tree.
    pub fn waiting_calls(&self) -> Vec<CallId> {
        self.machines
            .iter()
            .flat_map(|(id, machine)| {
                machine.ranked_calls().into_iter().map(|number| CallId {
                    machine: *id,
                    number,
                })
            })
            .collect()
    }

    /// Whether the call still waits: its process may have been killed.
    pub fn is_waiting(&self, call: CallId) -> bool {
        self.call(call).is_some()
    }

    fn call(&self, call: CallId) -> Option<&machine::Call> {
        self.machines
            .get(&call.machine)?
            .calls
            .get(&call.number)
            .filter(|call| call.invocation.is_some())
    }

    pub fn invocation(&self, call: CallId) -> Option<&Invocation> {
        self.call(call)?.invocation.as_ref()
    }

    /// What the call's process has read and written for it so far.
    pub fn answers(&self, call: CallId) -> Option<&BTreeMap<Need, Result<Vec<u8>, FileError>>> {
        Some(&self.call(call)?.answers)
    }

    /// Has the call's process print.
    pub fn print(&mut self, call: CallId, stdout: &[u8], stderr: &[u8]) {
        for (kind, bytes) in [(frames::ERR, stderr), (frames::OUT, stdout)] {
            if !bytes.is_empty() {
                self.tell(call, kind, bytes);
            }
        }
    }

    /// Has the call's process fetch or write what its tool needs.
    pub fn fetch(&mut self, call: CallId, need: Need) {
        match &need {
            Need::Stdin => self.tell(call, frames::STDIN, &[]),
            Need::Read(path) => self.tell(call, frames::READ, path.as_os_str().as_encoded_bytes()),
            Need::Write {
                path,
                bytes,
                parents,
            } => {
                let mut frame = vec![if *parents { b'p' } else { b'-' }];
                frame.extend_from_slice(path.as_os_str().as_encoded_bytes());
                frame.push(0);
                frame.extend_from_slice(bytes);
                self.tell(call, frames::WRITE, &frame);
            }
        }
        if let Some(machine) = self.machines.get_mut(&call.machine)
            && let Some(found) = machine.calls.get_mut(&call.number)
        {
            found.fetching = Some(need);
        }
    }

    /// Ends the call.
    pub fn exit(&mut self, call: CallId, code: i32) {
        self.tell(call, frames::EXIT, &code.to_le_bytes());
        if let Some(found) = self
            .machines
            .get_mut(&call.machine)
            .and_then(|m| m.calls.get_mut(&call.number))
        {
            found.ended = true;
        }
    }

    fn tell(&mut self, call: CallId, kind: u8, bytes: &[u8]) {
        self.active.insert(call.machine);
        if let Some(found) = self
            .machines
            .get_mut(&call.machine)
            .and_then(|m| m.calls.get_mut(&call.number))
        {
            found
                .outgoing
                .extend_from_slice(&frames::encode(kind, bytes));
            found.flush();
        }
    }

    /// Lets everything run until it waits.
    pub fn settle(&mut self) -> Result<(), EngineError> {
        let started = RealInstant::now();
        let mut pause = Duration::from_micros(20);
        let mut confirmed: Option<Vec<(MachineId, tree::Scan)>> = None;
        let mut alone_since: Option<RealInstant> = None;
        loop {
            let moved = self.pump()?;
            if moved {
                pause = Duration::from_micros(20);
                confirmed = None;
                alone_since = None;
            }
            let mut scans = Vec::new();
            let mut busy = None;
            for id in &self.active {
                let Some(machine) = self.machines.get(id) else {
                    continue;
                };
                let scan = machine.scan()?;
                if let Some((pid, how)) = scan.busy {
                    busy = Some((*id, pid, how));
                    break;
                }
                scans.push((*id, scan));
            }
            if busy.is_none() {
                // Two looks that agree, with a chance to run in between.
                if confirmed.as_ref() == Some(&scans) && !self.pump()? {
                    // A step that is alive and waits for nobody's answer is about to end, or waits
                    // for itself for ever: only a longer look can tell.
                    let since = *alone_since.get_or_insert_with(RealInstant::now);
                    if self.someone_is_alone() && since.elapsed() < PATIENCE_WITH_THE_LONE {
                        self.wait(pause)?;
                        pause = (pause * 2).min(Duration::from_millis(2));
                        continue;
                    }
                    for (id, scan) in scans {
                        if let Some(machine) = self.machines.get_mut(&id) {
                            machine.ranks = tree::ranks(&scan);
                        }
                    }
                    self.active.clear();
                    return Ok(());
                }
                confirmed = Some(scans);
                rustix::thread::sched_yield();
                continue;
            }
            confirmed = None;
            if let Some((id, _, how)) = busy {
                if how == tree::Busy::TimedWait && started.elapsed() > Duration::from_millis(50) {
                    self.notes.insert("a step waits for real time (a timed read, or a program's own sleep): its report may differ from run to run".into());
                }
                if started.elapsed() > self.options.patience {
                    self.machine(id)?.kill()?;
                    self.happenings.push((id, Happening::Runaway));
                    self.notes.insert(format!(
                        "a step was killed: it ran {} s of real time without asking for anything",
                        self.options.patience.as_secs()
                    ));
                    return Ok(());
                }
            }
            self.wait(pause)?;
            pause = (pause * 2).min(Duration::from_millis(2));
        }
    }

    /// Whether a machine that may be running has a step that waits for none of its calls.
    fn someone_is_alone(&self) -> bool {
        let mut active = self.active.iter().filter_map(|id| self.machines.get(id));
        active.any(Process::is_alone)
    }

    /// Waits until a descriptor is ready, or for `pause`.
    fn wait(&self, pause: Duration) -> Result<(), EngineError> {
        let mut descriptors: Vec<BorrowedFd<'_>> = Vec::new();
        for machine in self.active.iter().filter_map(|id| self.machines.get(id)) {
            machine.descriptors(&mut descriptors);
        }
        let mut fds: Vec<PollFd<'_>> = descriptors
            .iter()
            .map(|fd| PollFd::new(fd, PollFlags::IN))
            .collect();
        let timeout = rustix::event::Timespec {
            tv_sec: 0,
            tv_nsec: pause.as_nanos() as i64,
        };
        match rustix::event::poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(EngineError::io("wait for the machines")(error.into())),
        }
    }

    /// Takes in what has arrived; true when there was anything.
    fn pump(&mut self) -> Result<bool, EngineError> {
        let mut moved = false;
        let ids: Vec<MachineId> = self.active.iter().copied().collect();
        for id in ids {
            let Some(machine) = self.machines.get_mut(&id) else {
                continue;
            };
            moved |= machine.pump()?;
            for happening in machine.happenings.drain(..) {
                self.happenings.push((id, happening));
            }
        }
        Ok(moved)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for (_, machine) in std::mem::take(&mut self.machines) {
            machine.end();
        }
    }
}

/// The bytes with which a process of a machine asks to be told when `after` has passed.
pub(crate) fn alarm_call(after: Duration) -> Vec<u8> {
    let mut call = 2u32.to_le_bytes().to_vec();
    call.extend_from_slice(format!("sleep\0{}\0/\0", after.as_secs_f64()).as_bytes());
    frames::encode(frames::ALARM, &call)
}
