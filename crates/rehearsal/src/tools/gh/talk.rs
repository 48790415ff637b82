//! A conversation with GitHub's API, written as if answers came at once.
//!
//! A command is run again from its start whenever time has passed; what it asked before is answered
//! from memory. So a command prints nothing before its last question.

use std::time::Duration;

use lockkeeper_world::outage::Ailment;
use serde_json::Value;

use super::super::{Desk, Need};

/// Why a command has to be run again.
pub(super) enum Pause {
    Need(Need),
    Sleep(Duration),
}

impl From<Need> for Pause {
    fn from(need: Need) -> Self {
        Self::Need(need)
    }
}

/// An answer, or the connection closing instead of one.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Value,
    },
    Closed,
}

#[derive(Default)]
pub(super) struct Talk {
    /// Answers, and waits that are over.
    past: Vec<Option<Reply>>,
    next: usize,
    sent: bool,
}

impl Talk {
    /// The command is run from its start.
    pub(super) fn rewind(&mut self) {
        self.next = 0;
    }

    pub(super) fn ask(
        &mut self,
        desk: &mut Desk<'_>,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Reply, Pause> {
        if let Some(Some(reply)) = self.past.get(self.next) {
            self.next += 1;
            return Ok(reply.clone());
        }
        if !self.sent {
            self.sent = true;
            return Err(Pause::Sleep(desk.world.durations().github_answer));
        }
        self.sent = false;
        let token = token(desk).unwrap_or_default();
        let path = format!("/{}", path.trim_start_matches('/'));
        let now = desk.world.now();
        let world = &mut *desk.world;
        let caller = Some(desk.caller);
        let answer = world
            .hub
            .rest(now, &mut world.log, caller, &token, method, &path, body);
        let reply = match answer.ailment {
            Some(Ailment::LostAnswer) => Reply::Closed,
            _ => Reply::Answer {
                status: answer.status,
                headers: answer.headers,
                body: answer.body,
            },
        };
        self.past.push(Some(reply.clone()));
        if let Some(Ailment::Slow(late)) = answer.ailment {
            return Err(Pause::Sleep(late));
        }
        self.next += 1;
        Ok(reply)
    }

    pub(super) fn wait(&mut self, time: Duration) -> Result<(), Pause> {
        if let Some(None) = self.past.get(self.next) {
            self.next += 1;
            return Ok(());
        }
        self.past.push(None);
        Err(Pause::Sleep(time))
    }
}

/// The token that gh uses in a workflow.
pub(super) fn token(desk: &Desk<'_>) -> Option<String> {
    let names = ["GH_TOKEN", "GITHUB_TOKEN"];
    names
        .iter()
        .find_map(|name| desk.call.env(name).map(str::to_owned))
}
