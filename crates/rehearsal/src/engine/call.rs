//! A call that a machine's process makes: a tool's, or what an installed program asks of the world.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use super::{frames, jq};
use crate::tools::{FileError, HttpRequest, Invocation, Need};

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A modelled tool was started.
    Tool,
    /// A process of the engine's own, with children, waits for time to pass.
    Alarm,
    /// An installed program waits for time to pass.
    Pause,
    /// An installed program sends a request to a service: HTTP, from then on.
    Request,
}

/// A tool's process that is connected.
pub(super) struct Call {
    pub(super) socket: UnixStream,
    pub(super) pid: i32,
    incoming: Vec<u8>,
    pub(super) outgoing: Vec<u8>,
    pub(super) invocation: Option<Invocation>,
    pub(super) answers: BTreeMap<Need, Result<Vec<u8>, FileError>>,
    /// What its process is fetching or writing now.
    pub(super) fetching: Option<Need>,
    pub(super) ended: bool,
    kind: Kind,
    /// Who sends a request that is not whole yet.
    sender: Option<Invocation>,
}

impl Call {
    pub(super) fn new(socket: UnixStream, pid: i32) -> Self {
        Self {
            socket,
            pid,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            invocation: None,
            answers: BTreeMap::new(),
            fetching: None,
            ended: false,
            kind: Kind::Tool,
            sender: None,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn flush(&mut self) {
        while !self.outgoing.is_empty() {
            match self.socket.write(&self.outgoing) {
                Ok(n) => drop(self.outgoing.drain(..n)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Full: its process is busy printing. Closed: found out when reading.
                Err(_) => return,
            }
        }
        if self.ended && self.kind == Kind::Request {
            // The end of the answer. Its process may be gone, or have closed the connection first.
            self.socket.shutdown(Shutdown::Write).ok();
        }
    }

    /// Waits for the controller, all it was told being done.
    pub(super) fn waits(&self) -> bool {
        self.is_idle() && !self.is_for_jq()
    }

    /// As [`Call::waits`], whoever answers.
    pub(super) fn is_idle(&self) -> bool {
        self.invocation.is_some()
            && self.fetching.is_none()
            && !self.ended
            && self.outgoing.is_empty()
    }

    pub(super) fn is_for_jq(&self) -> bool {
        let called = self.invocation.as_ref();
        called.is_some_and(|call| {
            self.kind == Kind::Tool && call.argv.first().is_some_and(|name| name == jq::TOOL)
        })
    }

    /// Has its process do something.
    pub(super) fn tell(&mut self, kind: u8, bytes: &[u8]) {
        self.outgoing
            .extend_from_slice(&frames::encode(kind, bytes));
    }

    pub(super) fn print(&mut self, stdout: &[u8], stderr: &[u8]) {
        if self.kind == Kind::Request {
            return self.outgoing.extend_from_slice(stdout);
        }
        for (kind, bytes) in [(frames::ERR, stderr), (frames::OUT, stdout)] {
            if !bytes.is_empty() {
                self.tell(kind, bytes);
            }
        }
    }

    /// Has its process fetch or write what its tool needs.
    pub(super) fn fetch(&mut self, need: Need) {
        match &need {
            Need::Stdin => self.tell(frames::STDIN, &[]),
            Need::Read(path) => self.tell(frames::READ, path.as_os_str().as_encoded_bytes()),
            Need::Write {
                path,
                bytes,
                parents,
            } => {
                let mut frame = vec![if *parents { b'p' } else { b'-' }];
                frame.extend_from_slice(path.as_os_str().as_encoded_bytes());
                frame.push(0);
                frame.extend_from_slice(bytes);
                self.tell(frames::WRITE, &frame);
            }
            Need::Run(program) => self.tell(frames::RUN, &frames::program(program)),
        }
        self.fetching = Some(need);
    }

    pub(super) fn exit(&mut self, code: i32) {
        if self.kind != Kind::Request {
            self.tell(frames::EXIT, &code.to_le_bytes());
        }
        self.ended = true;
    }
}

pub(super) enum Arrived {
    Nothing,
    Some,
    End,
}

fn read(socket: &mut UnixStream, buffer: &mut Vec<u8>) -> Arrived {
    let mut chunk = [0u8; 1 << 16];
    let mut arrived = Arrived::Nothing;
    loop {
        match socket.read(&mut chunk) {
            Ok(0) => return Arrived::End,
            Ok(n) => {
                buffer.extend_from_slice(&chunk[..n]);
                arrived = Arrived::Some;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return arrived,
            Err(_) => return Arrived::End,
        }
    }
}

impl Call {
    /// Takes what has come; the end too when its process speaks nonsense.
    pub(super) fn receive(&mut self) -> Arrived {
        match read(&mut self.socket, &mut self.incoming) {
            Arrived::Some if self.understand().is_none() => Arrived::End,
            arrived => arrived,
        }
    }

    fn understand(&mut self) -> Option<()> {
        while self.kind != Kind::Request
            && let Some((kind, frame)) = frames::decode(&mut self.incoming).ok()?
        {
            match (kind, self.fetching.take()) {
                (frames::CALL | frames::ALARM | frames::PAUSE, None)
                    if self.invocation.is_none() =>
                {
                    self.invocation = Some(frames::invocation(&frame)?);
                    self.kind = match kind {
                        frames::ALARM => Kind::Alarm,
                        frames::PAUSE => Kind::Pause,
                        _ => Kind::Tool,
                    };
                }
                (frames::REQUEST, None) if self.invocation.is_none() => {
                    self.sender = Some(frames::invocation(&frame)?);
                    self.kind = Kind::Request;
                }
                (frames::DATA, Some(need)) => drop(self.answers.insert(need, Ok(frame))),
                (frames::ERRNO, Some(need)) => {
                    let number = i32::from_le_bytes(frame.first_chunk().copied()?);
                    self.answers.insert(need, Err(FileError(number)));
                }
                _ => return None,
            }
        }
        if self.sender.is_some()
            && let Some(length) = HttpRequest::length(&self.incoming).ok()?
        {
            let request = self.incoming.drain(..length).collect();
            self.answers.insert(Need::Stdin, Ok(request));
            self.invocation = self.sender.take();
        }
        Some(())
    }
}
