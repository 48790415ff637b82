//! Every place of a workflow where expressions may stand, with what may stand there.

use crate::condition::Condition;
use crate::expr::Scope;
use crate::model::{
    ActionFile, CallSecrets, ComputedKey, Concurrency, Container, Defaults, Job, Matrix, Pairs,
    RunsKind, Step, StepKind, Workflow,
};
use crate::place::{Place, Spanned};
use crate::template::{Data, Template, TemplateExpr};

/// A text with expressions and where it is used.
#[derive(Clone, Copy)]
pub(crate) struct Site<'w> {
    pub(crate) text: Text<'w>,
    pub(crate) key: Key<'w>,
    /// What its expressions may name.
    #[allow(dead_code)] // Read while the places are listed.
    pub(crate) scope: &'static Scope<'static>,
    /// The job that it is in.
    pub(crate) job: Option<&'w Job>,
    /// The step that it is in.
    pub(crate) step: Option<StepAt<'w>>,
}

/// A step and how many of its job's steps stand before it; steps of one `parallel` share a number.
#[derive(Clone, Copy)]
pub(crate) struct StepAt<'w> {
    pub(crate) step: &'w Step,
    pub(crate) index: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Text<'w> {
    Template(&'w Template),
    Condition(&'w Spanned<Condition>),
}

/// What the text is the value of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key<'w> {
    RunName,
    /// An input's default of `workflow_call`.
    InputDefault(&'w str),
    /// An output of `workflow_call`.
    CallOutput,
    /// An output of a composite action.
    ActionOutput,
    /// A variable of `env`.
    Env,
    ConcurrencyGroup,
    CancelInProgress,
    Shell,
    WorkingDirectory,
    Name,
    If,
    RunsOn,
    RunnerGroup,
    EnvironmentName,
    EnvironmentUrl,
    EnvironmentDeployment,
    /// An output of a job.
    JobOutput,
    TimeoutMinutes,
    ContinueOnError,
    /// Anything of `container` or of a service but `env` and `credentials`.
    Container,
    Credentials,
    /// A whole `strategy`.
    Strategy,
    FailFast,
    MaxParallel,
    /// A whole `strategy.matrix`.
    Matrix,
    /// A whole row of a matrix, or a whole `include` or `exclude`.
    MatrixRow(&'w str),
    /// A value somewhere inside a matrix.
    MatrixValue,
    /// A whole mapping, by the name of its key.
    Expanded(&'static str),
    /// A key of `env`, `with`, `outputs` or `secrets` that is an expression.
    ComputedName,
    /// What such a key holds.
    ComputedValue,
    /// An input of an action.
    With(&'w str),
    /// An input of a called workflow.
    CallInput(&'w str),
    CallSecret(&'w str),
    Run,
}

impl<'w> Site<'w> {
    /// The expressions in it, in order.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &'w TemplateExpr> + use<'w> {
        let (condition, template) = match self.text {
            Text::Condition(c) => (Some(c.value.expressions()), None),
            Text::Template(t) => (None, Some(t.expressions())),
        };
        condition
            .into_iter()
            .flatten()
            .chain(template.into_iter().flatten())
    }

    pub(crate) fn place(&self) -> &'w Place {
        match self.text {
            Text::Template(t) => t.place(),
            Text::Condition(c) => &c.place,
        }
    }
}

/// All sites, in the order of the model.
pub(crate) fn sites(workflow: &Workflow) -> Vec<Site<'_>> {
    let mut walk = Walk::new(&Scope::STEP, &Scope::STEP_IF);
    walk.workflow(workflow);
    walk.sites
}

/// All sites of an action's metadata.
pub(crate) fn action_sites(action: &ActionFile) -> Vec<Site<'_>> {
    let mut walk = Walk::new(&Scope::ACTION_STEP, &Scope::ACTION_STEP_IF);
    walk.action(action);
    walk.sites
}

struct Walk<'w> {
    sites: Vec<Site<'w>>,
    job: Option<&'w Job>,
    step: Option<StepAt<'w>>,
    step_scope: &'static Scope<'static>,
    step_if_scope: &'static Scope<'static>,
}

impl<'w> Walk<'w> {
    fn new(step_scope: &'static Scope<'static>, step_if_scope: &'static Scope<'static>) -> Self {
        Self {
            sites: Vec::with_capacity(64),
            job: None,
            step: None,
            step_scope,
            step_if_scope,
        }
    }

    fn action(&mut self, action: &'w ActionFile) {
        for (name, input) in &action.inputs {
            let key = Key::InputDefault(name);
            self.put_all(key, &input.default, &Scope::ACTION_INPUT_DEFAULT);
        }
        let conditions = match &action.runs.kind {
            RunsKind::Composite(runs) => {
                for (index, step) in runs.steps.iter().enumerate() {
                    self.step(step, index);
                }
                [None, None]
            }
            RunsKind::JavaScript(runs) => [&runs.pre_if, &runs.post_if].map(Option::as_ref),
            RunsKind::Docker(runs) => {
                self.put_all(Key::Container, &runs.args, &Scope::ACTION_CONTAINER);
                self.env(&runs.env, &Scope::ACTION_CONTAINER);
                [&runs.pre_if, &runs.post_if].map(Option::as_ref)
            }
        };
        for condition in conditions.into_iter().flatten() {
            self.push(Key::If, Text::Condition(condition), &Scope::ACTION_RUNS_IF);
        }
        for output in action.outputs.values() {
            self.put_all(Key::ActionOutput, &output.value, &Scope::ACTION_OUTPUT);
        }
    }

    fn put(&mut self, key: Key<'w>, template: &'w Template, scope: &'static Scope<'static>) {
        self.push(key, Text::Template(template), scope);
    }

    fn push(&mut self, key: Key<'w>, text: Text<'w>, scope: &'static Scope<'static>) {
        self.sites.push(Site {
            text,
            key,
            scope,
            job: self.job,
            step: self.step,
        });
    }

    fn put_all(
        &mut self,
        key: Key<'w>,
        templates: impl IntoIterator<Item = &'w Template>,
        scope: &'static Scope<'static>,
    ) {
        for template in templates {
            self.put(key, template, scope);
        }
    }

    fn env(&mut self, env: &'w Pairs, scope: &'static Scope<'static>) {
        self.put_all(Key::Env, env.iter().map(|(_, value)| value), scope);
        self.unwritten("env", env, scope);
    }

    /// What of a mapping is not a written name with its value.
    fn unwritten(&mut self, key: &'static str, pairs: &'w Pairs, scope: &'static Scope<'static>) {
        self.put_all(Key::Expanded(key), pairs.whole.as_deref(), scope);
        for (name, value) in &pairs.computed {
            if let ComputedKey::Name(name) = name {
                self.put(Key::ComputedName, name, scope);
            }
            self.put(Key::ComputedValue, value, scope);
        }
    }

    fn workflow(&mut self, workflow: &'w Workflow) {
        self.put_all(Key::RunName, &workflow.run_name, &Scope::WORKFLOW);
        if let Some(call) = &workflow.on.workflow_call {
            for (name, input) in &call.inputs {
                let key = Key::InputDefault(name);
                self.put_all(key, &input.default, &Scope::CALL_INPUT_DEFAULT);
            }
            for output in call.outputs.values() {
                self.put(Key::CallOutput, &output.value, &Scope::CALL_OUTPUT);
            }
        }
        self.env(&workflow.env, &Scope::WORKFLOW_ENV);
        self.defaults(&workflow.defaults, &Scope::NONE);
        self.concurrency(workflow.concurrency.as_ref(), &Scope::WORKFLOW);
        for job in workflow.jobs.values() {
            self.job = Some(job);
            self.job(job);
            self.job = None;
        }
    }

    fn defaults(&mut self, defaults: &'w Defaults, scope: &'static Scope<'static>) {
        self.put_all(Key::Shell, &defaults.run.shell, scope);
        let directory = &defaults.run.working_directory;
        self.put_all(Key::WorkingDirectory, directory, scope);
    }

    fn concurrency(
        &mut self,
        concurrency: Option<&'w Concurrency>,
        scope: &'static Scope<'static>,
    ) {
        if let Some(concurrency) = concurrency {
            self.put(Key::ConcurrencyGroup, &concurrency.group, scope);
            let cancel = &concurrency.cancel_in_progress;
            self.put_all(Key::CancelInProgress, cancel, scope);
        }
    }

    fn job(&mut self, job: &'w Job) {
        self.put_all(Key::Name, &job.name, &Scope::JOB);
        if let Some(condition) = &job.if_ {
            self.push(Key::If, Text::Condition(condition), &Scope::JOB_IF);
        }
        if let Some(runs_on) = &job.runs_on {
            self.put_all(Key::RunnerGroup, &runs_on.group, &Scope::JOB);
            self.put_all(Key::RunsOn, &runs_on.labels, &Scope::JOB);
        }
        if let Some(environment) = &job.environment {
            self.put(Key::EnvironmentName, &environment.name, &Scope::JOB);
            let url = &environment.url;
            self.put_all(Key::EnvironmentUrl, url, &Scope::ENVIRONMENT_URL);
            let deployment = &environment.deployment;
            self.put_all(Key::EnvironmentDeployment, deployment, &Scope::JOB);
        }
        self.concurrency(job.concurrency.as_ref(), &Scope::JOB);
        let outputs = job.outputs.iter().map(|(_, value)| value);
        self.put_all(Key::JobOutput, outputs, &Scope::RUNNER);
        self.unwritten("outputs", &job.outputs, &Scope::RUNNER);
        self.env(&job.env, &Scope::JOB_ENV);
        self.defaults(&job.defaults, &Scope::JOB_DEFAULTS);
        self.put_all(Key::TimeoutMinutes, &job.timeout_minutes, &Scope::JOB);
        self.put_all(Key::ContinueOnError, &job.continue_on_error, &Scope::JOB);
        let whole = &job.services.whole;
        self.put_all(Key::Expanded("services"), whole, &Scope::JOB);
        if let Some(condition) = job.snapshot.as_ref().and_then(|s| s.if_.as_ref()) {
            self.push(Key::If, Text::Condition(condition), &Scope::SNAPSHOT_IF);
        }
        let minutes = &job.cancel_timeout_minutes;
        self.put_all(Key::TimeoutMinutes, minutes, &Scope::JOB);
        for container in job.container.iter().chain(job.services.values()) {
            self.container(container);
        }
        if let Some(strategy) = &job.strategy {
            self.put_all(Key::Strategy, &strategy.whole, &Scope::STRATEGY);
            self.put_all(Key::FailFast, &strategy.fail_fast, &Scope::STRATEGY);
            self.put_all(Key::MaxParallel, &strategy.max_parallel, &Scope::STRATEGY);
            if let Some(matrix) = &strategy.matrix {
                self.matrix(matrix);
            }
        }
        if let Some(call) = &job.call {
            for (name, value) in &call.with {
                self.put(Key::CallInput(&name.value), value, &Scope::JOB);
            }
            self.unwritten("with", &call.with, &Scope::JOB);
            if let CallSecrets::Given(secrets) = &call.secrets {
                for (name, value) in secrets {
                    self.put(Key::CallSecret(&name.value), value, &Scope::JOB_ENV);
                }
                self.unwritten("secrets", secrets, &Scope::JOB_ENV);
            }
        }
        for (index, step) in job.steps.iter().enumerate() {
            self.step(step, index);
        }
    }

    fn container(&mut self, container: &'w Container) {
        let scope = &Scope::JOB;
        self.put(Key::Container, &container.image, scope);
        let Container {
            options,
            ports,
            volumes,
            entrypoint,
            command,
            ..
        } = container;
        self.put_all(Key::Container, options, scope);
        self.put_all(Key::Container, ports, scope);
        self.put_all(Key::Container, volumes, scope);
        self.put_all(Key::Container, entrypoint, scope);
        self.put_all(Key::Container, command, scope);
        self.env(&container.env, &Scope::RUNNER);
        if let Some(credentials) = &container.credentials {
            let scope = &Scope::CREDENTIALS;
            self.put_all(Key::Credentials, &credentials.username, scope);
            self.put_all(Key::Credentials, &credentials.password, scope);
            self.put_all(Key::Expanded("credentials"), &credentials.whole, scope);
        }
    }

    fn matrix(&mut self, matrix: &'w Matrix) {
        self.put_all(Key::Matrix, &matrix.whole, &Scope::STRATEGY);
        for (name, data) in &matrix.axes {
            self.row(&name.value, data);
        }
        for (name, data) in [("include", &matrix.include), ("exclude", &matrix.exclude)] {
            if let Some(data) = data {
                self.row(name, data);
            }
        }
    }

    fn row(&mut self, name: &'w str, data: &'w Data) {
        match data {
            Data::Scalar(template) => self.put(Key::MatrixRow(name), template, &Scope::STRATEGY),
            _ => self.put_all(Key::MatrixValue, data.templates(), &Scope::STRATEGY),
        }
    }

    fn step(&mut self, step: &'w Step, index: usize) {
        self.step = Some(StepAt { step, index });
        let scope = self.step_scope;
        if let Some(condition) = &step.if_ {
            self.push(Key::If, Text::Condition(condition), self.step_if_scope);
        }
        self.put_all(Key::Name, &step.name, scope);
        self.env(&step.env, scope);
        self.put_all(Key::TimeoutMinutes, &step.timeout_minutes, scope);
        self.put_all(Key::ContinueOnError, &step.continue_on_error, scope);
        match &step.kind {
            StepKind::Run {
                script,
                shell,
                working_directory,
            } => {
                self.put(Key::Run, script, scope);
                self.put_all(Key::Shell, shell, &Scope::NONE);
                self.put_all(Key::WorkingDirectory, working_directory, scope);
            }
            StepKind::Uses { with, .. } => {
                for (name, value) in with {
                    self.put(Key::With(&name.value), value, scope);
                }
                self.unwritten("with", with, scope);
            }
            StepKind::Parallel { steps } => {
                for step in steps {
                    self.step(step, index);
                }
            }
            StepKind::Wait { .. } | StepKind::WaitAll | StepKind::Cancel { .. } => {}
        }
        self.step = None;
    }
}
