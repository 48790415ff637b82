//! Steps: what is next, how it begins, how it ends.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cap_std::fs::{Dir, OpenOptions};
use lockkeeper_workflow as wf;
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::ids::JobId;

use super::strand::{Doing, Finished, MAIN, Planned, StepRecord, Stop, Strand, StrandId};
use super::{Stage, Timer};
use crate::engine::{EngineError, Happening, MachineId};
use crate::history::NOT_JUDGED;
use crate::runner::files;
use crate::runner::output::Note;

/// The largest file command that is read.
const MOST: u64 = 16 << 20;
const FILES: [(&str, &str); 5] = [
    ("GITHUB_OUTPUT", "output"),
    ("GITHUB_ENV", "env"),
    ("GITHUB_PATH", "path"),
    ("GITHUB_STEP_SUMMARY", "summary"),
    ("GITHUB_STATE", "state"),
];

impl Stage {
    /// Goes on with a strand until something of it takes time, or it is over.
    pub(super) fn proceed(&mut self, job: JobId, strand: StrandId) -> Result<(), EngineError> {
        loop {
            let Some((play, of)) = self.strand(job, strand) else {
                return Ok(());
            };
            if !matches!(of.doing, Doing::Nothing) || of.over.is_some() {
                return Ok(());
            }
            let busy = match of.frames.last() {
                Some(frame) if frame.at < frame.action.steps().len() => {
                    self.begin_step(job, strand)?
                }
                Some(_) => self.leave_action(job, strand)?,
                None if strand != MAIN => return Ok(()),
                None if play.posting => return self.next_post(job),
                None => match play.plan.get(play.at).cloned() {
                    Some(planned) => self.begin_planned(job, planned)?,
                    None => return self.wrap_up(job),
                },
            };
            if busy {
                return Ok(());
            }
        }
    }

    /// Begins what is next in a job; true when it now takes its time.
    fn begin_planned(&mut self, job: JobId, planned: Planned) -> Result<bool, EngineError> {
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(true);
        };
        let number = play.at as u32;
        let mut fresh = Strand::new(number, planned.at());
        fresh.turn = play.main().turn;
        match planned {
            Planned::Step {
                background: true, ..
            } => {
                play.at += 1;
                self.begin_in_background(job, fresh)?;
                Ok(false)
            }
            Planned::Step { .. } => {
                play.strands.insert(MAIN, fresh);
                self.begin_step(job, MAIN)
            }
            Planned::Wait(_) | Planned::WaitAll(_) | Planned::Cancel(_) | Planned::Join(..) => {
                play.strands.insert(MAIN, fresh);
                self.begin_control(job, &planned)
            }
        }
    }

    /// Begins the step that a strand is at; true when it now takes its time, false when it is over.
    pub(super) fn begin_step(&mut self, job: JobId, strand: StrandId) -> Result<bool, EngineError> {
        let Some((play, of)) = self.strand(job, strand) else {
            return Ok(true);
        };
        let Some(step) = play.step(of).cloned() else {
            return Ok(true);
        };
        let top = of.frames.is_empty();
        let own = self.own_env(job, play, of, &step);
        let own = match own {
            Ok(own) => own,
            Err(error) => {
                self.started(job, strand, &step);
                return self.fails(job, strand, &error.to_string());
            }
        };
        if let Some(of) = self.strand_mut(job, strand) {
            match of.frames.last_mut() {
                Some(frame) => frame.own = own,
                None => of.env = own,
            }
            of.outputs.clear();
            of.refused = false;
        }
        match self.wanted(job, strand, &step) {
            Ok(true) => {}
            Ok(false) => {
                self.skip(job, strand, &step);
                return Ok(false);
            }
            Err(error) => {
                self.started(job, strand, &step);
                return self.fails(job, strand, &error.to_string());
            }
        }
        self.started(job, strand, &step);
        if top {
            self.limit_time(job, strand, &step);
        }
        self.carry_out(job, strand, &step)
    }

    /// Starts what a step is about, its condition being met.
    pub(super) fn carry_out(
        &mut self,
        job: JobId,
        strand: StrandId,
        step: &wf::Step,
    ) -> Result<bool, EngineError> {
        match self.write_files(job, strand) {
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                return self.fails(job, strand, NO_SPACE);
            }
            written => written.map_err(EngineError::io("prepare a step's files"))?,
        }
        match &step.kind {
            wf::StepKind::Run {
                script,
                shell,
                working_directory,
            } => self.run_script(
                job,
                strand,
                script,
                shell.as_ref(),
                working_directory.as_ref(),
            ),
            wf::StepKind::Uses { action, with } => {
                self.use_action(job, strand, &action.value, with)
            }
            // Only steps of these two kinds come here: the plan and actions hold no others.
            _ => Ok(false),
        }
    }

    pub(super) fn limit_time(&mut self, job: JobId, strand: StrandId, step: &wf::Step) {
        let minutes = step
            .timeout_minutes
            .as_ref()
            .and_then(|template| self.evaluate_number(job, strand, template));
        let number = self.strand(job, strand).map(|(_, of)| of.number);
        if let (Some(minutes), Some(number)) = (minutes, number)
            && minutes > 0.0
            && minutes < 60_000.0
        {
            self.schedule(
                Duration::from_secs_f64(minutes * 60.0),
                Timer::StepTimeout(job, strand, number),
            );
        }
    }

    /// Ends a step that cannot be carried out.
    pub(super) fn fails(
        &mut self,
        job: JobId,
        strand: StrandId,
        why: &str,
    ) -> Result<bool, EngineError> {
        self.say(job, strand, &format!("Error: {why}"));
        self.complete_step(job, strand, Conclusion::Failure, None)?;
        Ok(false)
    }

    pub(super) fn started(&mut self, job: JobId, strand: StrandId, step: &wf::Step) {
        let name = self.step_name(job, strand, step);
        let Some(of) = self.strand_mut(job, strand) else {
            return;
        };
        if !of.frames.is_empty() {
            return;
        }
        of.name.clone_from(&name);
        let number = of.number;
        let caller = self.caller(job, strand);
        if let Some(play) = self.jobs.get(&job) {
            let what = What::StepStarted {
                run: play.run,
                job,
                step: number,
                name,
                line: caller.map_or(step.place.line, |caller| caller.line),
            };
            self.world.log.push(self.world.now(), caller, what);
        }
    }

    /// Passes over a step whose condition is not met.
    fn skip(&mut self, job: JobId, strand: StrandId, step: &wf::Step) {
        let skipped = StepRecord {
            outputs: BTreeMap::new(),
            outcome: Conclusion::Skipped,
            conclusion: Conclusion::Skipped,
        };
        let id = step.id.as_ref().map(|id| id.value.clone());
        let Some(play) = self.jobs.get_mut(&job) else {
            return;
        };
        let Some(of) = play.strands.get_mut(&strand) else {
            return;
        };
        let top = of.frames.is_empty();
        let (steps, at) = match of.frames.last_mut() {
            Some(frame) => (&mut frame.steps, &mut frame.at),
            None => (&mut play.steps, &mut play.at),
        };
        if let Some(id) = id {
            steps.insert(id, skipped);
        }
        // The plan is past a background step already.
        if !top || strand == MAIN {
            *at += 1;
        }
        if top {
            self.log_step_end(job, strand, Conclusion::Skipped, Conclusion::Skipped, None);
        }
    }

    fn file_name(of: &Strand, name: &str) -> PathBuf {
        Path::new("temp/_files").join(format!("{name}-{}", of.number))
    }

    /// Makes the files that a step may write its commands to, empty.
    fn write_files(&mut self, job: JobId, strand: StrandId) -> std::io::Result<()> {
        let Some((play, of)) = self.strand(job, strand) else {
            return Ok(());
        };
        for (_, name) in FILES {
            let path = Self::file_name(of, name);
            play.files.remove_file(&path).ok();
            write_new(&play.files, &path, b"")?;
        }
        Ok(())
    }

    /// The environment that GitHub adds for a step's file commands.
    pub(super) fn file_variables(
        play: &super::jobs::JobPlay,
        of: &Strand,
    ) -> Vec<(String, String)> {
        let path = |name: &str| {
            let path = play.inside.join(Self::file_name(of, name));
            path.display().to_string()
        };
        FILES
            .into_iter()
            .map(|(variable, name)| (variable.to_owned(), path(name)))
            .collect()
    }

    /// Lets the machines run until they wait, and takes in what they said.
    pub(super) fn settle_machines(&mut self) -> Result<(), EngineError> {
        self.engine.settle()?;
        let machines: Vec<_> = self
            .machines
            .iter()
            .map(|(machine, job)| (*machine, *job))
            .collect();
        for (machine, job) in machines {
            self.take_printed(machine, job);
        }
        for (machine, lane, happening) in self.engine.take_happenings() {
            let job = self.machines.get(&machine).copied();
            let Some((job, play)) = job.and_then(|job| Some((job, self.jobs.get(&job)?))) else {
                continue;
            };
            let strand = play.strand_in(lane);
            self.ended.push_back((job, strand, happening));
        }
        Ok(())
    }

    fn take_printed(&mut self, machine: MachineId, job: JobId) {
        for (lane, bytes) in self.engine.take_output(machine) {
            if let Some(strand) = self.jobs.get(&job).map(|play| play.strand_in(lane)) {
                self.take_output(job, strand, &bytes, false);
            }
        }
    }

    /// Carries on where processes have ended. What begins then may end at once too, so this is
    /// called where nothing else is in the middle of something.
    pub(super) fn take_in_ends(&mut self) -> Result<(), EngineError> {
        while let Some((job, strand, happening)) = self.ended.pop_front() {
            match happening {
                Happening::Exited(code) => self.process_ended(job, strand, code)?,
                Happening::NotStarted(why) => {
                    self.say(job, strand, &format!("Error: {why}"));
                    self.process_ended(job, strand, 127)?;
                }
                Happening::Exceeded(excess) => {
                    let text = format!("{}: {NOT_JUDGED}", excess.text());
                    self.not_modelled(job, strand, text);
                    // Its end comes by itself, unless only its disk is full.
                    self.settle_machines()?;
                }
                Happening::Runaway => {
                    let text = format!(
                        "a step was killed: it ran for too long in real time: {NOT_JUDGED}"
                    );
                    self.not_modelled(job, strand, text);
                    // Its end comes by itself.
                    self.settle_machines()?;
                }
            }
        }
        Ok(())
    }

    /// The entry process of what a strand does has ended.
    fn process_ended(
        &mut self,
        job: JobId,
        strand: StrandId,
        code: i32,
    ) -> Result<(), EngineError> {
        let Some(machine) = self.jobs.get(&job).map(|play| play.machine) else {
            return Ok(());
        };
        self.take_printed(machine, job);
        self.take_output(job, strand, &[], true);
        let Some(of) = self.strand_mut(job, strand) else {
            return Ok(());
        };
        if of.over.is_some() {
            (of.doing, of.lane) = (Doing::Nothing, None);
            return Ok(());
        }
        match &mut of.doing {
            Doing::Command => {
                let outcome = match (code, of.stop) {
                    (_, Some(Stop::TimedOut)) if of.signalled => Conclusion::Failure,
                    // It ended well all the same.
                    (0, _) => Conclusion::Success,
                    (_, Some(Stop::Cancelled)) if of.signalled => Conclusion::Cancelled,
                    _ => Conclusion::Failure,
                };
                if outcome == Conclusion::Failure && !of.signalled {
                    let text = format!("Error: Process completed with exit code {code}.");
                    self.say(job, strand, &text);
                }
                self.complete_step(job, strand, outcome, Some(code))?;
                self.proceed(job, strand)
            }
            Doing::Model(model) => {
                model.has_process = false;
                model.exit_code = Some(code);
                self.resume_model(job, strand)
            }
            Doing::Nothing | Doing::Queued | Doing::Waiting(_) => Ok(()),
        }
    }

    /// Takes a step's file commands and records how it ended.
    pub(super) fn complete_step(
        &mut self,
        job: JobId,
        strand: StrandId,
        outcome: Conclusion,
        exit_code: Option<i32>,
    ) -> Result<(), EngineError> {
        let mut outcome = outcome;
        if !self.take_files(job, strand) && outcome == Conclusion::Success {
            outcome = Conclusion::Failure;
        }
        let Some((play, of)) = self.strand(job, strand) else {
            return Ok(());
        };
        let Some(step) = play.step(of).cloned() else {
            return Ok(());
        };
        let forgiven = outcome == Conclusion::Failure
            && step
                .continue_on_error
                .as_ref()
                .is_some_and(|template| self.evaluate_bool(job, strand, template));
        let conclusion = if forgiven {
            Conclusion::Success
        } else {
            outcome
        };
        let Some(play) = self.jobs.get_mut(&job) else {
            return Ok(());
        };
        let Some(of) = play.strands.get_mut(&strand) else {
            return Ok(());
        };
        of.doing = Doing::Nothing;
        of.turn += 1;
        if let Some(frame) = of.frames.last_mut() {
            frame.at += 1;
            if let Some(id) = &step.id {
                let record = StepRecord {
                    outputs: std::mem::take(&mut of.outputs),
                    outcome,
                    conclusion,
                };
                frame.steps.insert(id.value.clone(), record);
            }
            if conclusion != Conclusion::Success && frame.status != Conclusion::Failure {
                frame.status = conclusion;
            }
            return Ok(());
        }
        if strand != MAIN {
            let (env, path) = (of.local_env.clone(), of.local_path.clone());
            of.lane = None;
            of.over = Some(Finished {
                outcome,
                conclusion,
                env,
                path,
            });
            self.log_step_end(job, strand, outcome, conclusion, exit_code);
            return self.background_is_over(job);
        }
        if let Some(id) = &step.id {
            let record = StepRecord {
                outputs: std::mem::take(&mut of.outputs),
                outcome,
                conclusion,
            };
            play.steps.insert(id.value.clone(), record);
        }
        if conclusion == Conclusion::Failure && play.status == Conclusion::Success {
            play.status = Conclusion::Failure;
        }
        play.at += 1;
        self.log_step_end(job, strand, outcome, conclusion, exit_code);
        Ok(())
    }

    pub(super) fn log_step_end(
        &mut self,
        job: JobId,
        strand: StrandId,
        outcome: Conclusion,
        conclusion: Conclusion,
        exit_code: Option<i32>,
    ) {
        let Some((play, of)) = self.strand(job, strand) else {
            return;
        };
        let what = What::StepCompleted {
            run: play.run,
            job,
            step: of.number,
            outcome,
            conclusion,
            exit_code,
        };
        let caller = self.caller(job, strand);
        self.world.log.push(self.world.now(), caller, what);
    }

    /// Reads and removes what a step wrote to its files; false when something of it, or a command
    /// that it printed, fails the step.
    fn take_files(&mut self, job: JobId, strand: StrandId) -> bool {
        let Some((play, of)) = self.strand(job, strand) else {
            return true;
        };
        let read = FILES.map(|(_, name)| take(&play.files, &Self::file_name(of, name)));
        let mut fine = !of.refused;
        let (run, step) = (play.run, of.number);
        let [output, env, path, summary, state] = read;
        if summary.size > files::LARGEST_SUMMARY {
            let text = format!(
                "$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of {}k, got {}k.",
                files::LARGEST_SUMMARY / 1024,
                summary.size / 1024
            );
            self.note(job, strand, Note::new("error", text));
        } else if !summary.text.trim().is_empty() {
            for line in summary.text.lines() {
                let Some(play) = self.jobs.get(&job) else {
                    break;
                };
                let what = What::SummaryWritten {
                    run,
                    job,
                    step,
                    text: play.masks.apply(line),
                };
                self.world.log.push(self.world.now(), None, what);
            }
        }
        for directory in files::paths(&path.text) {
            self.add_path(job, strand, directory);
        }
        let mut pairs = |stage: &mut Self, name: &str, text: &str| {
            files::assignments(text).unwrap_or_else(|error| {
                let what = format!("Unable to process file command '{name}' successfully.");
                stage.note(job, strand, Note::new("error", what));
                stage.note(job, strand, Note::new("error", error.to_string()));
                fine = false;
                Vec::new()
            })
        };
        let env = pairs(self, "env", &env.text);
        let output = pairs(self, "output", &output.text);
        pairs(self, "state", &state.text);
        for (name, value) in env {
            if files::is_blocked(&name) {
                let text = "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.";
                self.note(job, strand, Note::new("error", text));
            } else {
                self.set_env(job, strand, name, value);
            }
        }
        if let Some(of) = self.strand_mut(job, strand) {
            of.outputs.extend(output);
        }
        fine
    }

    /// Sets a variable for later steps: of the job, or of a background step until it is waited for.
    pub(super) fn set_env(&mut self, job: JobId, strand: StrandId, name: String, value: String) {
        let Some(play) = self.jobs.get_mut(&job) else {
            return;
        };
        match play.strands.get_mut(&strand) {
            Some(of) if strand != MAIN => drop(of.local_env.insert(name, value)),
            _ => drop(play.env.insert(name, value)),
        }
    }

    /// Puts a directory before the others on `PATH`, for later steps.
    pub(super) fn add_path(&mut self, job: JobId, strand: StrandId, directory: String) {
        let Some(play) = self.jobs.get_mut(&job) else {
            return;
        };
        let list = match play.strands.get_mut(&strand) {
            Some(of) if strand != MAIN => &mut of.local_path,
            _ => &mut play.path,
        };
        list.retain(|other| *other != directory);
        list.push(directory);
    }
}

/// Writes a file that does not exist yet, without following a link that a step may have put there.
/// What the runner says where an earlier step has filled the disk.
pub(super) const NO_SPACE: &str = "No space left on device";

pub(super) fn write_new(files: &Dir, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = files.open_with(path, OpenOptions::new().write(true).create_new(true))?;
    file.write_all(bytes)
}

/// What a step has written to one of its files.
struct Taken {
    text: String,
    size: u64,
}

fn take(files: &Dir, path: &Path) -> Taken {
    let mut bytes = Vec::new();
    let mut size = 0;
    // A step may have put a pipe there, which would never end.
    let is_file = files
        .symlink_metadata(path)
        .is_ok_and(|metadata| metadata.is_file());
    if is_file && let Ok(file) = files.open(path) {
        size = file.metadata().map_or(0, |metadata| metadata.len());
        file.take(MOST).read_to_end(&mut bytes).ok();
    }
    files.remove_file(path).ok();
    Taken {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        size,
    }
}
