//! Machines, processes and the calls of their tools: everything of a rehearsal that is real.
//!
//! The engine starts machines (a keeper with the job's steps below it), watches until everything
//! on them waits, and hands out the tool calls that wait for an answer, ranked by their place in
//! the process tree. It knows nothing of time, workflows or the world: the stage decides what is
//! answered, when, and in which order.

mod call;
mod frames;
mod jq;
pub mod keeper;
mod limits;
mod machine;
mod orders;
mod proc;
mod sandbox;
pub mod scratch;
mod tree;
mod vantage;
mod waits;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as RealInstant};

use rustix::event::{PollFd, PollFlags};

use crate::real::RealTool;
use crate::tools::{FileError, Invocation, Need, Program};
pub use call::Kind;
pub use limits::{Excess, Held};
use machine::Process;
pub use machine::Step;
pub use orders::{Layers, Signal};
pub(crate) use sandbox::SYSTEM;

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
        "steps could reach {0}, and these workflows are somebody's code; run with --no-sandbox if you trust them"
    )]
    Unprotected(String),
    #[error(
        "the schedule {0} was played twice and went two ways: something in it is not in lockkeeper's hands, so its verdicts cannot be trusted"
    )]
    Undetermined(String),
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
    /// The machine went on for so long without asking for anything that everything on it was
    /// killed: what ran ends next.
    Runaway,
    /// The machine has more than it may: everything on it was killed, unless only its disk is full.
    Exceeded(Excess),
}

/// How the engine works.
#[derive(Debug, Clone)]
pub struct Options {
    /// The lockkeeper executable, which is also keeper, `timeout`, and what answers `jq`.
    pub executable: PathBuf,
    pub no_sandbox: bool,
    /// The steps are somebody else's: they must reach nothing at all.
    pub strangers: bool,
    /// How long, in real time, a step may run between two calls.
    pub patience: Duration,
    /// The processor that the machines' processes share, so that one runs at a time.
    pub processor: Option<usize>,
    /// Installed programs that run in the place of modelled tools.
    pub real: Vec<RealTool>,
}

/// How long the first look waits for something to be heard, and the longest that a later one does.
const FIRST_PAUSE: Duration = Duration::from_micros(400);
const LONGEST_PAUSE: Duration = Duration::from_millis(2);

/// How often a look may come too early before the controller sleeps.
const YIELDS: u32 = 16;

/// All machines of one story.
pub struct Engine {
    options: Options,
    scratch: scratch::Scratch,
    machines: BTreeMap<MachineId, Process>,
    next: u64,
    /// Machines that may have something running.
    active: BTreeSet<MachineId>,
    happenings: Vec<(MachineId, u32, Happening)>,
    notes: BTreeSet<String>,
    layers: Option<Layers>,
    /// The processor that everything of this engine is bound to.
    bound: Option<u32>,
    jq: jq::Answerer,
}

/// What looks at all machines that may have something running have found.
enum Seen {
    /// They wait, if nothing ran meanwhile.
    Waiting(Vec<(MachineId, tree::Look)>),
    Busy(MachineId, tree::Busy),
    Excess(MachineId, Excess),
}

impl Engine {
    pub fn new(options: Options) -> Result<Self, EngineError> {
        if machine::CLIENT.is_empty() {
            return Err(EngineError::Platform);
        }
        // Where that is refused, the engine is slower but right.
        let bound = options
            .processor
            .filter(|processor| vantage::bind(*processor))
            .map(|processor| processor as u32);
        vantage::yield_to_the_running();
        let scratch = scratch::directory().map_err(EngineError::io("make a scratch directory"))?;
        let jq = jq::Answerer::new(&options, bound);
        Ok(Self {
            options,
            scratch,
            machines: BTreeMap::new(),
            next: 0,
            active: BTreeSet::new(),
            happenings: Vec::new(),
            notes: BTreeSet::new(),
            layers: None,
            bound,
            jq,
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

    /// Starts a machine whose tools are `tools`; its chance begins at `seed`. `lanes` is how many
    /// entry processes it may have beside the first one: each lane's output is kept apart.
    pub fn open(
        &mut self,
        tools: &[&str],
        seed: u64,
        lanes: u32,
    ) -> Result<MachineId, EngineError> {
        self.next += 1;
        let id = MachineId(self.next);
        let directory = self.scratch.path().join(self.next.to_string());
        let machine = Process::start(&directory, tools, seed, lanes, &self.options)?;
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

    /// The machine's directory as this process sees it, and as its own processes do.
    pub fn directories(&self, id: MachineId) -> Option<(&Path, &Path)> {
        self.machines
            .get(&id)
            .map(|machine| (machine.outside.as_path(), machine.inside.as_path()))
    }

    /// Starts the entry process of a lane; the first is 0.
    pub fn start(&mut self, id: MachineId, lane: u32, step: &Step) -> Result<(), EngineError> {
        self.active.insert(id);
        self.machine(id)?.start_step(lane, step)
    }

    /// Signals a lane's entry process.
    pub fn signal(&mut self, id: MachineId, lane: u32, signal: Signal) -> Result<(), EngineError> {
        self.active.insert(id);
        self.machine(id)?.signal(lane, signal)
    }

    /// Kills a lane's entry process and its group, or everything on the machine but its keeper.
    pub fn kill(&mut self, id: MachineId, lane: Option<u32>) -> Result<(), EngineError> {
        self.active.insert(id);
        self.machine(id)?.kill(lane)
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

    /// What a machine's lanes have printed since this was last asked.
    pub fn take_output(&mut self, id: MachineId) -> BTreeMap<u32, Vec<u8>> {
        self.machines
            .get_mut(&id)
            .map(|machine| std::mem::take(&mut machine.output))
            .unwrap_or_default()
    }

    /// What happened since this was last asked, and in which lane.
    pub fn take_happenings(&mut self) -> Vec<(MachineId, u32, Happening)> {
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

    fn call(&self, call: CallId) -> Option<&call::Call> {
        self.machines
            .get(&call.machine)?
            .calls
            .get(&call.number)
            .filter(|call| call.invocation.is_some())
    }

    pub fn invocation(&self, call: CallId) -> Option<&Invocation> {
        self.call(call)?.invocation.as_ref()
    }

    pub fn kind(&self, call: CallId) -> Option<Kind> {
        Some(self.call(call)?.kind())
    }

    /// The installed program that runs in the place of a modelled tool on a machine.
    pub fn real(&self, machine: MachineId, tool: &str) -> Option<(&RealTool, Program)> {
        let real = self.options.real.iter().find(|real| real.name() == tool)?;
        let machine = self.machines.get(&machine)?;
        let moved = machine.inside != machine.directory;
        Some((real, real.program(&machine.inside, moved)))
    }

    /// What the call's process has read and written for it so far.
    pub fn answers(&self, call: CallId) -> Option<&BTreeMap<Need, Result<Vec<u8>, FileError>>> {
        Some(&self.call(call)?.answers)
    }

    /// Has the call's process print.
    pub fn print(&mut self, call: CallId, stdout: &[u8], stderr: &[u8]) {
        if let Some(found) = self.told(call) {
            found.print(stdout, stderr);
        }
    }

    /// Has the call's process fetch or write what its tool needs.
    pub fn fetch(&mut self, call: CallId, need: Need) {
        if let Some(found) = self.told(call) {
            found.fetch(need);
        }
    }

    /// Ends the call.
    pub fn exit(&mut self, call: CallId, code: i32) {
        if let Some(found) = self.told(call) {
            found.exit(code);
        }
    }

    /// A call that is about to be told something.
    fn told(&mut self, call: CallId) -> Option<&mut call::Call> {
        self.active.insert(call.machine);
        let machine = self.machines.get_mut(&call.machine)?;
        machine.calls.get_mut(&call.number)
    }

    /// Lets everything run until it waits.
    pub fn settle(&mut self) -> Result<(), EngineError> {
        if self.active.is_empty() {
            return Ok(());
        }
        let started = RealInstant::now();
        // Whoever was just told something has it to do first.
        self.flush();
        let mut yields = 0;
        match self.bound {
            Some(_) => rustix::thread::sched_yield(),
            None => self.wait(FIRST_PAUSE)?,
        }
        let mut pause = FIRST_PAUSE / 4;
        let mut earlier: Option<Vec<(MachineId, tree::Look)>> = None;
        let mut waited_for_all = false;
        loop {
            if self.pump()? {
                pause = FIRST_PAUSE / 4;
                yields = 0;
                earlier = None;
            }
            let vantage = vantage::Vantage::now();
            // Counting costs a little, and is of use only where the look alone does not suffice.
            let counted = earlier.is_some() || !self.is_above(vantage.processor);
            match self.look(counted)? {
                Seen::Waiting(looks) => {
                    let undisturbed = !counted
                        && vantage::Vantage::now() == vantage
                        && looks
                            .iter()
                            .all(|(_, look)| look.processor == Some(vantage.processor));
                    let agreed = counted && earlier.as_ref() == Some(&looks);
                    let hidden = looks.iter().any(|(_, look)| look.ended);
                    if undisturbed || (agreed && (waited_for_all || !hidden)) {
                        if !self.pump()? {
                            self.take_ranks(&looks);
                            return Ok(());
                        }
                        (pause, earlier, waited_for_all) = (FIRST_PAUSE / 4, None, false);
                        continue;
                    }
                    if agreed {
                        vantage::wait_for_all_processors();
                        waited_for_all = true;
                    }
                    earlier = Some(looks);
                }
                Seen::Excess(id, excess) => {
                    self.machine(id)?.stop()?;
                    self.happenings.push((id, 0, Happening::Exceeded(excess)));
                    return Ok(());
                }
                Seen::Busy(id, how) => {
                    (earlier, waited_for_all) = (None, false);
                    if self.is_too_long(id, how, started.elapsed())? {
                        return Ok(());
                    }
                    if self.bound.is_some() && yields < YIELDS {
                        yields += 1;
                        rustix::thread::sched_yield();
                        continue;
                    }
                    self.wait(pause)?;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Whether nothing that is looked at can run elsewhere than on this processor.
    fn is_above(&self, processor: u32) -> bool {
        let mut machines = self.active.iter().filter_map(|id| self.machines.get(id));
        self.bound == Some(processor) && machines.all(|machine| machine.layers.seccomp)
    }

    fn look(&mut self, counted: bool) -> Result<Seen, EngineError> {
        let mut looks = Vec::new();
        for id in &self.active {
            let Some(machine) = self.machines.get_mut(id) else {
                continue;
            };
            let look = machine.look(counted)?;
            if let Some(excess) = machine.excess(&look) {
                return Ok(Seen::Excess(*id, excess));
            }
            if let Some((_, how)) = look.busy {
                return Ok(Seen::Busy(*id, how));
            }
            looks.push((*id, look));
        }
        Ok(Seen::Waiting(looks))
    }

    fn take_ranks(&mut self, looks: &[(MachineId, tree::Look)]) {
        for (id, look) in looks {
            if let Some(machine) = self.machines.get_mut(id) {
                machine.ranks = tree::ranks(look);
                for text in machine.page.noticed() {
                    if !self.notes.contains(text) {
                        self.notes.insert(text.to_owned());
                    }
                }
            }
        }
        self.active.clear();
    }

    /// Whether a machine had to be stopped: it runs for so long without asking for anything.
    fn is_too_long(
        &mut self,
        id: MachineId,
        how: tree::Busy,
        elapsed: Duration,
    ) -> Result<bool, EngineError> {
        if how == tree::Busy::TimedWait && elapsed > Duration::from_millis(50) {
            self.notes.insert("a step waits for real time (a timed read, or a program's own sleep): its report may differ from run to run".into());
        }
        if elapsed <= self.options.patience {
            return Ok(false);
        }
        self.machine(id)?.kill(None)?;
        self.happenings.push((id, 0, Happening::Runaway));
        self.notes.insert(format!(
            "a step was killed: it ran {} s of real time without asking for anything",
            self.options.patience.as_secs()
        ));
        Ok(true)
    }

    fn flush(&mut self) {
        for id in &self.active {
            if let Some(machine) = self.machines.get_mut(id) {
                machine.calls.values_mut().for_each(call::Call::flush);
            }
        }
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
            moved |= self.jq.serve(machine, &mut self.notes)?;
            for (lane, happening) in machine.happenings.drain(..) {
                self.happenings.push((id, lane, happening));
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
