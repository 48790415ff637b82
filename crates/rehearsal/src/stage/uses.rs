//! `uses:` steps: actions as models.

use std::collections::BTreeMap;

use lockkeeper_workflow as wf;
use lockkeeper_world::event::Conclusion;
use lockkeeper_world::ids::JobId;

use super::steps::Doing;
use super::{Stage, Timer};
use crate::engine::{EngineError, Step};
use crate::models::{Bench, Effects, MODELS, Model, Progress};

/// A modelled action that is under way.
pub(super) struct ModelPlay {
    model: Box<dyn Model>,
    git_ref: String,
    inputs: BTreeMap<String, String>,
    env: BTreeMap<String, String>,
    pub(super) effects: Effects,
    pub(super) has_process: bool,
    pub(super) exit_code: Option<i32>,
    pub(super) timed_out: bool,
    /// Where its command's output begins in the story's log.
    printed_from: usize,
}

impl Stage {
    /// Begins an action; true when it takes its time.
    pub(super) fn use_action(
        &mut self,
        job: JobId,
        action: &wf::ActionRef,
        with: &[(wf::Spanned<String>, wf::Template)],
        env: BTreeMap<String, String>,
    ) -> Result<bool, EngineError> {
        let name = action.name();
        let Some(entry) = MODELS
            .iter()
            .find(|entry| Some(entry.action) == name.as_deref())
        else {
            self.note_unmodelled_action(job, &action.to_string());
            self.complete_step(job, Conclusion::Success, None);
            return Ok(false);
        };
        let mut inputs = BTreeMap::new();
        for (name, template) in with {
            match self.evaluate_text(job, template) {
                Ok(value) => drop(inputs.insert(name.value.to_ascii_lowercase(), value)),
                Err(error) => {
                    self.say(job, &format!("Error: {error}"));
                    self.complete_step(job, Conclusion::Failure, None);
                    return Ok(false);
                }
            }
        }
        let model = ModelPlay {
            model: (entry.start)(),
            git_ref: match action {
                wf::ActionRef::Repository { git_ref, .. } => git_ref.clone(),
                _ => String::new(),
            },
            inputs,
            env,
            effects: Effects::default(),
            has_process: false,
            exit_code: None,
            timed_out: false,
            printed_from: self.world.log.events().len(),
        };
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(true);
        };
        play.doing = Doing::Model(Box::new(model));
        let over = self.advance_model(job)?;
        Ok(!over)
    }

    /// Goes on with an action whose time has come, or whose command has ended.
    pub(super) fn resume_model(&mut self, job: JobId) -> Result<(), EngineError> {
        let Some(play) = self.jobs.get(&job) else {
            return Ok(());
        };
        if !play.doing.is_model() {
            return Ok(());
        }
        match self.advance_model(job)? {
            true => self.proceed(job),
            false => Ok(()),
        }
    }

    /// True when the action is over and the job may go on; an action that runs a command goes on
    /// by itself when that has ended.
    fn advance_model(&mut self, job: JobId) -> Result<bool, EngineError> {
        let Some(caller) = self.caller(job) else {
            return Ok(false);
        };
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(false);
        };
        let Doing::Model(mut model) = std::mem::replace(&mut play.doing, Doing::Nothing) else {
            return Ok(false);
        };
        let printed = self.printed_since(job, model.printed_from);
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(false);
        };
        let Some(run) = self.runs.get_mut(&play.run) else {
            return Ok(false);
        };
        let store = run.store.clone();
        let mut bench = Bench {
            git_ref: &model.git_ref,
            inputs: &model.inputs,
            env: &model.env,
            world: &mut self.world,
            machine: &mut play.machine_state,
            commits: &self.commits,
            repository: &self.repository,
            run: play.run,
            job,
            caller,
            files: &play.files,
            workspace: &play.workspace,
            inside: &play.inside,
            artifacts: &mut run.artifacts,
            store: &store,
            exit_code: model.exit_code.take(),
            printed: &printed,
            effects: &mut model.effects,
        };
        let progress = model.model.resume(&mut bench);
        for mask in std::mem::take(&mut model.effects.masks) {
            play.masks.add(&mask);
        }
        let log = std::mem::take(&mut model.effects.log);
        let (machine, cwd) = (play.machine, play.workspace_inside());
        let cancelled = play.cancelled && !model.timed_out;
        let mut env = model.env.clone();
        if matches!(progress, Progress::Run { .. }) {
            model.has_process = true;
            model.printed_from = self.world.log.events().len();
        }
        play.doing = Doing::Model(model);
        for line in log {
            self.say(job, &line);
        }
        match progress {
            Progress::Done => {
                self.complete_step(job, Conclusion::Success, None);
                Ok(true)
            }
            Progress::Failed(message) => {
                self.say(job, &format!("Error: {message}"));
                let outcome = match cancelled {
                    true => Conclusion::Cancelled,
                    false => Conclusion::Failure,
                };
                self.complete_step(job, outcome, None);
                Ok(true)
            }
            Progress::Sleep(time) => {
                self.schedule(time, Timer::Model(job));
                Ok(false)
            }
            Progress::Run { argv, env: added } => {
                env.extend(added);
                let env = env.into_iter().collect();
                self.engine.start(machine, &Step { argv, env, cwd })?;
                self.settle_machines()?;
                Ok(false)
            }
        }
    }

    fn printed_since(&self, job: JobId, from: usize) -> String {
        use lockkeeper_world::event::What;
        let events = self.world.log.events().get(from..).unwrap_or_default();
        let lines = events.iter().filter_map(|event| match &event.what {
            What::StepOutput { job: j, text, .. } if *j == job => Some(text.as_str()),
            _ => None,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Ends an action that is asleep.
    pub(super) fn end_model(&mut self, job: JobId, outcome: Conclusion) -> Result<(), EngineError> {
        let timed_out = matches!(self.jobs.get(&job).map(|play| &play.doing), Some(Doing::Model(model)) if model.timed_out);
        self.timers.retain(|_, timer| *timer != Timer::Model(job));
        self.complete_step(
            job,
            if timed_out {
                Conclusion::Failure
            } else {
                outcome
            },
            None,
        );
        self.proceed(job)
    }
}
