//! The process beside the controller that answers `jq`: a program that never ends, or wants all
//! memory, ends this process and not the rehearsal.
//!
//! It is the lockkeeper executable, called as [`NAME`], with the controller's socket as standard
//! input. It has seen no file of the step: what a call reads is sent along.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use super::{Answer, Question, attempt};
use crate::tools::{FileError, Need};

/// What the executable is called as when it is this service.
pub(crate) const NAME: &str = "lockkeeper-jq";

/// Enough for values of the deepest kind that is read.
const STACK: usize = 512 << 20;
/// All of its memory, the stack included.
const MEMORY: u64 = 3 << 30;

/// Runs the service to its end, which is the controller's closing of the socket.
pub(crate) fn main() -> ExitCode {
    // SAFETY: sets attributes of this process; standard input is the socket that the controller
    // opened for it alone.
    let socket = unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        let limit = libc::rlimit {
            rlim_cur: MEMORY,
            rlim_max: MEMORY,
        };
        libc::setrlimit(libc::RLIMIT_AS, &limit);
        UnixStream::from(OwnedFd::from_raw_fd(0))
    };
    let worker = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || serve(socket));
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        _ => ExitCode::from(3),
    }
}

fn serve(mut socket: UnixStream) -> io::Result<()> {
    while let Some(message) = receive(&mut socket)? {
        let question = Question::decode(&message).ok_or(io::ErrorKind::InvalidData)?;
        send(&mut socket, &encode_reply(&attempt(&question)))?;
    }
    Ok(())
}

/// A running service.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    socket: UnixStream,
}

impl Service {
    pub(crate) fn start(executable: &Path) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = Command::new(executable)
            .arg0(NAME)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self {
            child,
            socket: ours,
        })
    }

    /// Puts a question. An error means that the service is of no more use: it took longer than
    /// `patience`, or ended.
    pub(crate) fn ask(
        &mut self,
        question: &Question,
        patience: Duration,
    ) -> io::Result<Result<Answer, Need>> {
        self.socket.set_write_timeout(Some(patience))?;
        self.socket.set_read_timeout(Some(patience))?;
        send(&mut self.socket, &question.encode())?;
        let reply = receive(&mut self.socket)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        decode_reply(&reply).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Whether it still waits for questions.
    pub(crate) fn is_alive(&self) -> bool {
        let mut fds = [rustix::event::PollFd::from_borrowed_fd(
            self.socket.as_fd(),
            rustix::event::PollFlags::IN,
        )];
        let now = rustix::event::Timespec::default();
        matches!(rustix::event::poll(&mut fds, Some(&now)), Ok(0))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn send(socket: &mut UnixStream, message: &[u8]) -> io::Result<()> {
    let mut whole = (message.len() as u64).to_le_bytes().to_vec();
    whole.extend_from_slice(message);
    socket.write_all(&whole)
}

/// The next message; nothing when the other side has closed.
fn receive(socket: &mut UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    if let Err(error) = socket.read_exact(&mut length) {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => Ok(None),
            _ => Err(error),
        };
    }
    let length = u64::from_le_bytes(length);
    let mut message = Vec::new();
    Read::take(&mut *socket, length).read_to_end(&mut message)?;
    if (message.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(message))
}

fn put(message: &mut Vec<u8>, bytes: &[u8]) {
    message.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    message.extend_from_slice(bytes);
}

fn take<'a>(message: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = message.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (bytes, rest) = rest.split_at_checked(length)?;
    *message = rest;
    Some(bytes)
}

fn take_text(message: &mut &[u8]) -> Option<String> {
    String::from_utf8(take(message)?.to_vec()).ok()
}

fn take_count(message: &mut &[u8]) -> Option<u64> {
    let (count, rest) = message.split_first_chunk::<8>()?;
    *message = rest;
    Some(u64::from_le_bytes(*count))
}

impl Question {
    fn encode(&self) -> Vec<u8> {
        let mut message = Vec::new();
        let count = |message: &mut Vec<u8>, n: usize| {
            message.extend_from_slice(&(n as u64).to_le_bytes());
        };
        message.extend_from_slice(&self.now.to_bits().to_le_bytes());
        count(&mut message, self.args.len());
        for arg in &self.args {
            put(&mut message, arg.as_bytes());
        }
        count(&mut message, self.env.len());
        for (name, value) in &self.env {
            put(&mut message, name.as_bytes());
            put(&mut message, value.as_bytes());
        }
        count(&mut message, usize::from(self.stdin.is_some()));
        if let Some(stdin) = &self.stdin {
            put(&mut message, stdin);
        }
        count(&mut message, self.files.len());
        for (path, contents) in &self.files {
            put(&mut message, path.as_bytes());
            match contents {
                Ok(bytes) => {
                    count(&mut message, 0);
                    put(&mut message, bytes);
                }
                Err(FileError(number)) => count(&mut message, *number as usize),
            }
        }
        message
    }

    fn decode(mut message: &[u8]) -> Option<Self> {
        let message = &mut message;
        let mut question = Self {
            now: f64::from_bits(take_count(message)?),
            ..Self::default()
        };
        for _ in 0..take_count(message)? {
            question.args.push(take_text(message)?);
        }
        for _ in 0..take_count(message)? {
            let name = take_text(message)?;
            question.env.insert(name, take_text(message)?);
        }
        if take_count(message)? == 1 {
            question.stdin = Some(take(message)?.to_vec());
        }
        let mut files = BTreeMap::new();
        for _ in 0..take_count(message)? {
            let path = take_text(message)?;
            let contents = match take_count(message)? {
                0 => Ok(take(message)?.to_vec()),
                number => Err(FileError(number as i32)),
            };
            files.insert(path, contents);
        }
        question.files = files;
        Some(question)
    }
}

const ANSWER: u8 = 0;
const STDIN: u8 = 1;
const FILE: u8 = 2;

fn encode_reply(reply: &Result<Answer, Need>) -> Vec<u8> {
    match reply {
        Ok(answer) => {
            let mut message = vec![ANSWER, answer.code];
            put(&mut message, &answer.stdout);
            put(&mut message, &answer.stderr);
            message
        }
        Err(Need::Read(path)) => {
            let mut message = vec![FILE];
            message.extend_from_slice(path.as_os_str().as_encoded_bytes());
            message
        }
        Err(_) => vec![STDIN],
    }
}

fn decode_reply(message: &[u8]) -> Option<Result<Answer, Need>> {
    match message.split_first()? {
        (&ANSWER, rest) => {
            let (code, mut rest) = rest.split_first()?;
            let (stdout, stderr) = (take(&mut rest)?.to_vec(), take(&mut rest)?.to_vec());
            let code = *code;
            Some(Ok(Answer {
                stdout,
                stderr,
                code,
            }))
        }
        (&FILE, path) => {
            let path = String::from_utf8(path.to_vec()).ok()?;
            Some(Err(Need::Read(PathBuf::from(path))))
        }
        _ => Some(Err(Need::Stdin)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_replies_arrive_whole() {
        let question = Question {
            args: vec!["-r".into(), String::new(), ".a\n".into()],
            env: BTreeMap::from([("HOME".into(), "/h".into()), ("X".into(), String::new())]),
            now: 1.5,
            stdin: Some(b"\xff\0{}".to_vec()),
            files: BTreeMap::from([
                ("a b".into(), Ok(b"1".to_vec())),
                ("none".into(), Err(FileError(libc::ENOENT))),
            ]),
        };
        let message = question.encode();
        assert_eq!(Question::decode(&message), Some(question));
        for length in 0..message.len() {
            assert_eq!(Question::decode(&message[..length]), None);
        }
        let answer = Answer {
            stdout: b"out".to_vec(),
            stderr: Vec::new(),
            code: 5,
        };
        for reply in [
            Ok(answer),
            Err(Need::Stdin),
            Err(Need::Read(PathBuf::from("f"))),
        ] {
            assert_eq!(decode_reply(&encode_reply(&reply)), Some(reply));
        }
    }
}
