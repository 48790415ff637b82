//! What expressions see: the contexts of GitHub's documentation, as each place has them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cap_std::fs::Dir;
use indexmap::IndexMap;
use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::{Context, Contexts, EvalError, Object, Status, Value as Evaluated};
use lockkeeper_world::event::Conclusion;
use lockkeeper_world::hub::RunRequest;
use lockkeeper_world::ids::{JobId, RunId};
use serde_json::{Map, Value, json};

use super::Stage;
use super::flow::Place;
use super::jobs::JobPlay;
use super::strand::{MAIN, StepRecord, Strand, StrandId};

/// As contexts name it.
pub(super) fn word(conclusion: Conclusion) -> &'static str {
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

    pub(super) fn set_value(&mut self, name: &str, value: Evaluated) {
        self.contexts.set(name, value);
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

fn steps_value(steps: &IndexMap<String, StepRecord>) -> Value {
    let mut object = Map::new();
    for (id, record) in steps {
        object.insert(
            id.clone(),
            json!({
                "outputs": record.outputs,
                "outcome": word(record.outcome),
                "conclusion": word(record.conclusion),
            }),
        );
    }
    Value::Object(object)
}

impl Stage {
    /// For `on` and the workflow's `concurrency`: `github`, `inputs` and `vars` of a run to be.
    pub(super) fn trigger_context(&self, request: &RunRequest) -> Scope {
        let pull = request.pull.and_then(|number| self.world.hub.pull(number));
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
            "head_ref": pull.map(|pull| pull.head_branch()).unwrap_or_default(),
            "base_ref": pull.map(|pull| pull.base.to_string()).unwrap_or_default(),
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
            "base_ref": pull.map(|pull| pull.base.to_string()).unwrap_or_default(),
            "head_ref": pull.map(|pull| pull.head_branch()).unwrap_or_default(),
            "sha": record.sha,
            "repository": spec.slug,
            "repository_id": spec.repository_id.to_string(),
            "repository_owner": spec.owner(),
            "repository_owner_id": spec.owner_id.to_string(),
            "repository_visibility": spec.visibility.as_str(),
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

    /// `github` and `vars`: what every expression of a run sees.
    pub(super) fn github_scope(&self, run: RunId) -> Scope {
        let mut context = Scope::default();
        context.set("github", self.github(run));
        context.set("vars", json!(self.world.hub.repository_variables()));
        context
    }

    /// For a job's `if`, name, environment, concurrency: before it is on a machine. `place` says
    /// which of its combinations; none while its matrix is not made.
    pub(super) fn job_context(&self, run: RunId, node: usize, place: Option<Place>) -> Scope {
        let mut context = self.github_scope(run);
        let Some(play) = self.runs.get(&run) else {
            return context;
        };
        let (Some(of), Some(job)) = (play.nodes.get(node), play.definition(node)) else {
            return context;
        };
        context.set_value("inputs", play.flows[of.flow].inputs.clone().into());
        let leg = place.and_then(|place| play.leg(place));
        context.set_value(
            "matrix",
            leg.map(|leg| leg.matrix.clone()).unwrap_or_default().into(),
        );
        let total = of.legs.len().max(1);
        context.set(
            "strategy",
            json!({
                "fail-fast": of.fail_fast,
                "job-index": place.map_or(0, |place| place.leg),
                "job-total": total,
                "max-parallel": of.max_parallel.min(total),
            }),
        );
        let mut needs = Map::new();
        for need in &job.needs {
            let result = play.result(of.flow, &need.value).map_or("", word);
            needs.insert(
                need.value.clone(),
                json!({ "result": result, "outputs": play.outputs(of.flow, &need.value) }),
            );
        }
        context.set("needs", Value::Object(needs));
        context
    }

    /// For a step of a job that runs: of the job itself, or of the innermost action that the strand
    /// is in.
    pub(super) fn step_context(
        &self,
        job: JobId,
        play: &JobPlay,
        strand: &Strand,
        env: &BTreeMap<String, String>,
    ) -> Scope {
        let mut context = self.job_context(play.run, play.place.node, Some(play.place));
        let mut github = self.github(play.run);
        if let Some(github) = github.as_object_mut() {
            github.insert("token".into(), json!(self.world.hub.token_for(job)));
            github.insert("job".into(), json!(play.key));
            github.insert("workspace".into(), json!(play.workspace_inside()));
            github.insert(
                "event_path".into(),
                json!(play.inside.join("temp/event.json")),
            );
            github.insert("action".into(), json!(action_name(play, strand)));
            if let Some(frame) = strand.frames.last() {
                github.insert("action_path".into(), json!(frame.directory));
                github.insert("action_repository".into(), json!(frame.repository));
                github.insert("action_ref".into(), json!(frame.git_ref));
                github.insert("action_status".into(), json!(word(frame.status)));
            }
        }
        context.set("github", github);
        let variables = self.world.hub.variables(job);
        context.set("vars", json!(variables));
        context.set("secrets", json!(self.secrets_of(job)));
        context.set_env(env);
        context.set("runner", json!({
            "name": "GitHub Actions 1", "os": "Linux", "arch": "X64", "environment": "github-hosted", "debug": "",
            "temp": play.inside.join("temp"), "tool_cache": "/opt/hostedtoolcache",
            "workspace": play.workspace_inside().parent(),
        }));
        context.set(
            "job",
            json!({ "status": word(play.status), "services": {}, "check_run_id": job.0 }),
        );
        match strand.frames.last() {
            Some(frame) => {
                context.set("steps", steps_value(&frame.steps));
                context.set_value("inputs", super::actions::value(&frame.inputs));
            }
            None => context.set("steps", steps_value(&play.steps)),
        }
        context.files = play
            .files
            .try_clone()
            .ok()
            .map(|files| (files, play.workspace.clone()));
        context
    }

    /// As [`Stage::step_context`] for the job's own step, whatever action it is in.
    pub(super) fn outer_context(&self, job: JobId, play: &JobPlay, strand: &Strand) -> Scope {
        let mut outer = Strand::new(strand.number, strand.at);
        outer.env.clone_from(&strand.env);
        let env = self.env_of(play, &outer);
        self.step_context(job, play, &outer, &env)
    }

    /// A context with the secrets of one of a run's workflows on top.
    pub(super) fn with_secrets(&self, run: RunId, node: usize, place: Place) -> Scope {
        let mut context = self.job_context(run, node, Some(place));
        let flow = self
            .runs
            .get(&run)
            .and_then(|play| Some(play.nodes.get(node)?.flow));
        let secrets = flow.map(|flow| self.secrets_of_flow(run, flow));
        context.set("secrets", json!(secrets.unwrap_or_default()));
        context
    }

    fn status(&self, play: &JobPlay, strand: &Strand) -> Status {
        // Steps of an action see how that goes, not how the job does.
        let status = match strand.frames.last() {
            Some(frame) => frame.status,
            None => play.status,
        };
        Status {
            success: status == Conclusion::Success,
            failure: status == Conclusion::Failure,
            cancelled: play.cancelled,
        }
    }

    /// Whether a step's condition holds.
    pub(super) fn wanted(
        &self,
        job: JobId,
        strand: StrandId,
        step: &wf::Step,
    ) -> Result<bool, EvalError> {
        let Some((play, of)) = self.strand(job, strand) else {
            return Ok(false);
        };
        let status = self.status(play, of);
        match &step.if_ {
            None => Ok(status.success),
            Some(condition) => {
                let context = self.step_context(job, play, of, &self.env_of(play, of));
                condition.value.eval(&context, &status)
            }
        }
    }

    pub(super) fn evaluate_number(
        &self,
        job: JobId,
        strand: StrandId,
        template: &wf::Template,
    ) -> Option<f64> {
        let (play, of) = self.strand(job, strand)?;
        let context = self.step_context(job, play, of, &self.env_of(play, of));
        template.eval_number(&context).ok()
    }

    pub(super) fn evaluate_bool(
        &self,
        job: JobId,
        strand: StrandId,
        template: &wf::Template,
    ) -> bool {
        let Some((play, of)) = self.strand(job, strand) else {
            return false;
        };
        let context = self.step_context(job, play, of, &self.env_of(play, of));
        template.eval_bool(&context).unwrap_or(false)
    }

    pub(super) fn evaluate_text(
        &self,
        job: JobId,
        strand: StrandId,
        template: &wf::Template,
    ) -> Result<String, EvalError> {
        if let Some(text) = template.as_literal() {
            return Ok(text.to_owned());
        }
        let Some((play, of)) = self.strand(job, strand) else {
            return Ok(String::new());
        };
        template.eval_string(&self.step_context(job, play, of, &self.env_of(play, of)))
    }

    pub(super) fn step_name(&self, job: JobId, strand: StrandId, step: &wf::Step) -> String {
        if let Some(name) = step
            .name
            .as_ref()
            .and_then(|name| self.evaluate_text(job, strand, name).ok())
        {
            return name;
        }
        match &step.kind {
            wf::StepKind::Run { script, .. } => format!(
                "Run {}",
                script.source().trim().lines().next().unwrap_or_default()
            ),
            wf::StepKind::Uses { action, .. } => format!("Run {}", action.value),
            _ => step.literal_name().unwrap_or_default(),
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
        let services: Vec<String> = definition.services.keys().cloned().collect();
        if definition.container.is_some() {
            let text = format!(
                "`container` of job `{}`: its steps run on the machine itself",
                play.key
            );
            self.not_modelled(job, MAIN, text);
        }
        for service in services {
            let text = format!("Service container {service} is healthy.");
            self.say(job, MAIN, &text);
        }
    }
}

/// `github.action`: the step's id, else a name after what it does, numbered where there are
/// several.
pub(super) fn action_name(play: &JobPlay, strand: &Strand) -> String {
    let base = |step: &wf::Step| match (&step.id, &step.kind) {
        (Some(id), _) => id.value.clone(),
        (None, wf::StepKind::Uses { action, .. }) => {
            let name = action.value.name().unwrap_or_else(|| "self".to_owned());
            let plain = |c: char| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            };
            format!("__{}", name.chars().map(plain).collect::<String>())
        }
        _ => "__run".to_owned(),
    };
    let Some(step) = play.step(strand) else {
        return String::new();
    };
    let name = base(step);
    let before = match strand.frames.last() {
        Some(frame) => frame
            .action
            .steps()
            .iter()
            .take(frame.at)
            .filter(|other| base(other) == name)
            .count(),
        None => play
            .plan
            .iter()
            .take(strand.number as usize)
            .filter_map(|planned| planned.at().of_play(play))
            .filter(|other| base(other) == name)
            .count(),
    };
    match before {
        0 => name,
        _ => format!("{name}_{}", before + 1),
    }
}
