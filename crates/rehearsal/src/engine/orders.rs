//! What the controller and a machine's keeper say to each other: JSON, a line each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::limits::Held;
use crate::real::RealTool;

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
    /// Installed programs that steps may read and run.
    pub(crate) real: Vec<RealTool>,
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
#[serde(default)]
pub struct Layers {
    /// Own user, PID, network, mount and IPC namespaces.
    pub namespaces: bool,
    /// Files: reading limited to the system, writing to the machine's directory.
    pub landlock: bool,
    /// No sockets but Unix ones, no tracing, no mounting.
    pub seccomp: bool,
    /// Signals reach the machine's own processes only, by its namespace or by Landlock.
    pub signals: bool,
    /// Who holds the limit of processes.
    pub process_limit: Held,
    /// Who holds the limit of what is written.
    pub disk_limit: Held,
}

impl Layers {
    /// What steps could reach of this machine for want of a means. The first two are more than
    /// anybody's workflow may.
    fn open(self) -> impl Iterator<Item = (bool, &'static str)> {
        let open = [
            (!self.landlock, true, "its files (Landlock is missing)"),
            (
                !self.namespaces && !self.seccomp,
                true,
                "its network (neither namespaces nor seccomp)",
            ),
            (
                !self.signals,
                false,
                "its user's other processes by signals (neither PID namespaces nor Landlock of Linux 6.12)",
            ),
        ];
        open.into_iter()
            .filter(|(open, _, _)| *open)
            .map(|(_, always, what)| (always, what))
    }

    /// Why workflows may not be run here, if they may not: one's own, or those of strangers.
    pub(crate) fn refusal(self, strangers: bool) -> Option<String> {
        let reached: Vec<&str> = self
            .open()
            .filter(|(always, _)| *always || strangers)
            .map(|(_, what)| what)
            .collect();
        (!reached.is_empty()).then(|| reached.join(" and "))
    }

    /// What is missing, in words for a report.
    pub(crate) fn missing(self) -> Vec<String> {
        if self == Self::default() {
            return vec!["all of it: the steps ran without a sandbox".to_owned()];
        }
        let mut lines: Vec<String> = self
            .open()
            .map(|(_, what)| format!("steps can reach {what}"))
            .collect();
        for (held, what) in [
            (self.process_limit, "processes"),
            (self.disk_limit, "disk space"),
        ] {
            if held == Held::Watched {
                lines.push(format!(
                    "the limit of {what} is watched, not held by the kernel"
                ));
            }
        }
        lines
    }
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
