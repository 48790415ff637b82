//! A job on its machine: from the moment it may start to its conclusion.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use indexmap::IndexMap;
use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::Object;
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::ids::{Caller, JobId, RunId};

use super::runs::Loaded;
use super::steps::Doing;
use super::{Stage, Timer};
use crate::engine::{EngineError, Happening, MachineId, Signal};
use crate::machine::Machine;
use crate::runner::output::{Line, Masks, Reader};
use crate::tools::TOOLS;

/// GitHub's default for a job without `timeout-minutes`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(360 * 60);
/// Between a cancellation's SIGINT and SIGTERM, and between that and the kill.
pub(super) const TO_TERMINATE: Duration = Duration::from_millis(7500);
pub(super) const TO_KILL: Duration = Duration::from_millis(2500);
/// What `always()` steps have after a cancellation.
pub(super) const GRACE: Duration = Duration::from_secs(5 * 60);

/// How a step ended, for the `steps` context.
#[derive(Debug, Clone)]
pub(super) struct StepRecord {
    pub(super) outputs: BTreeMap<String, String>,
    pub(super) outcome: Conclusion,
    pub(super) conclusion: Conclusion,
}

pub(super) struct JobPlay {
    pub(super) run: RunId,
    pub(super) attempt: u32,
    pub(super) key: String,
    pub(super) matrix: Object,
    pub(super) loaded: Arc<Loaded>,
    pub(super) machine: MachineId,
    pub(super) machine_state: Machine,
    /// The machine's writable directory: as its processes see it, and as a handle that nothing can
    /// lead out of.
    pub(super) inside: PathBuf,
    pub(super) files: Dir,
    /// In that directory.
    pub(super) workspace: PathBuf,
    pub(super) status: Conclusion,
    pub(super) env: BTreeMap<String, String>,
    pub(super) path: Vec<String>,
    pub(super) steps: IndexMap<String, StepRecord>,
    pub(super) at: usize,
    pub(super) doing: Doing,
    pub(super) masks: Masks,
    pub(super) reader: Reader,
    pub(super) cancelled: bool,
}

impl JobPlay {
    pub(super) fn definition(&self) -> Option<&wf::Job> {
        self.loaded.workflow.jobs.get(&self.key)
    }

    pub(super) fn workspace_inside(&self) -> PathBuf {
        self.inside.join(&self.workspace)
    }
}

impl Stage {
    /// What a job does now: who asks, when one of its processes asks.
    pub(super) fn caller(&self, job: JobId) -> Option<Caller> {
        let play = self.jobs.get(&job)?;
        let step = play.definition()?.steps.get(play.at)?;
        Some(Caller {
            run: play.run,
            attempt: play.attempt,
            job,
            step: play.at as u32,
            line: step.place.line,
        })
    }

    /// Starts a job that GitHub has let through its gates.
    pub(super) fn start_job(&mut self, job: JobId) -> Result<(), EngineError> {
        let now = self.world.now();
        let Some(record) = self.world.hub.job(job).cloned() else {
            return Ok(());
        };
        let Some(run) = self.runs.get(&record.run) else {
            return Ok(());
        };
        let (loaded, attempt) = (run.loaded.clone(), run.attempt);
        let Some(leg) = run.leg_of(job) else {
            return Ok(());
        };
        let (key, matrix) = (leg.key.clone(), leg.matrix.clone());
        if self
            .world
            .hub
            .start_job(now, &mut self.world.log, job)
            .is_err()
        {
            return Ok(());
        }
        let tools: Vec<&str> = TOOLS.iter().map(|entry| entry.name).collect();
        let seed = self.chance.next();
        let machine = self.engine.open(&tools, seed)?;
        self.set_clock();
        let Some((directory, inside)) = self.engine.directories(machine) else {
            return Ok(());
        };
        let (host, inside) = (directory.join("rw"), inside.join("rw"));
        let repository = self
            .repository
            .slug
            .as_str()
            .rsplit_once('/')
            .map_or("repository", |(_, name)| name)
            .to_owned();
        let workspace = Path::new("work").join(&repository).join(&repository);
        let failed = || EngineError::io("prepare a job's workspace");
        std::fs::create_dir_all(host.join(&workspace)).map_err(failed())?;
        std::fs::create_dir_all(host.join("temp/_files")).map_err(failed())?;
        let files = Dir::open_ambient_dir(&host, ambient_authority()).map_err(failed())?;
        let mut masks = Masks::default();
        for value in self.secrets.values() {
            masks.add(value);
        }
        masks.add(&self.world.hub.token_for(job));
        let play = JobPlay {
            run: record.run,
            attempt,
            key,
            matrix,
            loaded,
            machine,
            machine_state: Machine::default(),
            inside,
            files,
            workspace,
            status: Conclusion::Success,
            env: BTreeMap::new(),
            path: Vec::new(),
            steps: IndexMap::new(),
            at: 0,
            doing: Doing::Nothing,
            masks,
            reader: Reader::default(),
            cancelled: false,
        };
        self.machines.insert(machine, job);
        self.jobs.insert(job, play);
        self.write_event(job).map_err(failed())?;
        self.note_unmodelled_job(job);
        self.note_credentials(job);
        self.evaluate_job_env(job);
        let timeout = self.job_timeout(job);
        self.schedule(timeout, Timer::JobTimeout(job));
        self.proceed(job)
    }

    fn job_timeout(&self, job: JobId) -> Duration {
        let minutes = self.jobs.get(&job).and_then(|play| {
            play.definition()?
                .timeout_minutes
                .as_ref()
                .map(|template| (play, template))
        });
        let Some((_, template)) = minutes else {
            return DEFAULT_TIMEOUT;
        };
        match self.evaluate_number(job, template) {
            Some(minutes) if minutes > 0.0 && minutes < 60_000.0 => {
                Duration::from_secs_f64(minutes * 60.0)
            }
            _ => DEFAULT_TIMEOUT,
        }
    }

    /// Lets the machines run until they wait, and takes in what they said.
    pub(super) fn settle_machines(&mut self) -> Result<(), EngineError> {
        self.engine.settle()?;
        let machines: Vec<(MachineId, JobId)> = self
            .machines
            .iter()
            .map(|(machine, job)| (*machine, *job))
            .collect();
        for (machine, job) in machines {
            let bytes = self.engine.take_output(machine);
            if !bytes.is_empty() {
                self.take_output(job, &bytes, false);
            }
        }
        for (machine, happening) in self.engine.take_happenings() {
            let Some(job) = self.machines.get(&machine).copied() else {
                continue;
            };
            match happening {
                Happening::Exited(code) => self.process_ended(job, code)?,
                Happening::NotStarted(why) => {
                    self.say(job, &format!("Error: {why}"));
                    self.process_ended(job, 127)?;
                }
                Happening::Runaway => {
                    let text = "a step ran for too long in real time and was killed".to_owned();
                    self.not_modelled(job, text);
                    self.engine.settle()?;
                    self.process_ended(job, 137)?;
                }
            }
        }
        Ok(())
    }

    /// Reads what a step printed.
    pub(super) fn take_output(&mut self, job: JobId, bytes: &[u8], end: bool) {
        let Some(play) = self.jobs.get_mut(&job) else {
            return;
        };
        let step = play.at as u32;
        let run = play.run;
        for line in play.reader.read(bytes, end) {
            match line {
                Line::Text(text) => {
                    let text = play.masks.apply(&text);
                    self.world.log.push(
                        self.world.now(),
                        None,
                        What::StepOutput {
                            run,
                            job,
                            step,
                            text,
                        },
                    );
                }
                Line::Mask(text) => play.masks.add(&text),
                Line::Annotation { level, message } => {
                    let text = play.masks.apply(&message);
                    let what = What::Annotation {
                        run,
                        job,
                        step,
                        level: level.to_owned(),
                        text,
                    };
                    self.world.log.push(self.world.now(), None, what);
                }
                Line::SetOutput { name, value } => play.doing.set_output(name, value),
                Line::Refused(text) => {
                    let what = What::Annotation {
                        run,
                        job,
                        step,
                        level: "error".to_owned(),
                        text,
                    };
                    self.world.log.push(self.world.now(), None, what);
                }
                Line::Quiet => {}
            }
        }
    }

    /// Prints a line in a job's log, as the runner does.
    pub(super) fn say(&mut self, job: JobId, text: &str) {
        let mut line = text.as_bytes().to_vec();
        line.push(b'\n');
        self.take_output(job, &line, false);
    }

    pub(super) fn mask_all(&self, job: JobId, texts: &mut [String]) {
        if let Some(play) = self.jobs.get(&job) {
            for text in texts {
                *text = play.masks.apply(text);
            }
        }
    }

    /// Records something of a job's workflow that is not modelled.
    pub(super) fn not_modelled(&mut self, job: JobId, text: String) {
        let caller = self.caller(job);
        let file = self.jobs.get(&job).map(|play| play.loaded.file.clone());
        let what = What::NotModelled {
            text,
            file,
            line: caller.map(|caller| caller.line),
        };
        self.world.log.push(self.world.now(), caller, what);
    }

    /// Cancels a job that is in progress.
    pub(super) fn cancel_job(&mut self, job: JobId) -> Result<(), EngineError> {
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(());
        };
        if play.cancelled {
            return Ok(());
        }
        play.cancelled = true;
        play.status = Conclusion::Cancelled;
        self.say(job, "Error: The operation was canceled.");
        self.schedule(GRACE, Timer::Grace(job));
        self.interrupt_step(job)
    }

    /// Signals the step that a job is in, the first of three times.
    pub(super) fn interrupt_step(&mut self, job: JobId) -> Result<(), EngineError> {
        let Some(play) = self.jobs.get(&job) else {
            return Ok(());
        };
        let (machine, at) = (play.machine, play.at);
        if play.doing.has_process() {
            self.signal(job, "SIGINT");
            self.engine.signal(machine, Signal::Interrupt)?;
            self.schedule(TO_TERMINATE, Timer::Terminate(job, at));
            self.settle_machines()
        } else if play.doing.is_model() {
            self.end_model(job, Conclusion::Cancelled)
        } else {
            Ok(())
        }
    }

    pub(super) fn terminate(&mut self, job: JobId, step: usize) -> Result<(), EngineError> {
        let Some(play) = self
            .jobs
            .get(&job)
            .filter(|play| play.at == step && play.doing.has_process())
        else {
            return Ok(());
        };
        let machine = play.machine;
        self.signal(job, "SIGTERM");
        self.engine.signal(machine, Signal::Terminate)?;
        self.schedule(TO_KILL, Timer::Kill(job, step));
        self.settle_machines()
    }

    pub(super) fn kill_step(&mut self, job: JobId, step: usize) -> Result<(), EngineError> {
        let Some(play) = self
            .jobs
            .get(&job)
            .filter(|play| play.at == step && play.doing.has_process())
        else {
            return Ok(());
        };
        let machine = play.machine;
        self.signal(job, "SIGKILL");
        self.engine.kill(machine)?;
        self.settle_machines()
    }

    fn signal(&mut self, job: JobId, name: &str) {
        if let Some(play) = self.jobs.get(&job) {
            let what = What::SignalSent {
                run: play.run,
                job,
                step: play.at as u32,
                signal: name.to_owned(),
            };
            self.world.log.push(self.world.now(), None, what);
        }
    }

    pub(super) fn job_timed_out(&mut self, job: JobId) -> Result<(), EngineError> {
        if self.jobs.contains_key(&job) {
            self.say(
                job,
                "Error: The job has exceeded its maximum execution time (timeout-minutes).",
            );
            self.cancel_job(job)?;
        }
        Ok(())
    }

    pub(super) fn grace_is_over(&mut self, job: JobId) -> Result<(), EngineError> {
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(());
        };
        // Nothing after this runs, whatever its condition.
        let steps = play.definition().map_or(0, |job| job.steps.len());
        let (machine, had_process, at) = (play.machine, play.doing.has_process(), play.at);
        if had_process {
            self.engine.kill(machine)?;
            self.engine.settle()?;
            self.engine.take_happenings();
            self.complete_step(job, Conclusion::Cancelled, Some(137));
        } else if play.doing.is_model() {
            self.complete_step(job, Conclusion::Cancelled, None);
        }
        if let Some(play) = self.jobs.get_mut(&job) {
            play.at = steps.max(at);
        }
        self.finish_job(job)
    }

    /// Ends a job whose steps are done.
    pub(super) fn finish_job(&mut self, job: JobId) -> Result<(), EngineError> {
        let outputs = self.evaluate_job_outputs(job);
        let Some(play) = self.jobs.remove(&job) else {
            return Ok(());
        };
        self.machines.remove(&play.machine);
        self.calls.retain(|call, _| call.machine != play.machine);
        self.engine.close(play.machine);
        let conclusion = play.status;
        self.world
            .hub
            .complete_job(self.world.now(), &mut self.world.log, job, conclusion)
            .ok();
        self.job_is_done(play.run, job, conclusion, outputs);
        Ok(())
    }
}
