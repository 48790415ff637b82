//! `jq` asks the world for nothing, so it is answered at once, whatever else runs.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::call::Call;
use super::machine::Process;
use super::{EngineError, Options};
use crate::tools::Need;
use crate::tools::jq::{Question, Service};

/// What it is called as.
pub(super) const TOOL: &str = "jq";

/// Services that no engine uses now, by the processor that they are bound to.
static IDLE: Mutex<Vec<(Option<u32>, Service)>> = Mutex::new(Vec::new());

/// Answers the `jq` calls of an engine's machines.
pub(super) struct Answerer {
    executable: PathBuf,
    patience: Duration,
    bound: Option<u32>,
    service: Option<Service>,
}

impl Answerer {
    pub(super) fn new(options: &Options, bound: Option<u32>) -> Self {
        Self {
            executable: options.executable.clone(),
            patience: options.patience,
            bound,
            service: None,
        }
    }

    /// Answers what waits for `jq` on a machine; true when there was anything.
    pub(super) fn serve(
        &mut self,
        machine: &mut Process,
        notes: &mut BTreeSet<String>,
    ) -> Result<bool, EngineError> {
        let now = machine.page.clock() as f64 / 1e9;
        let mut served = false;
        for call in machine.calls.values_mut() {
            if call.is_for_jq() && call.is_idle() {
                self.answer(call, now, notes)?;
                call.flush();
                served = true;
            }
        }
        Ok(served)
    }

    fn answer(
        &mut self,
        call: &mut Call,
        now: f64,
        notes: &mut BTreeSet<String>,
    ) -> Result<(), EngineError> {
        let question = question(call, now);
        let patience = self.patience;
        match self.service()?.ask(&question, patience) {
            Ok(Ok(answer)) => {
                call.print(&answer.stdout, &answer.stderr);
                call.exit(i32::from(answer.code));
            }
            Ok(Err(need)) => call.fetch(need),
            Err(_) => {
                self.service = None;
                let text =
                    "a jq program was stopped: it ran for too long, or wanted too much memory";
                notes.insert(text.to_owned());
                call.print(b"", b"jq: stopped\n");
                call.exit(137);
            }
        }
        Ok(())
    }

    fn service(&mut self) -> Result<&mut Service, EngineError> {
        let service = match self.service.take().or_else(|| idle(self.bound)) {
            Some(service) => service,
            None => Service::start(&self.executable)
                .map_err(EngineError::io("start the process that answers jq"))?,
        };
        Ok(self.service.insert(service))
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        if let Some(service) = self.service.take() {
            let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push((self.bound, service));
        }
    }
}

fn idle(bound: Option<u32>) -> Option<Service> {
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    // It ends with the thread that started it.
    idle.retain(|(_, service)| service.is_alive());
    let at = idle.iter().position(|(to, _)| *to == bound)?;
    Some(idle.swap_remove(at).1)
}

fn question(call: &Call, now: f64) -> Question {
    let mut question = Question {
        now,
        ..Question::default()
    };
    if let Some(invocation) = &call.invocation {
        question.args = invocation.args().to_vec();
        question.env = invocation.env.clone();
    }
    for (need, answer) in &call.answers {
        match need {
            Need::Stdin => question.stdin = Some(answer.clone().unwrap_or_default()),
            Need::Read(path) => {
                let path = path.display().to_string();
                question.files.insert(path, answer.clone());
            }
            Need::Write { .. } | Need::Run(_) => {}
        }
    }
    question
}
