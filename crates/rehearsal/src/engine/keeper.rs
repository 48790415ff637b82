//! The first process of a machine: sets up its isolation, starts its steps, reaps its orphans.
//!
//! It is the lockkeeper executable itself, called as [`NAME`]. Standard input is the controller's
//! socket, standard output and error are the pipe that the steps write to.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use super::limits::{self, Held};
use super::orders::{Layers, Notice, Order, Ready, Setup, Signal};
use super::sandbox;

/// What the executable is called as when it is a keeper.
pub const NAME: &str = "lockkeeper-keeper";

/// Runs a keeper to its end, which is the controller's closing of the socket.
pub fn main() -> ExitCode {
    // SAFETY: standard input is the socket that the controller opened for this process alone.
    let socket = UnixStream::from(unsafe { OwnedFd::from_raw_fd(0) });
    match keep(socket) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(3),
    }
}

fn keep(socket: UnixStream) -> io::Result<()> {
    die_with_parent();
    heed_signals();
    // A session without a terminal: no step types into, or reads, the one of whoever looks on.
    // SAFETY: changes what this process belongs to.
    unsafe { libc::setsid() };
    let mut reader = BufReader::new(socket.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let setup: Setup = serde_json::from_str(&line)?;
    let mut layers = Layers::default();
    if !setup.unprotected && sandbox::unshare().is_ok() {
        layers.namespaces = true;
        // Entering a user namespace has cleared it.
        die_with_parent();
        // SAFETY: this process has one thread, so the child may go on as an ordinary process.
        let child = unsafe { libc::fork() };
        if child < 0 {
            return Err(io::Error::last_os_error());
        }
        if child > 0 {
            drop((socket, reader));
            let mut status = 0;
            // SAFETY: waits for the child just made.
            while unsafe { libc::waitpid(child, &mut status, 0) } < 0
                && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
            {}
            return Ok(());
        }
        die_with_parent();
    }
    // Steps get the pipe of their own lane only.
    for lane in &setup.lanes {
        // SAFETY: sets a flag of a descriptor of this process.
        unsafe { libc::fcntl(*lane, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    if !layers.namespaces {
        // Killed, this process would leave the steps behind; the end of the socket lets it kill
        // them first.
        // SAFETY: sets an attribute of this process.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, 0) };
    }
    let ready = prepare(&setup, layers);
    let failed = ready.error.is_some();
    say(&socket, &ready)?;
    if failed {
        return Ok(());
    }
    Keeper {
        socket,
        reader,
        entries: BTreeMap::new(),
        lanes: setup.lanes,
        namespaced: layers.namespaces,
    }
    .serve()
}

/// What whoever started lockkeeper has ignored, as shells do for what they run in the background,
/// no step ignores.
fn heed_signals() {
    for signal in [
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGTERM,
        libc::SIGHUP,
        libc::SIGPIPE,
    ] {
        // SAFETY: gives a signal its default meaning in this process.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

fn die_with_parent() {
    // SAFETY: sets attributes of this process.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

fn prepare(setup: &Setup, mut layers: Layers) -> Ready {
    let mut inside = setup.directory.clone();
    let mut error = None;
    if layers.namespaces {
        match sandbox::arrange_mounts(&setup.directory, &setup.executable, &setup.real) {
            Ok(mounts) => {
                inside = mounts.place;
                if mounts.own_files {
                    layers.disk_limit = Held::Kernel;
                }
            }
            Err(cause) => error = Some(format!("mounting the machine's directory: {cause}")),
        }
    }
    limits::hold_each_process();
    if layers.namespaces {
        layers.process_limit = limits::hold_processes();
    }
    // SAFETY: sets attributes of this process: orphans come to it, addresses are the same in every
    // run.
    unsafe {
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong);
    }
    if !setup.unprotected && error.is_none() {
        let moved = inside != setup.directory;
        let landlocked = sandbox::landlock(&inside, &setup.executable, moved, &setup.real);
        layers.landlock = landlocked.files;
        layers.signals = landlocked.signals || layers.namespaces;
        layers.seccomp = sandbox::seccomp(layers.namespaces);
    }
    Ready {
        inside,
        layers,
        error,
    }
}

fn say(mut socket: &UnixStream, message: &impl serde::Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    socket.write_all(&line)
}

struct Keeper {
    socket: UnixStream,
    reader: BufReader<UnixStream>,
    /// The entry process of each lane where something runs.
    entries: BTreeMap<u32, i32>,
    /// Where the output of later lanes goes.
    lanes: Vec<RawFd>,
    namespaced: bool,
}

impl Keeper {
    fn serve(mut self) -> io::Result<()> {
        let children = child_signals()?;
        loop {
            let mut waits = [wait(self.socket.as_raw_fd()), wait(children.as_raw_fd())];
            // SAFETY: the array lives through the call.
            if unsafe { libc::poll(waits.as_mut_ptr(), 2, -1) } < 0 {
                continue;
            }
            if waits[1].revents != 0 {
                let mut ignored = [0u8; 1024];
                let _ = (&children).read(&mut ignored);
                self.reap()?;
            }
            if waits[0].revents != 0 {
                loop {
                    let mut line = String::new();
                    if self.reader.read_line(&mut line)? == 0 {
                        self.kill_all();
                        return Ok(());
                    }
                    self.obey(serde_json::from_str(&line)?)?;
                    // What was read ahead is no longer announced by the socket.
                    if self.reader.buffer().is_empty() {
                        break;
                    }
                }
            }
        }
    }

    fn obey(&mut self, order: Order) -> io::Result<()> {
        match order {
            Order::Spawn {
                lane,
                argv,
                env,
                cwd,
            } => match self.spawn(lane, &argv, env, cwd) {
                Ok(pid) => drop(self.entries.insert(lane, pid)),
                Err(error) => {
                    let why = error.to_string();
                    say(&self.socket, &Notice::NotStarted { lane, why })?;
                }
            },
            Order::Signal { lane, signal } => {
                if let Some(entry) = self.entries.get(&lane).copied() {
                    let number = match signal {
                        Signal::Interrupt => libc::SIGINT,
                        Signal::Terminate => libc::SIGTERM,
                    };
                    // SAFETY: a child of ours that is not reaped yet, so the number is still its own.
                    unsafe { libc::kill(entry, number) };
                }
            }
            Order::Kill { lane: None } => self.kill_all(),
            Order::Kill { lane: Some(lane) } => {
                if let Some(entry) = self.entries.get(&lane).copied() {
                    // SAFETY: the group of a child of ours that is not reaped yet.
                    unsafe { libc::kill(-entry, libc::SIGKILL) };
                }
            }
        }
        Ok(())
    }

    /// Kills every process of the machine, the keeper excepted.
    fn kill_all(&self) {
        if self.namespaced {
            // SAFETY: as process 1 of a PID namespace of its own this reaches only its members.
            unsafe { libc::kill(-1, libc::SIGKILL) };
            return;
        }
        let me = rustix::process::getpid().as_raw_nonzero().get();
        // A killed process starts nothing more; its children become ours and are met again.
        for _ in 0..1000 {
            let Ok(below) = super::tree::below(me) else {
                return;
            };
            let mut alive = false;
            for pid in below {
                let zombie = std::fs::read_to_string(format!("/proc/{pid}/stat"))
                    .map_or(true, |stat| stat.contains(") Z "));
                if !zombie {
                    alive = true;
                    // SAFETY: a descendant of this process, met in this very look.
                    unsafe { libc::kill(pid, libc::SIGKILL) };
                }
            }
            if !alive {
                return;
            }
        }
    }

    fn spawn(
        &self,
        lane: u32,
        argv: &[String],
        env: Vec<(String, String)>,
        cwd: PathBuf,
    ) -> io::Result<i32> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
        let (program, args) = argv.split_first().ok_or_else(invalid)?;
        let mut command = Command::new(program);
        command
            .args(args)
            .env_clear()
            .envs(env)
            .current_dir(cwd)
            .stdin(Stdio::null())
            .process_group(0);
        if lane > 0 {
            let pipe = self.lanes.get(lane as usize - 1).ok_or_else(invalid)?;
            // SAFETY: the controller has left it open for this process, which never closes it.
            let pipe = unsafe { BorrowedFd::borrow_raw(*pipe) };
            command
                .stdout(pipe.try_clone_to_owned()?)
                .stderr(pipe.try_clone_to_owned()?);
        }
        // Reaped by `reap`, like every other child.
        Ok(command.spawn()?.id() as i32)
    }

    fn reap(&mut self) -> io::Result<()> {
        loop {
            let mut status = 0;
            // SAFETY: reaps any child, without waiting.
            let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
            if pid <= 0 {
                return Ok(());
            }
            let lane = self.entries.iter().find(|(_, entry)| **entry == pid);
            if let Some(lane) = lane.map(|(lane, _)| *lane) {
                self.entries.remove(&lane);
                let code = if libc::WIFEXITED(status) {
                    libc::WEXITSTATUS(status)
                } else {
                    128 + libc::WTERMSIG(status)
                };
                say(&self.socket, &Notice::Exited { lane, code })?;
            }
        }
    }
}

fn wait(descriptor: RawFd) -> libc::pollfd {
    libc::pollfd {
        fd: descriptor,
        events: libc::POLLIN,
        revents: 0,
    }
}

/// A descriptor that is readable when a child has ended. `SIGCHLD` is blocked here; children start
/// with nothing blocked.
fn child_signals() -> io::Result<std::fs::File> {
    // SAFETY: the set is initialised before it is used; the descriptor is ours.
    unsafe {
        let mut set = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGCHLD);
        libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
        let descriptor = libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(std::fs::File::from_raw_fd(descriptor))
    }
}
