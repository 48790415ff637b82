//! One machine: its directory, its keeper, its output, its tools' calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as RealInstant};

use super::call::{Arrived, Call, Kind};
use super::limits::{self, Excess, Held};
use super::orders::{Layers, Notice, Order, Ready, Setup, Signal};
use super::proc::Proc;
use super::sandbox::{OWN_EXECUTABLE, WRITABLE};
use super::tree::{self, Look, Subject};
use super::{EngineError, Happening, Options, jq, keeper};

pub(super) const CLIENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/client"));
const PRELOAD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/preload.so"));
const ENDPOINT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/endpoint.so"));

/// How often the processes of a machine on which something runs are counted.
const COUNT_EVERY: Duration = Duration::from_millis(25);

/// Commands that the lockkeeper executable is, beside the modelled tools.
const OWN: &[&str] = &["timeout"];

/// A step's entry process.
#[derive(Debug, Clone)]
pub struct Step {
    pub argv: Vec<String>,
    pub env: Vec<(String, String)>,
    /// As the machine's processes see it.
    pub cwd: PathBuf,
}

/// The page of memory that all processes of a machine read their clock and chance from.
pub(super) struct Page(*mut AtomicU64);

// SAFETY: the page is shared with other processes and only touched through atomics.
unsafe impl Send for Page {}

impl Page {
    fn make(path: &Path, seed: u64) -> io::Result<Self> {
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        file.set_len(4096)?;
        // SAFETY: a new shared mapping of a file that keeps its length.
        let address = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                4096,
                rustix::mm::ProtFlags::READ | rustix::mm::ProtFlags::WRITE,
                rustix::mm::MapFlags::SHARED,
                &file,
                0,
            )?
        };
        let page = Self(address.cast());
        page.word(1).store(seed, Ordering::Relaxed);
        Ok(page)
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        // SAFETY: the page holds 512 words; callers use the first three.
        unsafe { &*self.0.add(at) }
    }

    pub(super) fn set_clock(&self, nanoseconds: u64) {
        self.word(0).store(nanoseconds, Ordering::Relaxed);
    }

    pub(super) fn clock(&self) -> u64 {
        self.word(0).load(Ordering::Relaxed)
    }

    /// What the preloaded library has noticed that is not virtual, in words for the report.
    pub(super) fn noticed(&self) -> impl Iterator<Item = &'static str> {
        let seen = self.word(2).load(Ordering::Relaxed);
        [
            "a step's program set a timer of the kernel (alarm, setitimer, timerfd): it goes off in real time",
            "a step started a program that is linked statically: it sees the real clock and real chance",
        ]
        .into_iter()
        .enumerate()
        .filter(move |(bit, _)| seen & (1 << bit) != 0)
        .map(|(_, text)| text)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and not used again.
        unsafe { rustix::mm::munmap(self.0.cast(), 4096).ok() };
    }
}

pub(super) struct Process {
    pub(super) directory: PathBuf,
    /// The directory with what the machine has mounted there.
    pub(super) outside: PathBuf,
    pub(super) inside: PathBuf,
    /// Its writable files, where they are a file system of their own.
    own_files: Option<fs::File>,
    /// How many bytes were printed.
    printed: u64,
    /// When its processes are counted next.
    count_at: RealInstant,
    /// Everything on it was killed for what it had too much of, and may not have ended yet.
    stopping: bool,
    pub(super) layers: Layers,
    pub(super) page: Page,
    pub(super) listener: UnixListener,
    child: Child,
    /// The keeper at the root of the machine's process tree.
    root: i32,
    control: BufReader<UnixStream>,
    line: String,
    /// What each lane prints: the first, and those beside it.
    pipes: Vec<fs::File>,
    pub(super) output: BTreeMap<u32, Vec<u8>>,
    pub(super) calls: BTreeMap<u64, Call>,
    next_call: u64,
    pub(super) happenings: Vec<(u32, Happening)>,
    pub(super) ranks: BTreeMap<i32, usize>,
    proc: Proc,
}

impl Process {
    pub(super) fn start(
        directory: &Path,
        tools: &[&str],
        seed: u64,
        lanes: u32,
        options: &Options,
    ) -> Result<Self, EngineError> {
        let failed = || EngineError::io(format!("set up {}", directory.display()));
        let _making = super::scratch::making();
        for part in ["bin"].iter().chain(&WRITABLE) {
            fs::create_dir_all(directory.join(part)).map_err(failed())?;
        }
        let mut client = CLIENT.to_vec();
        // In the padding of its header, for the preloaded library to know it by.
        if let Some(mark) = client.get_mut(15) {
            *mark = b'L';
        }
        fs::write(directory.join("bin/.client"), client).map_err(failed())?;
        fs::set_permissions(
            directory.join("bin/.client"),
            fs::Permissions::from_mode(0o755),
        )
        .map_err(failed())?;
        fs::write(directory.join("preload.so"), PRELOAD).map_err(failed())?;
        if !options.real.is_empty() {
            fs::write(directory.join("endpoint.so"), ENDPOINT).map_err(failed())?;
        }
        for tool in tools.iter().chain([&jq::TOOL]) {
            symlink(".client", directory.join("bin").join(tool)).map_err(failed())?;
        }
        symlink(&options.executable, directory.join(OWN_EXECUTABLE)).map_err(failed())?;
        for command in OWN {
            symlink(".lockkeeper", directory.join("bin").join(command)).map_err(failed())?;
        }
        let page = Page::make(&directory.join("clock"), seed).map_err(failed())?;
        let listener = listen(directory).map_err(failed())?;
        listener.set_nonblocking(true).map_err(failed())?;
        let (pipe, writer) = output_pipe().map_err(failed())?;
        let mut pipes = vec![pipe];
        let mut beside = Vec::new();
        for _ in 0..lanes {
            let (pipe, writer) = output_pipe().map_err(failed())?;
            pipes.push(pipe);
            beside.push(writer);
        }
        let (ours, theirs) = UnixStream::pair().map_err(failed())?;
        let errors = writer.try_clone().map_err(failed())?;
        let mut command = Command::new(&options.executable);
        command
            .arg0(keeper::NAME)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(writer))
            .stderr(Stdio::from(errors));
        let inherited: Vec<i32> = beside.iter().map(AsRawFd::as_raw_fd).collect();
        if !inherited.is_empty() {
            let kept = inherited.clone();
            // SAFETY: only sets flags of descriptors between fork and exec.
            unsafe {
                command.pre_exec(move || {
                    for descriptor in &kept {
                        if libc::fcntl(*descriptor, libc::F_SETFD, 0) < 0 {
                            return Err(io::Error::last_os_error());
                        }
                    }
                    Ok(())
                });
            }
        }
        let child = command
            .spawn()
            .map_err(EngineError::io("start a machine's keeper"))?;
        drop((command, beside));
        let mut control = BufReader::new(ours);
        let setup = Setup {
            directory: directory.to_owned(),
            executable: options.executable.clone(),
            unprotected: options.no_sandbox,
            lanes: inherited,
            real: options.real.clone(),
        };
        send(&control, &setup).map_err(failed())?;
        let mut line = String::new();
        control.read_line(&mut line).map_err(failed())?;
        let ready: Ready = serde_json::from_str(&line)
            .map_err(|_| EngineError::Machine("its keeper ended before it was ready".into()))?;
        if let Some(error) = ready.error {
            return Err(EngineError::Machine(error));
        }
        if let (false, Some(reached)) =
            (options.no_sandbox, ready.layers.refusal(options.strangers))
        {
            return Err(EngineError::Unprotected(reached));
        }
        control.get_ref().set_nonblocking(true).map_err(failed())?;
        let keeper = child.id() as i32;
        let mut root = keeper;
        if ready.layers.namespaces {
            let mut proc = Proc::open(keeper).map_err(failed())?;
            let children = proc.children(keeper, keeper).map_err(failed())?;
            root = match children.unwrap_or_default().as_slice() {
                [only] => *only,
                _ => return Err(EngineError::Machine("its keeper was not found".into())),
            };
        }
        let proc = Proc::open(root).map_err(failed())?;
        let own_files = ready.layers.disk_limit == Held::Kernel;
        let outside = match own_files {
            // Mounted for the machine alone; the keeper's root leads there.
            true => {
                let inside = ready.inside.strip_prefix("/").unwrap_or(&ready.inside);
                Path::new("/proc")
                    .join(root.to_string())
                    .join("root")
                    .join(inside)
            }
            false => directory.to_owned(),
        };
        let files = fs::File::open(outside.join(WRITABLE[0])).map_err(failed())?;
        Ok(Self {
            directory: directory.to_owned(),
            outside,
            own_files: own_files.then_some(files),
            printed: 0,
            count_at: RealInstant::now() + COUNT_EVERY,
            stopping: false,
            inside: ready.inside,
            layers: ready.layers,
            page,
            listener,
            child,
            root,
            control,
            line: String::new(),
            pipes,
            output: BTreeMap::new(),
            calls: BTreeMap::new(),
            next_call: 0,
            happenings: Vec::new(),
            ranks: BTreeMap::new(),
            proc,
        })
    }

    /// What the machine has too much of, if anything: of its processes in a look at all of them, or
    /// in a count of its own where something runs.
    pub(super) fn excess(&mut self, look: &Look) -> Option<Excess> {
        let mut used = look.used;
        if look.busy.is_some() {
            // A look ends at the first that runs.
            let began = RealInstant::now();
            if began < self.count_at {
                return None;
            }
            used = tree::used(&mut self.proc, self.root);
            let full = self.own_files.is_none() && self.is_disk_full();
            self.count_at = began + COUNT_EVERY.max(began.elapsed() * 20);
            if full {
                return Some(Excess::Disk);
            }
        }
        let excess = if used.threads > limits::PROCESSES {
            Some(Excess::Processes)
        } else if used.memory > limits::MEMORY {
            Some(Excess::Memory)
        } else if self.printed > limits::OUTPUT {
            Some(Excess::Output)
        } else {
            None
        };
        if excess.is_some() && self.stopping {
            return None;
        }
        self.stopping = false;
        excess
    }

    /// Kills everything on the machine, for what it had too much of.
    pub(super) fn stop(&mut self) -> Result<(), EngineError> {
        self.stopping = true;
        self.printed = 0;
        self.kill(None)
    }

    fn is_disk_full(&self) -> bool {
        match &self.own_files {
            Some(files) => limits::is_full(files).unwrap_or(false),
            None => {
                let (bytes, files) = limits::used(&self.directory.join(WRITABLE[0]));
                bytes > limits::DISK || files > limits::FILES
            }
        }
    }

    pub(super) fn start_step(&mut self, lane: u32, step: &Step) -> Result<(), EngineError> {
        let mut env = step.env.clone();
        env.push((
            "LOCKKEEPER_CLOCK".into(),
            self.inside.join("clock").display().to_string(),
        ));
        env.push((
            "LD_PRELOAD".into(),
            self.inside.join("preload.so").display().to_string(),
        ));
        let order = Order::Spawn {
            lane,
            argv: step.argv.clone(),
            env,
            cwd: step.cwd.clone(),
        };
        self.order(&order)
    }

    pub(super) fn signal(&mut self, lane: u32, signal: Signal) -> Result<(), EngineError> {
        self.order(&Order::Signal { lane, signal })
    }

    pub(super) fn kill(&mut self, lane: Option<u32>) -> Result<(), EngineError> {
        self.order(&Order::Kill { lane })
    }

    fn order(&mut self, order: &Order) -> Result<(), EngineError> {
        send(&self.control, order).map_err(EngineError::io("reach a machine's keeper"))
    }

    /// A look at the processes. One that the keeper was just told to start is not among them yet;
    /// the keeper itself then still has the order to read, or runs.
    pub(super) fn look(&mut self, counted: bool) -> Result<Look, EngineError> {
        let waiting = self.calls.values().filter(|call| call.waits());
        let clients: BTreeSet<i32> = waiting
            .filter(|call| call.kind() == Kind::Tool)
            .map(|call| call.pid)
            .collect();
        let subject = Subject {
            root: self.root,
            clients: &clients,
            counted,
        };
        tree::look(&mut self.proc, &subject)
            .map_err(EngineError::io("look at a machine's processes"))
    }

    /// Calls that wait, by their process's place in the tree.
    pub(super) fn ranked_calls(&self) -> Vec<u64> {
        let mut ranked: Vec<(usize, u64)> = self
            .calls
            .iter()
            .filter(|(_, call)| call.waits())
            .map(|(number, call)| {
                (
                    self.ranks.get(&call.pid).copied().unwrap_or(usize::MAX),
                    *number,
                )
            })
            .collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, number)| number).collect()
    }

    pub(super) fn descriptors<'a>(&'a self, list: &mut Vec<BorrowedFd<'a>>) {
        list.extend([self.listener.as_fd(), self.control.get_ref().as_fd()]);
        list.extend(self.pipes.iter().map(AsFd::as_fd));
        list.extend(self.calls.values().map(|call| call.socket.as_fd()));
    }

    /// Takes in what has arrived; true when there was anything.
    pub(super) fn pump(&mut self) -> Result<bool, EngineError> {
        let mut moved = self.pump_control()?;
        while let Ok((socket, _)) = self.listener.accept() {
            moved = true;
            let pid = rustix::net::sockopt::socket_peercred(&socket)
                .map_err(|error| EngineError::io("ask who calls")(error.into()))?
                .pid
                .as_raw_nonzero()
                .get();
            socket
                .set_nonblocking(true)
                .map_err(EngineError::io("talk to a tool"))?;
            let call = Call::new(socket, pid);
            self.calls.insert(self.next_call, call);
            self.next_call += 1;
        }
        let mut gone = Vec::new();
        for (number, call) in &mut self.calls {
            if !call.outgoing.is_empty() {
                let before = call.outgoing.len();
                call.flush();
                moved |= call.outgoing.len() != before;
            }
            match call.receive() {
                Arrived::Nothing => {}
                Arrived::Some => moved = true,
                Arrived::End => {
                    moved = true;
                    gone.push(*number);
                }
            }
        }
        for number in gone {
            self.calls.remove(&number);
        }
        // Last, so that what was printed before a process ended is here when its end is.
        moved |= self.drain();
        Ok(moved)
    }

    fn drain(&mut self) -> bool {
        let mut chunk = [0u8; 1 << 16];
        let mut moved = false;
        for (lane, pipe) in self.pipes.iter_mut().enumerate() {
            while let Ok(n) = pipe.read(&mut chunk) {
                if n == 0 {
                    break;
                }
                moved = true;
                let output = self.output.entry(lane as u32).or_default();
                self.printed += n as u64;
                if self.printed <= limits::OUTPUT {
                    output.extend_from_slice(&chunk[..n]);
                } else {
                    // Whoever prints without end is stopped before it is listened to again.
                    return true;
                }
            }
        }
        moved
    }

    fn pump_control(&mut self) -> Result<bool, EngineError> {
        let mut moved = false;
        loop {
            // What has come of an unfinished line stays there.
            match self.control.read_line(&mut self.line) {
                Ok(0) => return Err(EngineError::Machine("its keeper ended".into())),
                Ok(_) => {
                    moved = true;
                    let line = std::mem::take(&mut self.line);
                    let notice: Notice = serde_json::from_str(&line)
                        .map_err(|_| EngineError::Machine(format!("its keeper said {line:?}")))?;
                    let (lane, happening) = match notice {
                        Notice::Exited { lane, code } => {
                            if self.own_files.is_some() && self.is_disk_full() {
                                let excess = Happening::Exceeded(Excess::Disk);
                                self.happenings.push((lane, excess));
                            }
                            (lane, Happening::Exited(code))
                        }
                        Notice::NotStarted { lane, why } => (lane, Happening::NotStarted(why)),
                    };
                    self.happenings.push((lane, happening));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(moved),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(EngineError::io("hear a machine's keeper")(error)),
            }
        }
    }

    /// Closes the keeper's socket, at which it kills what is left and ends.
    pub(super) fn end(self) {
        let Self {
            mut child,
            control,
            calls,
            pipes,
            ..
        } = self;
        drop((control, calls, pipes));
        child.wait().ok();
    }
}

/// A pipe that this process reads without waiting.
fn output_pipe() -> io::Result<(fs::File, OwnedFd)> {
    let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    // More room means fewer stops to empty it; the default does too.
    rustix::pipe::fcntl_setpipe_size(&reader, 1 << 20).ok();
    rustix::io::ioctl_fionbio(&reader, true)?;
    Ok((fs::File::from(reader), writer))
}

/// A socket at `directory/socket`, also where that path is longer than an address holds.
fn listen(directory: &Path) -> io::Result<UnixListener> {
    let handle = fs::File::open(directory)?;
    use std::os::fd::AsRawFd;
    UnixListener::bind(format!("/proc/self/fd/{}/socket", handle.as_raw_fd()))
}

fn send(control: &BufReader<UnixStream>, message: &impl serde::Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    let mut socket = control.get_ref();
    let mut rest = line.as_slice();
    while !rest.is_empty() {
        match socket.write(rest) {
            Ok(n) => rest = &rest[n..],
            // The keeper reads at once; a long order only needs a moment.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                rustix::thread::sched_yield();
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
