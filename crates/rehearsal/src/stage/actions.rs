//! `uses:` of an action whose files are at hand: in the workspace (`./`), or in this repository at
//! a commit (`$/`, `owner/name@ref`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use lockkeeper_names::CommitSha;
use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::{Object, Value};
use lockkeeper_world::event::Conclusion;
use lockkeeper_world::ids::JobId;

use super::Stage;
use super::strand::{Frame, StrandId};
use crate::engine::EngineError;
use crate::history::TAKEN_AS_PASSED;
use crate::runner::output::Note;

/// How deep composite actions may use each other.
const DEEPEST: usize = 10;
/// A metadata file is not read beyond this.
const MOST: u64 = 1 << 20;

/// An action whose metadata was read.
struct Found {
    action: Arc<wf::ActionFile>,
    /// Where its files are, in the machine's writable directory.
    directory: PathBuf,
    repository: String,
    git_ref: String,
}

impl Stage {
    /// Whether an action is one of this repository's own.
    pub(super) fn is_own(&self, action: &wf::ActionRef) -> bool {
        match action {
            wf::ActionRef::Local(_) | wf::ActionRef::SelfRepository(_) => true,
            wf::ActionRef::Repository { owner, repo, .. } => {
                format!("{owner}/{repo}").eq_ignore_ascii_case(self.repository.slug.as_str())
            }
            wf::ActionRef::Docker(_) => false,
        }
    }

    /// Begins one of the repository's own actions; true when it takes its time.
    pub(super) fn use_own(
        &mut self,
        job: JobId,
        strand: StrandId,
        reference: &wf::ActionRef,
        given: Vec<(String, String)>,
    ) -> Result<bool, EngineError> {
        let found = match self.find_action(job, strand, reference) {
            Ok(found) => found,
            Err(why) => return self.fails(job, strand, &why),
        };
        match &found.action.runs.kind {
            wf::RunsKind::Composite(_) => self.enter_action(job, strand, found, given),
            wf::RunsKind::JavaScript(_) | wf::RunsKind::Docker(_) => {
                let text = format!(
                    "the action {reference} ({}): {TAKEN_AS_PASSED}",
                    found.action.runs.using.value
                );
                self.not_modelled(job, strand, text);
                self.complete_step(job, strand, Conclusion::Success, None)?;
                Ok(false)
            }
        }
    }

    fn enter_action(
        &mut self,
        job: JobId,
        strand: StrandId,
        found: Found,
        given: Vec<(String, String)>,
    ) -> Result<bool, EngineError> {
        let Some((play, of)) = self.strand(job, strand) else {
            return Ok(true);
        };
        if of.frames.len() >= DEEPEST {
            let why = format!("composite actions are nested more than {DEEPEST} deep");
            return self.fails(job, strand, &why);
        }
        // What the steps around it set wins over what its own steps put into `GITHUB_ENV`.
        let overrides = match of.frames.last() {
            Some(frame) => {
                let mut outer = frame.overrides.clone();
                outer.extend(frame.own.clone());
                outer
            }
            None => of.env.clone(),
        };
        let context = self.step_context(job, play, of, &play.env);
        let mut inputs = Object::new();
        for (name, input) in &found.action.inputs {
            let default = match &input.default {
                Some(default) => match default.eval_string(&context) {
                    Ok(value) => value,
                    Err(error) => return self.fails(job, strand, &error.to_string()),
                },
                None => String::new(),
            };
            inputs.insert(name.clone(), default);
        }
        let mut unexpected = Vec::new();
        for (name, value) in given {
            if found.action.input(&name).is_none() {
                unexpected.push(format!("'{name}'"));
            }
            inputs.insert(name, value);
        }
        let mut notes = Vec::new();
        if !unexpected.is_empty() {
            let valid: Vec<String> = found
                .action
                .inputs
                .keys()
                .map(|name| format!("'{name}'"))
                .collect();
            notes.push(format!(
                "Unexpected input(s) {}, valid inputs are [{}]",
                unexpected.join(", "),
                valid.join(", ")
            ));
        }
        let directory = play.inside.join(&found.directory);
        let frame = Frame {
            action: found.action,
            at: 0,
            inputs,
            directory,
            repository: found.repository,
            git_ref: found.git_ref,
            overrides,
            own: Default::default(),
            steps: Default::default(),
            status: Conclusion::Success,
        };
        for note in notes {
            self.note(job, strand, Note::new("warning", note));
        }
        if let Some(of) = self.strand_mut(job, strand) {
            of.frames.push(frame);
        }
        Ok(false)
    }

    /// All steps of the innermost action of a strand are over: its outputs become those of the
    /// step that uses it.
    pub(super) fn leave_action(
        &mut self,
        job: JobId,
        strand: StrandId,
    ) -> Result<bool, EngineError> {
        let Some((play, of)) = self.strand(job, strand) else {
            return Ok(true);
        };
        let Some(frame) = of.frames.last() else {
            return Ok(false);
        };
        let env = self.env_of(play, of);
        let context = self.step_context(job, play, of, &env);
        let mut outputs = Vec::new();
        let mut problem = None;
        for (name, output) in &frame.action.outputs {
            match output
                .value
                .as_ref()
                .map(|value| value.eval_string(&context))
            {
                Some(Ok(value)) => outputs.push((name.clone(), value)),
                Some(Err(error)) => problem = Some(error.to_string()),
                None => {}
            }
        }
        let outcome = match problem {
            Some(_) => Conclusion::Failure,
            None => frame.status,
        };
        if let Some(of) = self.strand_mut(job, strand) {
            of.frames.pop();
            of.outputs = outputs.into_iter().collect();
            of.refused = false;
        }
        if let Some(problem) = problem {
            self.say(job, strand, &format!("Error: {problem}"));
        }
        self.complete_step(job, strand, outcome, None)?;
        Ok(false)
    }

    fn find_action(
        &mut self,
        job: JobId,
        strand: StrandId,
        reference: &wf::ActionRef,
    ) -> Result<Found, String> {
        let Some((play, of)) = self.strand(job, strand) else {
            return Err("the job is gone".to_owned());
        };
        let (directory, repository, git_ref) = match reference {
            wf::ActionRef::Local(path) => {
                let directory = within(&play.workspace, path)
                    .ok_or_else(|| format!("./{path} is outside of the workspace"))?;
                (directory, String::new(), String::new())
            }
            wf::ActionRef::SelfRepository(path) => {
                // Inside an action of a commit: of that commit.
                let enclosing = of
                    .frames
                    .iter()
                    .rev()
                    .find(|frame| !frame.git_ref.is_empty());
                let git_ref = match enclosing {
                    Some(frame) => frame.git_ref.clone(),
                    None => {
                        let run = self.world.hub.run(play.run).ok_or("the run is gone")?;
                        run.sha.to_string()
                    }
                };
                let directory = self.download(job, &git_ref, path)?;
                (directory, self.repository.slug.to_string(), git_ref)
            }
            wf::ActionRef::Repository { path, git_ref, .. } => {
                let directory = self.download(job, git_ref, path)?;
                (directory, self.repository.slug.to_string(), git_ref.clone())
            }
            wf::ActionRef::Docker(image) => return Err(format!("docker://{image} is no file")),
        };
        let Some(play) = self.jobs.get(&job) else {
            return Err("the job is gone".to_owned());
        };
        for name in ["action.yml", "action.yaml"] {
            let Some(text) = read(&play.files, &directory.join(name)) else {
                continue;
            };
            let shown = format!("{reference}/{name}");
            let action = wf::load_action(&shown, &text).map_err(|problems| {
                let problem = problems.first().map(|problem| {
                    format!(
                        "{} (Line: {}): {}",
                        shown, problem.place.line, problem.message
                    )
                });
                problem.unwrap_or_else(|| format!("Failed to load {shown}"))
            })?;
            return Ok(Found {
                action: Arc::new(action),
                directory,
                repository,
                git_ref,
            });
        }
        if play.files.is_file(directory.join("Dockerfile")) {
            let text = "name: docker\nruns: {using: docker, image: Dockerfile}\n";
            let action = wf::load_action("Dockerfile", text)
                .map_err(|_| "a Dockerfile cannot be read as an action".to_owned())?;
            return Ok(Found {
                action: Arc::new(action),
                directory,
                repository,
                git_ref,
            });
        }
        Err(format!(
            "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{}'. Did you forget to run actions/checkout before running your local action?",
            play.inside.join(&directory).display()
        ))
    }

    /// Puts the repository's files at a commit where the runner puts actions; the place of one of
    /// them.
    fn download(&self, job: JobId, git_ref: &str, path: &str) -> Result<PathBuf, String> {
        let missing = || format!("Unable to resolve action, unable to find version `{git_ref}`");
        let resolved: CommitSha = match self.world.hub.resolve(git_ref) {
            Some(sha) => sha.clone(),
            None => git_ref.parse().map_err(|_| missing())?,
        };
        let files = self.repository.files_of(&resolved).ok_or_else(missing)?;
        let Some(play) = self.jobs.get(&job) else {
            return Err(missing());
        };
        let slug = self.repository.slug.as_str();
        let root = Path::new("work/_actions")
            .join(slug)
            .join(resolved.as_str());
        let failed = |error: std::io::Error| format!("cannot write the action's files: {error}");
        if !play.files.exists(&root) {
            for (name, file) in files {
                let target = root.join(name);
                if let Some(parent) = target.parent() {
                    play.files.create_dir_all(parent).map_err(failed)?;
                }
                let mut options = OpenOptions::new();
                let mode = if file.executable { 0o755 } else { 0o644 };
                options.write(true).create_new(true).mode(mode);
                let mut out = play.files.open_with(&target, &options).map_err(failed)?;
                std::io::Write::write_all(&mut out, &file.contents).map_err(failed)?;
            }
        }
        within(&root, path).ok_or_else(|| format!("{path} is outside of the repository"))
    }
}

/// A path below a directory; nothing for one that leads out of it.
fn within(root: &Path, path: &str) -> Option<PathBuf> {
    let mut found = root.to_owned();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." if found != root => drop(found.pop()),
            ".." => return None,
            part => found.push(part),
        }
    }
    Some(found)
}

fn read(files: &Dir, path: &Path) -> Option<String> {
    let metadata = files.metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > MOST {
        return None;
    }
    let bytes = files.read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// `with:` in lower case, as models look their inputs up.
pub(super) fn lower(given: &[(String, String)]) -> std::collections::BTreeMap<String, String> {
    let lower = |(name, value): &(String, String)| (name.to_ascii_lowercase(), value.clone());
    given.iter().map(lower).collect()
}

/// `inputs` as a value.
pub(super) fn value(inputs: &Object) -> Value {
    inputs.clone().into()
}
