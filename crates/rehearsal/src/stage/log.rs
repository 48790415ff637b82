//! What a job's log gets: the lines of its steps, and what their workflow commands say.

use lockkeeper_world::event::What;
use lockkeeper_world::ids::JobId;

use super::Stage;
use super::strand::StrandId;
use crate::runner::matchers::Matcher;
use crate::runner::output::{Line, Note};

impl Stage {
    /// Reads what a step printed.
    pub(super) fn take_output(&mut self, job: JobId, strand: StrandId, bytes: &[u8], end: bool) {
        let Some(of) = self.strand_mut(job, strand) else {
            return;
        };
        for line in of.reader.read(bytes, end) {
            self.take_line(job, strand, line);
        }
    }

    fn take_line(&mut self, job: JobId, strand: StrandId, line: Line) {
        match line {
            Line::Text(text) => {
                self.print(job, strand, &text);
                self.match_problems(job, strand, &text);
            }
            Line::Mask(text) => {
                if let Some(play) = self.jobs.get_mut(&job) {
                    play.masks.add(&text);
                }
            }
            Line::Annotation(note) => self.note(job, strand, note),
            Line::Debug(text) => {
                if self.wants_debug(job) {
                    self.print(job, strand, &format!("##[debug]{text}"));
                }
            }
            Line::SetOutput { name, value } => {
                if let Some(of) = self.strand_mut(job, strand) {
                    of.outputs.insert(name, value);
                }
            }
            Line::SetEnv { name, value } => self.set_env(job, strand, name, value),
            Line::AddPath(directory) => self.add_path(job, strand, directory),
            Line::AddMatcher(file) => self.add_matchers(job, strand, &file),
            Line::RemoveMatcher(owner) => {
                if let Some(play) = self.jobs.get_mut(&job) {
                    play.matchers.remove(&owner);
                }
            }
            Line::Refused { command, why } => {
                let text = format!("Unable to process command '{command}' successfully.");
                self.note(job, strand, Note::new("error", text));
                self.note(job, strand, Note::new("error", why));
                if let Some(of) = self.strand_mut(job, strand) {
                    of.refused = true;
                }
            }
            Line::Quiet => {}
        }
    }

    fn print(&mut self, job: JobId, strand: StrandId, text: &str) {
        let Some((play, of)) = self.strand(job, strand) else {
            return;
        };
        let what = What::StepOutput {
            run: play.run,
            job,
            step: of.number,
            text: play.masks.apply(text),
        };
        self.world.log.push(self.world.now(), None, what);
    }

    pub(super) fn note(&mut self, job: JobId, strand: StrandId, note: Note) {
        let Some((play, of)) = self.strand(job, strand) else {
            return;
        };
        let mut spot = note.spot;
        // Paths below the workspace are shown as the repository's.
        let workspace = format!("{}/", play.workspace_inside().display());
        if let Some(file) = &mut spot.file
            && let Some(rest) = file.strip_prefix(&workspace)
        {
            *file = rest.to_owned();
        }
        let what = What::Annotation {
            run: play.run,
            job,
            step: of.number,
            level: note.level.to_owned(),
            text: play.masks.apply(&note.message),
            spot,
        };
        self.world.log.push(self.world.now(), None, what);
    }

    /// Prints a line in a job's log, as the runner does.
    pub(super) fn say(&mut self, job: JobId, strand: StrandId, text: &str) {
        for line in text.lines() {
            self.print(job, strand, line);
        }
    }

    /// Whether the repository asks for debug logs.
    fn wants_debug(&self, job: JobId) -> bool {
        let name = "ACTIONS_STEP_DEBUG";
        let variables = self.world.hub.variables(job);
        variables
            .iter()
            .any(|(variable, value)| variable.as_str() == name && value == "true")
            || self
                .secrets_of(job)
                .get(name)
                .is_some_and(|value| value == "true")
    }

    fn add_matchers(&mut self, job: JobId, strand: StrandId, file: &str) {
        let Some(play) = self.jobs.get(&job) else {
            return;
        };
        let path = match std::path::Path::new(file).strip_prefix(&play.inside) {
            Ok(path) => path.to_owned(),
            // As the step's directory has no say in it, neither has it here.
            Err(_) => play.workspace.join(file),
        };
        let read = play.files.read_to_string(&path);
        let matchers = match read {
            Ok(text) => Matcher::read_file(&text),
            Err(error) => Err(format!("cannot read {file}: {error}")),
        };
        match matchers {
            Ok((matchers, refused)) => {
                if let Some(play) = self.jobs.get_mut(&job) {
                    play.matchers.add(matchers);
                }
                for pattern in refused {
                    let text = format!("the problem matcher's pattern `{pattern}`: ignored");
                    self.not_modelled(job, strand, text);
                }
            }
            Err(why) => {
                let text =
                    format!("Unable to process command '::add-matcher::{file}' successfully.");
                self.note(job, strand, Note::new("error", text));
                self.note(job, strand, Note::new("error", why));
                if let Some(of) = self.strand_mut(job, strand) {
                    of.refused = true;
                }
            }
        }
    }

    fn match_problems(&mut self, job: JobId, strand: StrandId, text: &str) {
        let Some(play) = self.jobs.get_mut(&job) else {
            return;
        };
        if let Some(note) = play.matchers.read(text) {
            self.note(job, strand, note);
        }
    }
}
