//! `timeout`: runs a command for at most so much virtual time.
//!
//! A process of the step like any other; only its alarm is the controller's, asked for as a
//! `sleep` that need not end.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::{AsFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{PidfdFlags, pidfd_open};

use crate::engine::alarm_call;
use crate::tools::sleep::interval;

const HELP: &str = "Try 'timeout --help' for more information.";

struct Options {
    signal: i32,
    kill_after: Option<Duration>,
    preserve_status: bool,
    foreground: bool,
    verbose: bool,
    limit: Duration,
    command: Vec<OsString>,
}

/// Runs `timeout` with its arguments, its own name left out.
pub(crate) fn main(args: &[OsString]) -> ExitCode {
    let options = match parse(args) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("timeout: {message}\n{HELP}");
            return ExitCode::from(125);
        }
    };
    match run(&options) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("timeout: {error}");
            ExitCode::from(125)
        }
    }
}

fn parse(args: &[OsString]) -> Result<Options, String> {
    let mut options = Options {
        signal: libc::SIGTERM,
        kill_after: None,
        preserve_status: false,
        foreground: false,
        verbose: false,
        limit: Duration::ZERO,
        command: Vec::new(),
    };
    let mut rest = args.iter();
    let mut limit = None;
    while let Some(arg) = rest.next() {
        let text = arg.to_string_lossy();
        let (name, attached) = match text.split_once('=') {
            Some((name, value)) if name.starts_with("--") => {
                (name.to_owned(), Some(value.to_owned()))
            }
            _ if text.len() > 2 && (text.starts_with("-s") || text.starts_with("-k")) => {
                (text[..2].to_owned(), Some(text[2..].to_owned()))
            }
            _ => (text.clone().into_owned(), None),
        };
        let mut value = || {
            attached
                .clone()
                .or_else(|| rest.next().map(|v| v.to_string_lossy().into_owned()))
                .ok_or(format!("option requires an argument -- '{name}'"))
        };
        match name.as_str() {
            "-s" | "--signal" => options.signal = signal(&value()?)?,
            "-k" | "--kill-after" => options.kill_after = Some(duration(&value()?)?),
            "--preserve-status" | "-p" => options.preserve_status = true,
            "--foreground" | "-f" => options.foreground = true,
            "-v" | "--verbose" => options.verbose = true,
            "--" => {
                limit = rest.next();
                break;
            }
            _ if text.starts_with('-') && text.len() > 1 => {
                return Err(format!("unrecognized option '{text}'"));
            }
            _ => {
                limit = Some(arg);
                break;
            }
        }
    }
    options.limit = duration(&limit.ok_or("missing operand")?.to_string_lossy())?;
    options.command = rest.cloned().collect();
    if options.command.is_empty() {
        return Err("missing operand".into());
    }
    Ok(options)
}

fn duration(text: &str) -> Result<Duration, String> {
    interval(text).ok_or_else(|| format!("invalid time interval '{text}'"))
}

fn signal(text: &str) -> Result<i32, String> {
    let name = text.to_ascii_uppercase();
    Ok(match name.strip_prefix("SIG").unwrap_or(&name) {
        "HUP" | "1" => libc::SIGHUP,
        "INT" | "2" => libc::SIGINT,
        "QUIT" | "3" => libc::SIGQUIT,
        "KILL" | "9" => libc::SIGKILL,
        "USR1" | "10" => libc::SIGUSR1,
        "USR2" | "12" => libc::SIGUSR2,
        "TERM" | "15" => libc::SIGTERM,
        _ => return Err(format!("'{text}': invalid signal")),
    })
}

/// Where the machine's socket is: beside the clock, or beside the directory of this command.
fn socket() -> Option<PathBuf> {
    let clock = std::env::var_os("LOCKKEEPER_CLOCK").map(PathBuf::from);
    let beside_clock = clock.and_then(|clock| Some(clock.parent()?.join("socket")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let beside_path =
        std::env::split_paths(&path).filter_map(|dir| Some(dir.parent()?.join("socket")));
    beside_clock
        .into_iter()
        .chain(beside_path)
        .find(|socket| socket.exists())
}

fn alarm(after: Duration) -> std::io::Result<UnixStream> {
    let path =
        socket().ok_or_else(|| std::io::Error::other("the machine's socket was not found"))?;
    let directory = std::fs::File::open(path.parent().unwrap_or(Path::new("/")))?;
    use std::os::fd::AsRawFd;
    let mut stream =
        UnixStream::connect(format!("/proc/self/fd/{}/socket", directory.as_raw_fd()))?;
    stream.write_all(&alarm_call(after))?;
    Ok(stream)
}

fn run(options: &Options) -> std::io::Result<u8> {
    if !options.foreground {
        rustix::process::setpgid(None, None).ok();
    }
    let signals = forwarded_signals()?;
    let [program, args @ ..] = options.command.as_slice() else {
        return Ok(125);
    };
    let mut child = match Command::new(program).args(args).spawn() {
        Ok(child) => child,
        Err(error) => {
            let name = String::from_utf8_lossy(program.as_bytes()).into_owned();
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            eprintln!(
                "timeout: failed to run command ‘{name}’: {}",
                if missing {
                    "No such file or directory".into()
                } else {
                    error.to_string()
                }
            );
            return Ok(if missing { 127 } else { 126 });
        }
    };
    let mut timed_out = false;
    let mut alarm_socket = if options.limit.is_zero() {
        None
    } else {
        Some(alarm(options.limit)?)
    };
    let handle = pidfd_open(
        rustix::process::Pid::from_child(&child),
        PidfdFlags::empty(),
    )?;
    loop {
        let mut fds = vec![
            PollFd::new(&handle, PollFlags::IN),
            PollFd::new(&signals, PollFlags::IN),
        ];
        if let Some(socket) = &alarm_socket {
            fds.push(PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::IN));
        }
        match poll(&mut fds, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        if ready[0] {
            return verdict(options, &mut child, timed_out);
        }
        if ready[1] {
            // `struct signalfd_siginfo` begins with the signal's number.
            let mut info = [0u8; 128];
            (&signals).read_exact(&mut info)?;
            send(
                &child,
                i32::from_ne_bytes([info[0], info[1], info[2], info[3]]),
            );
        }
        if ready.get(2) == Some(&true) {
            let first = !timed_out;
            timed_out = true;
            alarm_socket = None;
            let number = if first { options.signal } else { libc::SIGKILL };
            if options.verbose {
                eprintln!(
                    "timeout: sending signal {number} to command ‘{}’",
                    program.to_string_lossy()
                );
            }
            send(&child, number);
            if let (true, Some(after)) = (first, options.kill_after) {
                alarm_socket = Some(alarm(after)?);
            }
        }
    }
}

fn send(child: &Child, number: i32) {
    // SAFETY: our own child, not yet reaped.
    unsafe { libc::kill(child.id() as i32, number) };
}

fn verdict(options: &Options, child: &mut Child, timed_out: bool) -> std::io::Result<u8> {
    let status = child.wait()?;
    let own = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or_default()) as u8;
    Ok(match (timed_out, options.preserve_status) {
        (true, false) if status.signal() == Some(libc::SIGKILL) => 137,
        (true, false) => 124,
        _ => own,
    })
}

/// Signals that are passed on to the command instead of ending this process.
fn forwarded_signals() -> std::io::Result<std::fs::File> {
    // SAFETY: the set is initialised before it is used; the descriptor is ours.
    unsafe {
        let mut set = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&mut set);
        for number in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT] {
            libc::sigaddset(&mut set, number);
        }
        libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
        let descriptor = libc::signalfd(-1, &set, libc::SFD_CLOEXEC);
        if descriptor < 0 {
            return Err(std::io::Error::last_os_error());
        }
        Ok(std::fs::File::from_raw_fd(descriptor))
    }
}
