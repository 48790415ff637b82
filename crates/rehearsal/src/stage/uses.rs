//! `uses:` steps: actions as models.

use std::collections::BTreeMap;

use lockkeeper_workflow as wf;
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::ids::JobId;

use super::actions::lower;
use super::posts::Post;
use super::strand::{Doing, Stop, StrandId};
use super::{Stage, Timer};
use crate::engine::{EngineError, Step};
use crate::history::TAKEN_AS_PASSED;
use crate::models::{Bench, Effects, MODELS, Model, Progress};

/// A modelled action that is under way.
pub(super) struct ModelPlay {
    pub(super) model: Box<dyn Model>,
    pub(super) git_ref: String,
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) effects: Effects,
    pub(super) has_process: bool,
    pub(super) exit_code: Option<i32>,
    /// Where its command's output begins in the story's log.
    pub(super) printed_from: usize,
    /// It is what an action does after all steps.
    pub(super) post: bool,
}

impl Stage {
    /// Begins an action; true when it takes its time.
    pub(super) fn use_action(
        &mut self,
        job: JobId,
        strand: StrandId,
        action: &wf::ActionRef,
        with: &wf::Pairs,
    ) -> Result<bool, EngineError> {
        let given = {
            let Some((play, of)) = self.strand(job, strand) else {
                return Ok(true);
            };
            let context = self.step_context(job, play, of, &self.env_of(play, of));
            super::pairs::evaluate(with, &context)
        };
        let given = match given {
            Ok(given) => given,
            Err(error) => return self.fails(job, strand, &error.to_string()),
        };
        let name = action.name();
        let entry = MODELS
            .iter()
            .find(|entry| Some(entry.action) == name.as_deref());
        let Some(entry) = entry else {
            if self.is_own(action) {
                return self.use_own(job, strand, action, given);
            }
            let text = format!("the action {action}: {TAKEN_AS_PASSED}");
            self.not_modelled(job, strand, text);
            self.complete_step(job, strand, Conclusion::Success, None)?;
            return Ok(false);
        };
        let model = ModelPlay {
            model: (entry.start)(),
            git_ref: match action {
                wf::ActionRef::Repository { git_ref, .. } => git_ref.clone(),
                _ => String::new(),
            },
            inputs: lower(&given),
            env: self.process_env(job, strand),
            effects: Effects::default(),
            has_process: false,
            exit_code: None,
            printed_from: self.world.log.events().len(),
            post: false,
        };
        if let Some(of) = self.strand_mut(job, strand) {
            of.doing = Doing::Model(Box::new(model));
            of.turn += 1;
            of.signalled = false;
        }
        let over = self.advance_model(job, strand)?;
        Ok(!over)
    }

    /// Goes on with an action whose time has come, or whose command has ended.
    pub(super) fn resume_model(&mut self, job: JobId, strand: StrandId) -> Result<(), EngineError> {
        let is_model = self
            .strand(job, strand)
            .is_some_and(|(_, of)| of.is_model() && of.over.is_none());
        if is_model && self.advance_model(job, strand)? {
            self.proceed(job, strand)?;
        }
        Ok(())
    }

    /// As [`Stage::resume_model`], for one that was asleep.
    pub(super) fn wake_model(
        &mut self,
        job: JobId,
        strand: StrandId,
        turn: u64,
    ) -> Result<(), EngineError> {
        let asleep = self
            .strand(job, strand)
            .is_some_and(|(_, of)| of.turn == turn && !of.has_process());
        match asleep {
            true => self.resume_model(job, strand),
            false => Ok(()),
        }
    }

    /// True when the action is over and the strand may go on; an action that runs a command goes on
    /// by itself when that has ended.
    pub(super) fn advance_model(
        &mut self,
        job: JobId,
        strand: StrandId,
    ) -> Result<bool, EngineError> {
        let Some(caller) = self.caller(job, strand) else {
            return Ok(false);
        };
        let Some(of) = self.strand_mut(job, strand) else {
            return Ok(false);
        };
        let Doing::Model(mut model) = std::mem::replace(&mut of.doing, Doing::Nothing) else {
            return Ok(false);
        };
        let turn = of.turn;
        let printed = self.printed_since(job, caller.step, model.printed_from);
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
            caches: &mut self.caches,
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
        let mut env = model.env.clone();
        if matches!(progress, Progress::Run { .. }) {
            model.has_process = true;
            model.printed_from = self.world.log.events().len();
        }
        let mut stopped = None;
        if let Some(of) = play.strands.get_mut(&strand) {
            of.doing = Doing::Model(model);
            stopped = of.stop.filter(|_| of.signalled);
        }
        for line in log {
            self.tell(job, strand, &line);
        }
        match progress {
            Progress::Done => {
                self.end_of_model(job, strand, Conclusion::Success)?;
                Ok(true)
            }
            Progress::Failed(message) => {
                self.say(job, strand, &format!("Error: {message}"));
                let outcome = match stopped {
                    Some(Stop::Cancelled) => Conclusion::Cancelled,
                    _ => Conclusion::Failure,
                };
                self.end_of_model(job, strand, outcome)?;
                Ok(true)
            }
            Progress::Sleep(time) => {
                self.schedule(time, Timer::Model(job, strand, turn));
                Ok(false)
            }
            Progress::Run { argv, env: added } => {
                env.extend(added);
                let env = env.into_iter().collect();
                let lane = self.lane(job, strand);
                self.engine.start(machine, lane, &Step { argv, env, cwd })?;
                self.settle_machines()?;
                Ok(false)
            }
        }
    }

    /// Has an action print a line, which may be a workflow command.
    fn tell(&mut self, job: JobId, strand: StrandId, line: &str) {
        let mut bytes = line.as_bytes().to_vec();
        bytes.push(b'\n');
        self.take_output(job, strand, &bytes, false);
    }

    /// Takes in what an action leaves for later steps, and ends its step.
    fn end_of_model(
        &mut self,
        job: JobId,
        strand: StrandId,
        outcome: Conclusion,
    ) -> Result<(), EngineError> {
        let Some(of) = self.strand_mut(job, strand) else {
            return Ok(());
        };
        let Doing::Model(model) = std::mem::replace(&mut of.doing, Doing::Nothing) else {
            return Ok(());
        };
        let ModelPlay {
            effects,
            git_ref,
            inputs,
            env,
            post,
            ..
        } = *model;
        of.outputs.extend(effects.outputs);
        for (name, value) in effects.env {
            self.set_env(job, strand, name, value);
        }
        for directory in effects.path {
            self.add_path(job, strand, directory);
        }
        if post {
            return self.post_is_over(job, outcome);
        }
        if let Some(later) = effects.post {
            let name = self.strand(job, strand).map(|(_, of)| of.name.clone());
            let post = Post {
                name: format!("Post {}", name.unwrap_or_default()),
                at: match self.strand(job, strand) {
                    Some((_, of)) => of.at,
                    None => return Ok(()),
                },
                model: later,
                git_ref,
                inputs,
                env,
            };
            if let Some(play) = self.jobs.get_mut(&job) {
                play.posts.push(post);
            }
        }
        self.complete_step(job, strand, outcome, None)
    }

    fn printed_since(&self, job: JobId, of: u32, from: usize) -> String {
        let events = self.world.log.events().get(from..).unwrap_or_default();
        let lines = events.iter().filter_map(|event| match &event.what {
            What::StepOutput {
                job: j, step, text, ..
            } if *j == job && *step == of => Some(text.as_str()),
            _ => None,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Ends an action that is asleep.
    pub(super) fn end_model(&mut self, job: JobId, strand: StrandId) -> Result<(), EngineError> {
        let Some(of) = self.strand_mut(job, strand) else {
            return Ok(());
        };
        let outcome = match of.stop {
            Some(Stop::TimedOut) => Conclusion::Failure,
            _ => Conclusion::Cancelled,
        };
        self.end_of_model(job, strand, outcome)?;
        self.proceed(job, strand)
    }
}
