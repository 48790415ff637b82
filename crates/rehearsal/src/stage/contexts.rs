//! What expressions see: the contexts of GitHub's documentation, as each place has them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cap_std::fs::Dir;
use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::{Context, Contexts, EvalError, Object, Status, Value as Evaluated};
use lockkeeper_world::event::Conclusion;
use lockkeeper_world::hub::RunRequest;
use lockkeeper_world::ids::{JobId, RunId};
use serde_json::{Map, Value, json};

use super::Stage;
use super::jobs::JobPlay;
use crate::history::TAKEN_AS_PASSED;

fn conclusion(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Success => "success",
        Conclusion::Failure | Conclusion::TimedOut => "failure",
        Conclusion::Cancelled => "cancelled",
        Conclusion::Skipped => "skipped",
    }
}

fn ref_name(git_ref: &str) -> &str {
    ["refs/heads/", "refs/tags/", "refs/pull/"]
        .iter()
        .find_map(|prefix| git_ref.strip_prefix(prefix))
        .unwrap_or(git_ref)
}

/// Contexts by name, and the files that `hashFiles` may read.
#[derive(Default)]
pub(super) struct Scope {
    contexts: Contexts,
    files: Option<(Dir, PathBuf)>,
}

impl Scope {
    fn set(&mut self, name: &str, value: Value) {
        self.contexts.set(name, evaluated(&value));
    }

    /// Names of environment variables differ by case.
    fn set_env(&mut self, env: &BTreeMap<String, String>) {
        let mut object = Object::case_sensitive();
        for (name, value) in env {
            object.insert(name.clone(), value.as_str());
        }
        self.contexts.set("env", object);
    }
}

impl Context for Scope {
    fn context(&self, name: &str) -> Option<Evaluated> {
        self.contexts.context(name)
    }

    fn hash_files(&self, patterns: &[String]) -> Result<String, String> {
        match &self.files {
            Some((files, workspace)) => {
                Ok(crate::runner::hash::hash_files(files, workspace, patterns).unwrap_or_default())
            }
            None => Err("no files can be read here".to_owned()),
        }
    }
}

fn evaluated(value: &Value) -> Evaluated {
    match value {
        Value::Null => Evaluated::Null,
        Value::Bool(value) => Evaluated::Bool(*value),
        Value::Number(number) => Evaluated::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Evaluated::from(text.as_str()),
        Value::Array(items) => Evaluated::array(items.iter().map(evaluated)),
        Value::Object(members) => Evaluated::object(
            members
                .iter()
                .map(|(name, member)| (name.clone(), evaluated(member))),
        ),
    }
}

impl Stage {
    /// For `on` and the workflow's `concurrency`: `github`, `inputs` and `vars` of a run to be.
    pub(super) fn trigger_context(&self, request: &RunRequest) -> Scope {
        let github = json!({
            "actor": request.actor,
            "event_name": request.trigger,
            "ref": request.git_ref,
            "ref_name": ref_name(&request.git_ref),
            "sha": request.sha,
            "run_id": request.id.map(|id| id.to_string()),
            "run_attempt": "1",
            "repository": self.repository.slug,
            "workflow": request.name,
            "head_ref": request.pull.and_then(|number| self.world.hub.pull(number)).map(|pull| pull.head_branch()),
            "event": { "number": request.pull.map(|number| number.0), "inputs": request.inputs,
                       "pull_request": { "number": request.pull.map(|number| number.0) } },
        });
        let mut context = Scope::default();
        context.set("github", github);
        context.set("inputs", json!(request.inputs));
        context.set("vars", json!(self.world.hub.repository_variables()));
        context
    }

    pub(super) fn github(&self, run: RunId) -> Value {
        let (Some(record), Some(play)) = (self.world.hub.run(run), self.runs.get(&run)) else {
            return json!({});
        };
        let spec = self.world.hub.spec();
        let pull = record.pull.and_then(|number| self.world.hub.pull(number));
        json!({
            "actor": record.actor,
            "actor_id": "1001",
            "triggering_actor": record.triggering_actor,
            "event_name": record.trigger,
            "event": play.event,
            "ref": record.git_ref,
            "ref_name": ref_name(&record.git_ref),
            "ref_type": if record.git_ref.starts_with("refs/tags/") { "tag" } else { "branch" },
            "ref_protected": record.branch().is_some_and(|branch| self.world.hub.is_protected(&branch)),
            "base_ref": if pull.is_some() { spec.default_branch.as_str() } else { "" },
            "head_ref": pull.map(|pull| pull.head_branch()).unwrap_or_default(),
            "sha": record.sha,
            "repository": spec.slug,
            "repository_id": spec.repository_id.to_string(),
            "repository_owner": spec.owner(),
            "repository_owner_id": spec.owner_id.to_string(),
            "repositoryUrl": format!("git://github.com/{}.git", spec.slug),
            "run_id": run.to_string(),
            "run_number": record.number.to_string(),
            "run_attempt": play.attempt.to_string(),
            "retention_days": "90",
            "workflow": record.name,
            "workflow_ref": format!("{}/.github/workflows/{}@{}", spec.slug, record.workflow, record.git_ref),
            "workflow_sha": record.sha,
            "server_url": "https://github.com",
            "api_url": "https://api.github.com",
            "graphql_url": "https://api.github.com/graphql",
            "secret_source": if record.from_fork { "None" } else { "Actions" },
        })
    }

    /// For a job's `if`, name, environment, concurrency: before it is on a machine.
    pub(super) fn job_context(&self, run: RunId, key: &str, matrix: &Object) -> Scope {
        let mut context = Scope::default();
        let Some(play) = self.runs.get(&run) else {
            return context;
        };
        context.set("github", self.github(run));
        context.set("inputs", self.inputs(run));
        context.set("vars", json!(self.world.hub.repository_variables()));
        context.contexts.set("matrix", matrix.clone());
        context.set(
            "strategy",
            json!({ "fail-fast": true, "job-index": 0, "job-total": 1, "max-parallel": 1 }),
        );
        let mut needs = Map::new();
        let list = play
            .loaded
            .workflow
            .jobs
            .get(key)
            .map(|job| job.needs.as_slice())
            .unwrap_or_default();
        for need in list {
            let result = play.result(&need.value).map_or("", conclusion);
            needs.insert(
                need.value.clone(),
                json!({ "result": result, "outputs": play.outputs(&need.value) }),
            );
        }
        context.set("needs", Value::Object(needs));
        context
    }

    /// `inputs`, with booleans as booleans.
    fn inputs(&self, run: RunId) -> Value {
        let (Some(record), Some(play)) = (self.world.hub.run(run), self.runs.get(&run)) else {
            return json!({});
        };
        let declared = play.loaded.workflow.on.workflow_dispatch.as_ref();
        let typed = record.inputs.iter().map(|(name, value)| {
            let kind = declared
                .and_then(|dispatch| dispatch.inputs.get(name))
                .map(|input| input.kind);
            let value = match kind {
                Some(wf::InputType::Boolean) => Value::Bool(value == "true"),
                Some(wf::InputType::Number) => value
                    .parse::<f64>()
                    .map_or_else(|_| json!(value), |number| json!(number)),
                _ => json!(value),
            };
            (name.clone(), value)
        });
        Value::Object(typed.collect())
    }

    /// For a step of a job that runs.
    pub(super) fn step_context(
        &self,
        job: JobId,
        play: &JobPlay,
        env: &BTreeMap<String, String>,
    ) -> Scope {
        let mut context = self.job_context(play.run, &play.key, &play.matrix);
        let mut github = self.github(play.run);
        if let Some(github) = github.as_object_mut() {
            github.insert("token".into(), json!(self.world.hub.token_for(job)));
            github.insert("job".into(), json!(play.key));
            github.insert("workspace".into(), json!(play.workspace_inside()));
            github.insert(
                "event_path".into(),
                json!(play.inside.join("temp/event.json")),
            );
            github.insert("action".into(), json!(format!("__step_{}", play.at)));
        }
        context.set("github", github);
        let variables = self.world.hub.variables(job);
        context.set("vars", json!(variables));
        context.set("secrets", json!(self.secrets_of(job)));
        context.set_env(env);
        context.set("runner", json!({
            "name": "GitHub Actions 1", "os": "Linux", "arch": "X64", "environment": "github-hosted", "debug": "",
            "temp": play.inside.join("temp"), "tool_cache": "/opt/hostedtoolcache",
        }));
        context.set(
            "job",
            json!({ "status": conclusion(play.status), "services": {} }),
        );
        let mut steps = Map::new();
        for (id, record) in &play.steps {
            steps.insert(
                id.clone(),
                json!({
                    "outputs": record.outputs,
                    "outcome": conclusion(record.outcome),
                    "conclusion": conclusion(record.conclusion),
                }),
            );
        }
        context.set("steps", Value::Object(steps));
        context.files = play
            .files
            .try_clone()
            .ok()
            .map(|files| (files, play.workspace.clone()));
        context
    }

    fn status(&self, play: &JobPlay) -> Status {
        Status {
            success: play.status == Conclusion::Success,
            failure: play.status == Conclusion::Failure,
            cancelled: play.cancelled,
        }
    }

    /// A step's condition.
    pub(super) fn holds(&self, job: JobId, condition: &wf::Condition) -> Result<bool, EvalError> {
        let Some(play) = self.jobs.get(&job) else {
            return Ok(false);
        };
        let context = self.step_context(job, play, &self.plain_env(play));
        condition.eval(&context, &self.status(play))
    }

    pub(super) fn evaluate_number(&self, job: JobId, template: &wf::Template) -> Option<f64> {
        let play = self.jobs.get(&job)?;
        template
            .eval_number(&self.step_context(job, play, &self.step_plain_env(play)))
            .ok()
    }

    pub(super) fn evaluate_bool(&self, job: JobId, template: &wf::Template) -> bool {
        let Some(play) = self.jobs.get(&job) else {
            return false;
        };
        template
            .eval_bool(&self.step_context(job, play, &self.step_plain_env(play)))
            .unwrap_or(false)
    }

    pub(super) fn evaluate_text(
        &self,
        job: JobId,
        template: &wf::Template,
    ) -> Result<String, EvalError> {
        let Some(play) = self.jobs.get(&job) else {
            return Ok(String::new());
        };
        template.eval_string(&self.step_context(job, play, &self.step_plain_env(play)))
    }

    /// `env` of workflow and job, and what earlier steps put into `GITHUB_ENV`.
    pub(super) fn plain_env(&self, play: &JobPlay) -> BTreeMap<String, String> {
        play.env.clone()
    }

    /// The same with the step's own `env` on top, as its other keys see it.
    pub(super) fn step_plain_env(&self, play: &JobPlay) -> BTreeMap<String, String> {
        let mut env = self.plain_env(play);
        let step = play
            .definition()
            .and_then(|definition| definition.steps.get(play.at));
        for (name, template) in step.map(|step| step.env.as_slice()).unwrap_or_default() {
            let job = self
                .machines
                .get(&play.machine)
                .copied()
                .unwrap_or(JobId(0));
            let context = self.step_context(job, play, &env);
            if let Ok(value) = template.eval_string(&context) {
                env.insert(name.value.clone(), value);
            }
        }
        env
    }

    pub(super) fn step_name(&self, job: JobId, step: &wf::Step) -> String {
        if let Some(name) = step
            .name
            .as_ref()
            .and_then(|name| self.evaluate_text(job, name).ok())
        {
            return name;
        }
        match &step.kind {
            wf::StepKind::Run { script, .. } => format!(
                "Run {}",
                script.source().trim().lines().next().unwrap_or_default()
            ),
            wf::StepKind::Uses { action, .. } => format!("Run {}", action.value),
            _ => "Run".to_owned(),
        }
    }

    /// What of a job is not modelled.
    pub(super) fn note_unmodelled_job(&mut self, job: JobId) {
        let Some(play) = self.jobs.get(&job) else {
            return;
        };
        let Some(definition) = play.definition() else {
            return;
        };
        let mut texts = Vec::new();
        if definition.container.is_some() {
            texts.push(format!(
                "`container` of job `{}`: its steps run on the machine itself",
                play.key
            ));
        }
        for text in texts {
            self.not_modelled(job, text);
        }
        let services: Vec<String> = self
            .jobs
            .get(&job)
            .and_then(|play| play.definition())
            .map(|definition| definition.services.keys().cloned().collect())
            .unwrap_or_default();
        for service in services {
            self.say(job, &format!("Service container {service} is healthy."));
        }
    }

    /// An action without a model: the step passes, and the report says so.
    pub(super) fn note_unmodelled_action(&mut self, job: JobId, action: &str) {
        self.not_modelled(job, format!("the action {action}: {TAKEN_AS_PASSED}"));
    }
}
