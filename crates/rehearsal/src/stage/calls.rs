//! Tool calls: one is answered at a time.

use std::collections::BTreeMap;

use lockkeeper_world::event::What;
use lockkeeper_world::ids::JobId;

use super::environment::STRAND;
use super::strand::{MAIN, StrandId};
use super::{Stage, Timer};
use crate::engine::{CallId, Engine, EngineError, Kind};
use crate::tools::{Desk, Invocation, Progress, TOOLS, Tool, installed};

/// A call that is under way.
pub(super) struct CallPlay {
    job: JobId,
    strand: StrandId,
    tool: Box<dyn Tool>,
    asleep: bool,
}

impl Stage {
    /// Answers one of the calls that are ready, if there is any.
    pub(super) fn serve_next_call(&mut self) -> Result<bool, EngineError> {
        let waiting = self.engine.waiting_calls();
        // One that runs an installed program does not wait, and is not over.
        let engine = &self.engine;
        self.calls.retain(|call, _| engine.is_waiting(*call));
        let ready: Vec<CallId> = waiting
            .into_iter()
            .filter(|call| self.calls.get(call).is_none_or(|play| !play.asleep))
            .collect();
        // Calls of one step keep the order of their places; the seed picks the step.
        let mut first: BTreeMap<_, CallId> = BTreeMap::new();
        for call in ready {
            let strand = self.strand_of(call);
            first.entry((call.machine, strand)).or_insert(call);
        }
        if first.is_empty() {
            return Ok(false);
        }
        let at = if first.len() == 1 {
            0
        } else {
            self.chance.pick(first.len())
        };
        if let Some(call) = first.into_values().nth(at) {
            self.serve(call)?;
        }
        Ok(true)
    }

    /// The strand whose step makes a call.
    fn strand_of(&self, call: CallId) -> StrandId {
        let invocation = self.engine.invocation(call);
        let number = invocation.and_then(|invocation| invocation.env(STRAND)?.parse().ok());
        let strand = number.map_or(MAIN, StrandId);
        let job = self.machines.get(&call.machine);
        match job.is_some_and(|job| self.strand(*job, strand).is_some()) {
            true => strand,
            false => MAIN,
        }
    }

    pub(super) fn wake_call(&mut self, call: CallId) {
        if let Some(play) = self.calls.get_mut(&call) {
            play.asleep = false;
        }
    }

    fn serve(&mut self, call: CallId) -> Result<(), EngineError> {
        let Some(job) = self.machines.get(&call.machine).copied() else {
            return Ok(());
        };
        let (Some(invocation), Some(answers)) = (
            self.engine.invocation(call).cloned(),
            self.engine.answers(call).cloned(),
        ) else {
            return Ok(());
        };
        let strand = self.strand_of(call);
        // The rest is what an installed program does, or what it waits for.
        let kind = self.engine.kind(call);
        let is_command = matches!(kind, Some(Kind::Tool | Kind::Alarm));
        let Some(caller) = self.caller(job, strand) else {
            self.engine.exit(call, 1);
            return self.settle_machines();
        };
        let play = match self.calls.entry(call) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let Some(tool) = start(&self.engine, call, &invocation) else {
                    self.engine.print(
                        call,
                        b"",
                        format!("{}: not a tool of the rehearsal\n", invocation.argv[0]).as_bytes(),
                    );
                    self.engine.exit(call, 127);
                    return self.settle_machines();
                };
                entry.insert(CallPlay {
                    job,
                    strand,
                    tool,
                    asleep: false,
                })
            }
        };
        debug_assert_eq!((play.job, play.strand), (job, strand));
        let Some(job_play) = self.jobs.get_mut(&job) else {
            return Ok(());
        };
        let mut desk = Desk {
            call: &invocation,
            world: &mut self.world,
            machine: &mut job_play.machine_state,
            commits: &self.commits,
            caller,
            answers: &answers,
            stdout: Vec::new(),
            stderr: Vec::new(),
        };
        let progress = play.tool.resume(&mut desk);
        let (stdout, stderr) = (
            std::mem::take(&mut desk.stdout),
            std::mem::take(&mut desk.stderr),
        );
        match progress {
            Err(need) => self.engine.fetch(call, need),
            Ok(Progress::Done(code)) => {
                self.engine.print(call, &stdout, &stderr);
                self.engine.exit(call, code);
                self.calls.remove(&call);
                if !is_command {
                    return self.settle_machines();
                }
                let mut argv = invocation.argv;
                self.mask_all(job, &mut argv);
                let what = What::Command {
                    argv,
                    exit_code: code,
                };
                self.world.log.push(self.world.now(), Some(caller), what);
            }
            Ok(Progress::Sleep(time)) => {
                self.engine.print(call, &stdout, &stderr);
                play.asleep = true;
                self.schedule(time, Timer::Call(call));
            }
        }
        self.settle_machines()
    }
}

fn start(engine: &Engine, call: CallId, invocation: &Invocation) -> Option<Box<dyn Tool>> {
    let name = invocation.argv.first()?;
    match engine.kind(call)? {
        Kind::Pause => return Some(installed::pause(invocation)),
        Kind::Request => return Some(installed::request(invocation)),
        Kind::Tool | Kind::Alarm => {}
    }
    let entry = TOOLS.iter().find(|entry| entry.name == name)?;
    Some(match engine.real(call.machine, name) {
        Some((real, program)) => installed::run(real, program),
        None => (entry.start)(invocation),
    })
}
