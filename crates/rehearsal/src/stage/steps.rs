//! A job's steps, one after the other.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cap_std::fs::{Dir, OpenOptions};
use lockkeeper_workflow::StepKind;
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::ids::JobId;

use super::jobs::StepRecord;
use super::uses::ModelPlay;
use super::{Stage, Timer};
use crate::engine::{EngineError, Step};
use crate::runner::files;

/// What a job is in the middle of.
pub(super) enum Doing {
    Nothing,
    /// A `run:` step's shell.
    Command {
        outputs: BTreeMap<String, String>,
        timed_out: bool,
    },
    /// A modelled action; with a process when it runs a command.
    Model(Box<ModelPlay>),
}

impl Doing {
    pub(super) fn has_process(&self) -> bool {
        match self {
            Doing::Nothing => false,
            Doing::Command { .. } => true,
            Doing::Model(model) => model.has_process,
        }
    }

    pub(super) fn is_model(&self) -> bool {
        matches!(self, Doing::Model(_))
    }

    pub(super) fn set_output(&mut self, name: String, value: String) {
        match self {
            Doing::Nothing => {}
            Doing::Command { outputs, .. } => drop(outputs.insert(name, value)),
            Doing::Model(model) => drop(model.effects.outputs.insert(name, value)),
        }
    }
}

/// The largest file command or summary that is read.
const MOST: u64 = 1 << 20;
const FILES: [&str; 4] = ["output", "env", "path", "summary"];

impl Stage {
    /// Goes on with a job's next steps until one takes time, or the job ends.
    pub(super) fn proceed(&mut self, job: JobId) -> Result<(), EngineError> {
        loop {
            let Some(play) = self.jobs.get(&job) else {
                return Ok(());
            };
            if play
                .definition()
                .is_none_or(|definition| play.at >= definition.steps.len())
            {
                return self.finish_job(job);
            }
            if self.begin_step(job)? {
                return Ok(());
            }
        }
    }

    /// Begins the step that is next; true when it now takes its time, false when it is over.
    fn begin_step(&mut self, job: JobId) -> Result<bool, EngineError> {
        let Some(play) = self.jobs.get(&job) else {
            return Ok(true);
        };
        let loaded = play.loaded.clone();
        let at = play.at;
        let Some(step) = loaded
            .workflow
            .jobs
            .get(&play.key)
            .and_then(|definition| definition.steps.get(at))
        else {
            return Ok(true);
        };
        let wanted = match &step.if_ {
            None => Ok(play.status == Conclusion::Success),
            Some(condition) => self.holds(job, &condition.value),
        };
        let name = self.step_name(job, step);
        match wanted {
            Ok(true) => {}
            Ok(false) => {
                self.record(
                    job,
                    step,
                    Conclusion::Skipped,
                    Conclusion::Skipped,
                    BTreeMap::new(),
                );
                self.log_step_end(job, Conclusion::Skipped, Conclusion::Skipped, None);
                self.next_step(job);
                return Ok(false);
            }
            Err(error) => {
                self.started(job, name, step.place.line);
                self.say(job, &format!("Error: {error}"));
                self.complete_step(job, Conclusion::Failure, None);
                return Ok(false);
            }
        }
        self.started(job, name, step.place.line);
        let env = match self.step_env(job, step) {
            Ok(env) => env,
            Err(error) => {
                self.say(job, &format!("Error: {error}"));
                self.complete_step(job, Conclusion::Failure, None);
                return Ok(false);
            }
        };
        self.write_files(job)
            .map_err(EngineError::io("prepare a step's files"))?;
        let minutes = step
            .timeout_minutes
            .as_ref()
            .and_then(|template| self.evaluate_number(job, template));
        if let Some(minutes) = minutes.filter(|minutes| *minutes > 0.0 && *minutes < 60_000.0) {
            self.schedule(
                Duration::from_secs_f64(minutes * 60.0),
                Timer::StepTimeout(job, at),
            );
        }
        match &step.kind {
            StepKind::Run {
                script,
                shell,
                working_directory,
            } => {
                let script = self.evaluate_text(job, script);
                let shell = shell
                    .as_ref()
                    .map(|template| self.evaluate_text(job, template))
                    .transpose();
                let directory = working_directory
                    .as_ref()
                    .map(|template| self.evaluate_text(job, template))
                    .transpose();
                match (script, shell, directory) {
                    (Ok(script), Ok(shell), Ok(directory)) => {
                        self.run_script(job, &script, shell, directory, env)?
                    }
                    (script, shell, directory) => {
                        let error = script
                            .err()
                            .or(shell.err())
                            .or(directory.err())
                            .map(|error| error.to_string());
                        self.say(job, &format!("Error: {}", error.unwrap_or_default()));
                        self.complete_step(job, Conclusion::Failure, None);
                        return Ok(false);
                    }
                }
                // Its end, if that has come already, has begun what follows.
                Ok(true)
            }
            StepKind::Uses { action, with } => self.use_action(job, &action.value, with, env),
            _ => {
                self.not_modelled(
                    job,
                    format!(
                        "a step of a kind that is not modelled: {}",
                        crate::history::TAKEN_AS_PASSED
                    ),
                );
                self.complete_step(job, Conclusion::Success, None);
                Ok(false)
            }
        }
    }

    fn started(&mut self, job: JobId, name: String, line: u32) {
        if let Some(play) = self.jobs.get(&job) {
            let what = What::StepStarted {
                run: play.run,
                job,
                step: play.at as u32,
                name,
                line,
            };
            let caller = self.caller(job);
            self.world.log.push(self.world.now(), caller, what);
        }
    }

    /// Makes the files that a step may write its commands to, empty.
    fn write_files(&mut self, job: JobId) -> std::io::Result<()> {
        let Some(play) = self.jobs.get(&job) else {
            return Ok(());
        };
        for name in FILES {
            let path = file_name(play.at, name);
            play.files.remove_file(&path).ok();
            write_new(&play.files, &path, b"")?;
        }
        Ok(())
    }

    /// The environment that GitHub adds for a step's file commands.
    pub(super) fn file_variables(&self, job: JobId) -> Vec<(String, String)> {
        let Some(play) = self.jobs.get(&job) else {
            return Vec::new();
        };
        let variables = [
            "GITHUB_OUTPUT",
            "GITHUB_ENV",
            "GITHUB_PATH",
            "GITHUB_STEP_SUMMARY",
        ];
        let path = |name: &str| {
            play.inside
                .join(file_name(play.at, name))
                .display()
                .to_string()
        };
        variables
            .into_iter()
            .zip(FILES)
            .map(|(variable, name)| (variable.to_owned(), path(name)))
            .collect()
    }

    fn run_script(
        &mut self,
        job: JobId,
        script: &str,
        shell: Option<String>,
        directory: Option<String>,
        env: BTreeMap<String, String>,
    ) -> Result<(), EngineError> {
        let default_directory = self.step_directory(job);
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(());
        };
        let name = PathBuf::from(format!("temp/step-{}.sh", play.at));
        // As the runner writes it: with a newline at the end.
        let text = format!("{}\n", script.trim_end_matches('\n'));
        play.files.remove_file(&name).ok();
        write_new(&play.files, &name, text.as_bytes())
            .map_err(EngineError::io("write a step's script"))?;
        let script_path = play.inside.join(&name).display().to_string();
        let cwd = match &directory {
            Some(directory) => play.workspace_inside().join(directory),
            None => play
                .workspace_inside()
                .join(default_directory.unwrap_or_default()),
        };
        let shell = shell.or_else(|| self.default_shell(job));
        let Some(argv) = shell_command(shell.as_deref(), &script_path) else {
            let shell = shell.unwrap_or_default();
            self.not_modelled(
                job,
                format!(
                    "the shell `{shell}`: its step is {}",
                    crate::history::TAKEN_AS_PASSED
                ),
            );
            self.complete_step(job, Conclusion::Success, None);
            return self.proceed(job);
        };
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(());
        };
        play.doing = Doing::Command {
            outputs: BTreeMap::new(),
            timed_out: false,
        };
        let machine = play.machine;
        let step = Step {
            argv,
            env: env.into_iter().collect(),
            cwd,
        };
        self.engine.start(machine, &step)?;
        self.settle_machines()
    }

    /// A step's entry process has ended.
    pub(super) fn process_ended(&mut self, job: JobId, code: i32) -> Result<(), EngineError> {
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(());
        };
        let machine = play.machine;
        let rest = self.engine.take_output(machine);
        self.take_output(job, &rest, true);
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(());
        };
        let cancelled = play.cancelled;
        match &mut play.doing {
            Doing::Nothing => Ok(()),
            Doing::Command { timed_out, .. } => {
                let timed_out = *timed_out;
                let outcome = match (code, timed_out) {
                    (_, true) => Conclusion::Failure,
                    // Ended by the cancellation's signals, or while they were under way.
                    (0, _) => Conclusion::Success,
                    _ if cancelled && self.signalled(job) => Conclusion::Cancelled,
                    _ => Conclusion::Failure,
                };
                if outcome == Conclusion::Failure && !timed_out {
                    self.say(
                        job,
                        &format!("Error: Process completed with exit code {code}."),
                    );
                }
                self.complete_step(job, outcome, Some(code));
                self.proceed(job)
            }
            Doing::Model(model) => {
                model.has_process = false;
                model.exit_code = Some(code);
                self.resume_model(job)
            }
        }
    }

    /// Whether the step that a job is in was signalled.
    fn signalled(&self, job: JobId) -> bool {
        let Some(play) = self.jobs.get(&job) else {
            return false;
        };
        let at = play.at as u32;
        self.world.log.events().iter().rev().any(|event| matches!(&event.what, What::SignalSent { job: j, step, .. } if *j == job && *step == at))
    }

    pub(super) fn step_timed_out(&mut self, job: JobId, step: usize) -> Result<(), EngineError> {
        let Some(play) = self.jobs.get_mut(&job).filter(|play| play.at == step) else {
            return Ok(());
        };
        match &mut play.doing {
            Doing::Nothing => return Ok(()),
            Doing::Command { timed_out, .. } => *timed_out = true,
            Doing::Model(model) => model.timed_out = true,
        }
        self.say(job, "Error: The action has timed out.");
        self.interrupt_step(job)
    }

    /// Takes a step's file commands, records how it ended, and moves on to the next.
    pub(super) fn complete_step(
        &mut self,
        job: JobId,
        outcome: Conclusion,
        exit_code: Option<i32>,
    ) {
        let Some(play) = self.jobs.get_mut(&job) else {
            return;
        };
        let loaded = play.loaded.clone();
        let Some(step) = loaded
            .workflow
            .jobs
            .get(&play.key)
            .and_then(|definition| definition.steps.get(play.at))
        else {
            return;
        };
        let mut outcome = outcome;
        let mut outputs = match std::mem::replace(&mut play.doing, Doing::Nothing) {
            Doing::Nothing => BTreeMap::new(),
            Doing::Command { outputs, .. } => outputs,
            Doing::Model(model) => {
                play.env.extend(model.effects.env);
                for directory in model.effects.path {
                    play.path.insert(0, directory);
                }
                model.effects.outputs
            }
        };
        match self.take_files(job) {
            Ok(written) => outputs.extend(written),
            Err(error) => {
                self.say(job, &format!("Error: {error}"));
                outcome = Conclusion::Failure;
            }
        }
        let forgiven = outcome == Conclusion::Failure
            && step
                .continue_on_error
                .as_ref()
                .is_some_and(|template| self.evaluate_bool(job, template));
        let conclusion = if forgiven {
            Conclusion::Success
        } else {
            outcome
        };
        self.record(job, step, outcome, conclusion, outputs);
        if let Some(play) = self.jobs.get_mut(&job)
            && conclusion == Conclusion::Failure
            && play.status == Conclusion::Success
        {
            play.status = Conclusion::Failure;
        }
        self.log_step_end(job, outcome, conclusion, exit_code);
        self.next_step(job);
    }

    fn next_step(&mut self, job: JobId) {
        if let Some(play) = self.jobs.get_mut(&job) {
            play.at += 1;
        }
    }

    fn record(
        &mut self,
        job: JobId,
        step: &lockkeeper_workflow::Step,
        outcome: Conclusion,
        conclusion: Conclusion,
        outputs: BTreeMap<String, String>,
    ) {
        if let (Some(play), Some(id)) = (self.jobs.get_mut(&job), &step.id) {
            play.steps.insert(
                id.value.clone(),
                StepRecord {
                    outputs,
                    outcome,
                    conclusion,
                },
            );
        }
    }

    fn log_step_end(
        &mut self,
        job: JobId,
        outcome: Conclusion,
        conclusion: Conclusion,
        exit_code: Option<i32>,
    ) {
        let Some(play) = self.jobs.get(&job) else {
            return;
        };
        let what = What::StepCompleted {
            run: play.run,
            job,
            step: play.at as u32,
            outcome,
            conclusion,
            exit_code,
        };
        let caller = self.caller(job);
        self.world.log.push(self.world.now(), caller, what);
    }

    /// Reads and removes what a step wrote to its files.
    fn take_files(
        &mut self,
        job: JobId,
    ) -> Result<BTreeMap<String, String>, files::FileCommandError> {
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(BTreeMap::new());
        };
        let [output, env, path, summary] =
            FILES.map(|name| take(&play.files, &file_name(play.at, name)));
        let (run, step) = (play.run, play.at as u32);
        if !summary.trim().is_empty() {
            for line in summary.lines() {
                let what = What::SummaryWritten {
                    run,
                    job,
                    step,
                    text: play.masks.apply(line),
                };
                self.world.log.push(self.world.now(), None, what);
            }
        }
        play.env.extend(files::environment(&env)?);
        for directory in files::paths(&path) {
            play.path.insert(0, directory);
        }
        Ok(files::assignments(&output)?.into_iter().collect())
    }
}

fn file_name(step: usize, name: &str) -> PathBuf {
    Path::new("temp/_files").join(format!("{name}-{step}"))
}

/// Writes a file that does not exist yet, without following a link that a step may have put there.
pub(super) fn write_new(files: &Dir, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = files.open_with(path, OpenOptions::new().write(true).create_new(true))?;
    file.write_all(bytes)
}

fn take(files: &Dir, path: &Path) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = files.open(path) {
        file.take(MOST).read_to_end(&mut bytes).ok();
    }
    files.remove_file(path).ok();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// How GitHub starts a shell; nothing for one that is not modelled.
fn shell_command(shell: Option<&str>, script: &str) -> Option<Vec<String>> {
    let words: Vec<&str> = match shell {
        None => vec!["bash", "-e", "{0}"],
        Some("bash") => vec![
            "bash",
            "--noprofile",
            "--norc",
            "-e",
            "-o",
            "pipefail",
            "{0}",
        ],
        Some("sh") => vec!["sh", "-e", "{0}"],
        Some("python") => vec!["python3", "{0}"],
        Some(custom) if custom.contains("{0}") => custom.split_ascii_whitespace().collect(),
        Some(_) => return None,
    };
    Some(
        words
            .into_iter()
            .map(|word| word.replace("{0}", script))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_start_as_github_starts_them() {
        let command = |shell| shell_command(shell, "/s.sh").map(|argv| argv.join(" "));
        assert_eq!(command(None).as_deref(), Some("bash -e /s.sh"));
        assert_eq!(
            command(Some("bash")).as_deref(),
            Some("bash --noprofile --norc -e -o pipefail /s.sh")
        );
        assert_eq!(
            command(Some("bash -euo pipefail {0}")).as_deref(),
            Some("bash -euo pipefail /s.sh")
        );
        assert_eq!(command(Some("pwsh")), None);
    }
}
