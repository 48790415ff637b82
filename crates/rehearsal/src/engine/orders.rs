//! What the controller and a machine's keeper say to each other: JSON, a line each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How a machine is set up: the first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Setup {
    /// The machine's directory on the host.
    pub(crate) directory: PathBuf,
    /// The lockkeeper executable, which steps may run as `jq` and `timeout`.
    pub(crate) executable: PathBuf,
    /// Do without namespaces, Landlock and seccomp.
    pub(crate) unprotected: bool,
    /// Descriptors of the pipes for what runs beside the first lane, in their order from 1.
    pub(crate) lanes: Vec<i32>,
}

/// The keeper's answer to [`Setup`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// Where the machine's directory is for its processes.
    pub(crate) inside: PathBuf,
    pub(crate) layers: Layers,
    /// Why the machine could not be set up.
    pub(crate) error: Option<String>,
}

/// The means of isolation that are in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layers {
    /// Own user, PID, network, mount and IPC namespaces.
    pub namespaces: bool,
    /// Files: reading limited to the system, writing to the machine's directory.
    pub landlock: bool,
    /// No sockets but Unix ones, no tracing, no mounting.
    pub seccomp: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    Spawn {
        lane: u32,
        argv: Vec<String>,
        env: Vec<(String, String)>,
        cwd: PathBuf,
    },
    /// To the entry process alone, as GitHub's runner does.
    Signal { lane: u32, signal: Signal },
    /// SIGKILL to everything below a lane's entry process, or on the machine, the keeper excepted.
    Kill { lane: Option<u32> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    Interrupt,
    Terminate,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Notice {
    /// A lane's entry process ended: its exit code, or 128 and the signal's number.
    Exited { lane: u32, code: i32 },
    /// A lane's entry process could not be started.
    NotStarted { lane: u32, why: String },
}
