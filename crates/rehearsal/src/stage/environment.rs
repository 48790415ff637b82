//! What a step's process finds: its environment, shell and directory, and what a job hands out.

use std::collections::BTreeMap;

use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::EvalError;
use lockkeeper_world::event::What;
use lockkeeper_world::hub::Access;
use lockkeeper_world::ids::JobId;
use serde_json::Value;

use super::Stage;
use super::jobs::JobPlay;

impl Stage {
    /// Evaluates `env` of workflow and job, once the job is on its machine.
    pub(super) fn evaluate_job_env(&mut self, job: JobId) {
        let Some(play) = self.jobs.get(&job) else {
            return;
        };
        let loaded = play.loaded.clone();
        let own = play
            .definition()
            .map(|definition| definition.env.clone())
            .unwrap_or_default();
        for (name, template) in loaded.workflow.env.iter().chain(&own) {
            let Some(play) = self.jobs.get(&job) else {
                return;
            };
            let value = template
                .eval_string(&self.step_context(job, play, &play.env))
                .unwrap_or_default();
            if let Some(play) = self.jobs.get_mut(&job) {
                play.env.insert(name.value.clone(), value);
            }
        }
    }

    pub(super) fn default_shell(&self, job: JobId) -> Option<String> {
        let play = self.jobs.get(&job)?;
        let own = play.definition()?.defaults.run.shell.as_ref();
        let shell = own.or(play.loaded.workflow.defaults.run.shell.as_ref())?;
        self.evaluate_text(job, shell).ok()
    }

    /// The environment of a step's process.
    pub(super) fn step_env(
        &self,
        job: JobId,
        step: &wf::Step,
    ) -> Result<BTreeMap<String, String>, EvalError> {
        let Some(play) = self.jobs.get(&job) else {
            return Ok(BTreeMap::new());
        };
        let mut env = self.runner_env(job, play);
        env.extend(self.plain_env(play));
        let context = self.step_context(job, play, &self.step_plain_env(play));
        for (name, template) in &step.env {
            env.insert(name.value.clone(), template.eval_string(&context)?);
        }
        env.extend(self.file_variables(job));
        let shims = play.inside.parent().unwrap_or(&play.inside).join("bin");
        let path = env.get("PATH").cloned().unwrap_or_default();
        let added = play.path.join(":");
        let separator = if added.is_empty() { "" } else { ":" };
        env.insert(
            "PATH".into(),
            format!("{}:{added}{separator}{path}", shims.display()),
        );
        Ok(env)
    }

    /// What the runner itself puts into the environment.
    fn runner_env(&self, job: JobId, play: &JobPlay) -> BTreeMap<String, String> {
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
            ("CI", "true".to_owned()),
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_JOB", play.key.clone()),
            ("GITHUB_WORKSPACE", workspace),
            ("GITHUB_EVENT_PATH", inside("temp/event.json")),
            ("GITHUB_ACTION", format!("__step_{}", play.at)),
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
        ] {
            env.insert(name.to_owned(), value);
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

    /// Where a step without `working-directory` starts.
    pub(super) fn step_directory(&self, job: JobId) -> Option<String> {
        let play = self.jobs.get(&job)?;
        let own = play.definition()?.defaults.run.working_directory.as_ref();
        let directory = own.or(play.loaded.workflow.defaults.run.working_directory.as_ref())?;
        self.evaluate_text(job, directory).ok()
    }

    pub(super) fn evaluate_job_outputs(&mut self, job: JobId) -> BTreeMap<String, String> {
        let Some(play) = self.jobs.get(&job) else {
            return BTreeMap::new();
        };
        let declared = play
            .definition()
            .map(|definition| definition.outputs.clone())
            .unwrap_or_default();
        let mut outputs = BTreeMap::new();
        for (name, template) in &declared {
            let Some(play) = self.jobs.get(&job) else {
                break;
            };
            let Ok(value) =
                template.eval_string(&self.step_context(job, play, &self.plain_env(play)))
            else {
                continue;
            };
            if play.masks.hides(&value) {
                let text = format!("Skip output '{}' since it may contain secret.", name.value);
                let what = What::Annotation {
                    run: play.run,
                    job,
                    step: play.at as u32,
                    level: "warning".into(),
                    text,
                };
                self.world.log.push(self.world.now(), None, what);
            } else if !value.is_empty() {
                outputs.insert(name.value.clone(), value);
            }
        }
        outputs
    }
}
