//! What a step's process finds in its environment, and what a job hands out.

use std::collections::BTreeMap;

use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::EvalError;
use lockkeeper_world::event::{Spot, What};
use lockkeeper_world::hub::Access;
use lockkeeper_world::ids::JobId;
use serde_json::Value;

use super::Stage;
use super::contexts::action_name;
use super::jobs::JobPlay;
use super::strand::{MAIN, Strand, StrandId};

impl Stage {
    /// Evaluates `env` of workflow and job, once the job is on its machine.
    pub(super) fn evaluate_job_env(&mut self, job: JobId) -> Result<(), EvalError> {
        let Some(play) = self.jobs.get(&job) else {
            return Ok(());
        };
        let loaded = play.loaded.clone();
        let own = play.definition().map(|definition| definition.env.clone());
        for pairs in [Some(&loaded.workflow.env), own.as_ref()]
            .into_iter()
            .flatten()
        {
            let Some(play) = self.jobs.get(&job) else {
                return Ok(());
            };
            let context = self.step_context(job, play, play.main(), &play.env);
            let values = super::pairs::evaluate(pairs, &context)?;
            if let Some(play) = self.jobs.get_mut(&job) {
                play.env.extend(values);
            }
        }
        Ok(())
    }

    /// A step's own `env`.
    pub(super) fn own_env(
        &self,
        job: JobId,
        play: &JobPlay,
        strand: &Strand,
        step: &wf::Step,
    ) -> Result<BTreeMap<String, String>, EvalError> {
        let env = self.env_around(play, strand);
        let context = self.step_context(job, play, strand, &env);
        let pairs = super::pairs::evaluate(&step.env, &context)?;
        Ok(pairs.into_iter().collect())
    }

    /// `env` as a step finds it without its own: of workflow and job, what earlier steps put into
    /// `GITHUB_ENV`, and what the steps set that use the actions around it.
    fn env_around(&self, play: &JobPlay, strand: &Strand) -> BTreeMap<String, String> {
        let mut env = play.env.clone();
        env.extend(strand.local_env.clone());
        if let Some(frame) = strand.frames.last() {
            env.extend(frame.overrides.clone());
        }
        env
    }

    /// The same with its own on top, as its other keys and its process see it.
    pub(super) fn env_of(&self, play: &JobPlay, strand: &Strand) -> BTreeMap<String, String> {
        let mut env = self.env_around(play, strand);
        let own = match strand.frames.last() {
            Some(frame) => &frame.own,
            None => &strand.env,
        };
        env.extend(own.clone());
        env
    }

    /// The environment of a step's process.
    pub(super) fn process_env(&self, job: JobId, strand: StrandId) -> BTreeMap<String, String> {
        let Some((play, of)) = self.strand(job, strand) else {
            return BTreeMap::new();
        };
        let mut env = self.machine_env(play);
        env.extend(self.env_of(play, of));
        // These cannot be overwritten.
        env.extend(self.runner_env(job, play, of));
        env.extend(Self::file_variables(play, of));
        if strand != MAIN {
            env.insert(STRAND.to_owned(), strand.0.to_string());
        }
        let shims = play.inside.parent().unwrap_or(&play.inside).join("bin");
        let path = env.get("PATH").cloned().unwrap_or_default();
        let mut directories = vec![shims.display().to_string()];
        let added = play.path.iter().chain(&of.local_path);
        directories.extend(added.rev().cloned());
        directories.push(path);
        env.insert("PATH".into(), directories.join(":"));
        env
    }

    /// What the machine has in its environment; workflows may set it anew.
    fn machine_env(&self, play: &JobPlay) -> BTreeMap<String, String> {
        let inside = |path: &str| play.inside.join(path).display().to_string();
        [
            ("CI", "true".to_owned()),
            ("HOME", inside("home")),
            ("TMPDIR", inside("tmp")),
            ("USER", "runner".to_owned()),
            ("SHELL", "/bin/bash".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            (
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
            ),
            ("BASH_ENV", inside("temp/chance.sh")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// What the runner itself puts into the environment.
    fn runner_env(&self, job: JobId, play: &JobPlay, of: &Strand) -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        let github = self.github(play.run);
        let text = |name: &str| match &github[name] {
            Value::String(text) => text.clone(),
            Value::Bool(value) => value.to_string(),
            _ => String::new(),
        };
        for name in [
            "actor",
            "actor_id",
            "triggering_actor",
            "event_name",
            "ref",
            "ref_name",
            "ref_type",
            "ref_protected",
            "base_ref",
            "head_ref",
            "sha",
            "repository",
            "repository_id",
            "repository_owner",
            "repository_owner_id",
            "run_id",
            "run_number",
            "run_attempt",
            "retention_days",
            "workflow",
            "workflow_ref",
            "workflow_sha",
            "server_url",
            "api_url",
            "graphql_url",
        ] {
            env.insert(format!("GITHUB_{}", name.to_ascii_uppercase()), text(name));
        }
        let inside = |path: &str| play.inside.join(path).display().to_string();
        let workspace = play.workspace_inside().display().to_string();
        for (name, value) in [
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_JOB", play.key.clone()),
            ("GITHUB_WORKSPACE", workspace),
            ("GITHUB_EVENT_PATH", inside("temp/event.json")),
            ("GITHUB_ACTION", action_name(play, of)),
            ("RUNNER_OS", "Linux".to_owned()),
            ("RUNNER_ARCH", "X64".to_owned()),
            ("RUNNER_NAME", "GitHub Actions 1".to_owned()),
            ("RUNNER_ENVIRONMENT", "github-hosted".to_owned()),
            ("RUNNER_TEMP", inside("temp")),
            ("RUNNER_TOOL_CACHE", "/opt/hostedtoolcache".to_owned()),
            (
                "RUNNER_WORKSPACE",
                play.workspace_inside()
                    .parent()
                    .unwrap_or(&play.inside)
                    .display()
                    .to_string(),
            ),
        ] {
            env.insert(name.to_owned(), value);
        }
        if let Some(frame) = of.frames.last() {
            let directory = frame.directory.display().to_string();
            env.insert("GITHUB_ACTION_PATH".into(), directory);
            env.insert("GITHUB_ACTION_REPOSITORY".into(), frame.repository.clone());
            env.insert("GITHUB_ACTION_REF".into(), frame.git_ref.clone());
        }
        if self
            .world
            .hub
            .job(job)
            .is_some_and(|job| job.permissions.of("id-token") == Access::Write)
        {
            env.insert(
                "ACTIONS_ID_TOKEN_REQUEST_URL".into(),
                format!("https://oidc.actions.invalid/token/{job}?api-version=2.0"),
            );
            env.insert(
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN".into(),
                self.world.hub.token_for(job),
            );
        }
        env
    }

    /// `$GITHUB_EVENT_PATH`, and the seed of `$RANDOM`.
    pub(super) fn write_event(&mut self, job: JobId) -> std::io::Result<()> {
        let seed = self.chance.next() % 32_768;
        let Some(play) = self.jobs.get(&job) else {
            return Ok(());
        };
        let event = self
            .runs
            .get(&play.run)
            .map(|run| run.event.to_string())
            .unwrap_or_default();
        super::steps::write_new(&play.files, "temp/event.json".as_ref(), event.as_bytes())?;
        super::steps::write_new(
            &play.files,
            "temp/chance.sh".as_ref(),
            format!("RANDOM={seed}\nunset BASH_ENV\n").as_bytes(),
        )
    }

    pub(super) fn evaluate_job_outputs(&mut self, job: JobId) -> BTreeMap<String, String> {
        let Some(play) = self.jobs.get(&job) else {
            return BTreeMap::new();
        };
        let Some(definition) = play.definition() else {
            return BTreeMap::new();
        };
        let context = self.step_context(job, play, play.main(), &play.env);
        let (run, step) = (play.run, play.main().number);
        let mut outputs = BTreeMap::new();
        let mut notes = Vec::new();
        match super::pairs::evaluate(&definition.outputs, &context) {
            Ok(values) => {
                for (name, value) in values {
                    if play.masks.hides(&value) {
                        let text = format!("Skip output '{name}' since it may contain secret.");
                        notes.push(("warning", text));
                    } else if !value.is_empty() {
                        outputs.insert(name, value);
                    }
                }
            }
            Err(error) => notes.push(("error", error.to_string())),
        }
        for (level, text) in notes {
            let what = What::Annotation {
                run,
                job,
                step,
                level: level.into(),
                text,
                spot: Spot::default(),
            };
            self.world.log.push(self.world.now(), None, what);
        }
        outputs
    }
}

/// Tells the tools that a background step calls which one it is.
pub(super) const STRAND: &str = "LOCKKEEPER_STEP";
