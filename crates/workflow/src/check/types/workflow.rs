//! The contexts of one workflow, made when first asked for and shared by its expressions.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use super::contexts;
use super::infer::Environment;
use super::lattice::{Object, Type};
use super::matrix::matrix;
use super::steps::Steps;
use crate::check::repository::Repository;
use crate::check::site::Site;
use crate::model::{Input, InputType, Job, Workflow};

/// The contexts of a workflow that do not depend on the job, and those of the last job asked for.
pub(crate) struct Contexts<'w> {
    workflow: &'w Workflow,
    repository: &'w Repository<'w>,
    github: OnceCell<Type>,
    inputs: OnceCell<Type>,
    secrets: OnceCell<Type>,
    jobs: OnceCell<Type>,
    job: RefCell<Option<OfJob<'w>>>,
}

/// The contexts of a job.
struct OfJob<'w> {
    job: &'w Job,
    needs: Option<Type>,
    matrix: Option<Type>,
    itself: Option<Type>,
    steps: Steps<'w>,
}

impl<'w> OfJob<'w> {
    fn new(job: &'w Job) -> Self {
        Self {
            job,
            needs: None,
            matrix: None,
            itself: None,
            steps: Steps::new(&job.steps),
        }
    }
}

/// The contexts at one place of a workflow.
pub(crate) struct Here<'c, 'w> {
    pub(crate) contexts: &'c Contexts<'w>,
    pub(crate) job: Option<&'w Job>,
    /// How many steps of the job are through; `None` for all of them.
    pub(crate) steps: Option<usize>,
}

impl<'c, 'w> Here<'c, 'w> {
    pub(crate) fn at(contexts: &'c Contexts<'w>, site: &Site<'w>) -> Self {
        Self {
            contexts,
            job: site.job,
            steps: site.step.map(|step| step.index),
        }
    }
}

impl Environment for Here<'_, '_> {
    fn context(&self, name: &str) -> Type {
        let contexts = self.contexts;
        match name.to_ascii_lowercase().as_str() {
            "github" => contexts.github(),
            "env" | "vars" => contexts::texts(),
            "runner" => contexts::runner(),
            "strategy" => contexts::strategy(),
            "inputs" => contexts.inputs(),
            "secrets" => contexts.secrets(),
            "jobs" => contexts.jobs(),
            of_job => {
                let of_job = self.job.map(|job| match of_job {
                    "needs" => contexts.needs(job),
                    "job" => contexts.ask(job, |of| {
                        of.itself.get_or_insert_with(|| itself(job)).clone()
                    }),
                    "steps" => {
                        contexts.ask(job, |of| of.steps.after(self.steps, contexts.repository))
                    }
                    "matrix" => contexts.matrix(job),
                    _ => Type::Any,
                });
                of_job.unwrap_or(Type::Any)
            }
        }
    }
}

impl<'w> Contexts<'w> {
    pub(crate) fn new(workflow: &'w Workflow, repository: &'w Repository<'w>) -> Self {
        Self {
            workflow,
            repository,
            github: OnceCell::new(),
            inputs: OnceCell::new(),
            secrets: OnceCell::new(),
            jobs: OnceCell::new(),
            job: RefCell::new(None),
        }
    }

    /// Asks the contexts of a job.
    fn ask<T>(&self, job: &'w Job, ask: impl FnOnce(&mut OfJob<'w>) -> T) -> T {
        let mut slot = self.job.borrow_mut();
        let of = match &mut *slot {
            Some(of) if std::ptr::eq(of.job, job) => of,
            slot => slot.insert(OfJob::new(job)),
        };
        ask(of)
    }

    fn github(&self) -> Type {
        let make = || {
            let on = &self.workflow.on;
            // The event of a called workflow is its caller's.
            let inputs = match (&on.workflow_dispatch, &on.workflow_call) {
                (Some(dispatch), None) => &dispatch.inputs,
                _ => return contexts::github(Type::Any),
            };
            // Unlike in `inputs`, all values are text here.
            let mut texts = Object::strict();
            for name in inputs.keys() {
                texts.set(name, Type::String);
            }
            let event = Object::open(Type::Any).with("inputs", texts.into());
            contexts::github(event.into())
        };
        self.github.get_or_init(make).clone()
    }

    fn inputs(&self) -> Type {
        let make = || {
            let on = &self.workflow.on;
            let dispatch = on.workflow_dispatch.iter().flat_map(|d| &d.inputs);
            let call = on.workflow_call.iter().flat_map(|c| &c.inputs);
            let mut inputs = Object::strict();
            for (name, input) in dispatch.chain(call) {
                inputs.widen(name, of_input(input));
            }
            inputs.into()
        };
        self.inputs.get_or_init(make).clone()
    }

    fn secrets(&self) -> Type {
        let make = || {
            let on = &self.workflow.on;
            let declared = match &on.workflow_call {
                // Other events bring the secrets of the repository, `secrets: inherit` those of
                // the caller: where none are declared, that is what a workflow counts on.
                Some(call) if !call.secrets.is_empty() && on.events().len() == 1 => &call.secrets,
                _ => return contexts::texts(),
            };
            let mut secrets = Object::strict();
            for name in ["GITHUB_TOKEN", "ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"] {
                secrets.set(name, Type::String);
            }
            for name in declared.keys() {
                secrets.set(name, Type::String);
            }
            secrets.into()
        };
        self.secrets.get_or_init(make).clone()
    }

    fn jobs(&self) -> Type {
        let make = || {
            let mut all = Object::strict();
            for job in self.workflow.jobs.values() {
                all.set(&job.id.value, self.outcome(job));
            }
            all.into()
        };
        self.jobs.get_or_init(make).clone()
    }

    /// The jobs that this one waits for itself, not those behind them.
    fn needs(&self, job: &'w Job) -> Type {
        let jobs = match self.jobs() {
            Type::Object(jobs) => Some(jobs),
            _ => None,
        };
        let make = || {
            let mut all = Object::strict();
            for id in &job.needs {
                // That there is no such job is said elsewhere.
                let outcome = jobs.as_ref().and_then(|jobs| jobs.member(&id.value));
                all.set(&id.value, outcome.cloned().unwrap_or(Type::Any));
            }
            all.into()
        };
        self.ask(job, |of| of.needs.get_or_insert_with(make).clone())
    }

    /// The result and the outputs of a job.
    fn outcome(&self, job: &Job) -> Type {
        Object::strict()
            .with("outputs", self.outputs(job))
            .with("result", Type::String)
            .into()
    }

    fn outputs(&self, job: &Job) -> Type {
        let mut outputs = Object::strict();
        match &job.call {
            None => {
                for (name, _) in &job.outputs {
                    outputs.set(&name.value, Type::String);
                }
            }
            Some(call) => match self.called(&call.uses.value) {
                Some(called) => {
                    let interface = called.on.workflow_call.as_ref();
                    for name in interface.iter().flat_map(|i| i.outputs.keys()) {
                        outputs.set(name, Type::String);
                    }
                }
                None => return contexts::texts(),
            },
        }
        outputs.into()
    }

    /// The workflow of this repository that a `uses` names, if it can be read.
    pub(crate) fn called(&self, uses: &str) -> Option<Arc<Workflow>> {
        let path = uses
            .strip_prefix("./")
            .or_else(|| uses.strip_prefix("$/"))?;
        self.repository.workflow(path).readable()
    }

    fn matrix(&self, job: &'w Job) -> Type {
        if let Some(known) = self.ask(job, |of| of.matrix.clone()) {
            return known;
        }
        // The rows may ask for other contexts of the job.
        let here = Here {
            contexts: self,
            job: Some(job),
            steps: Some(0),
        };
        let made = matrix(job.strategy.as_ref(), &here);
        self.ask(job, |of| of.matrix.insert(made).clone())
    }
}

fn itself(job: &Job) -> Type {
    let expanded = job.services.whole.is_some();
    let names = job.services.keys().map(String::as_str);
    contexts::job((!expanded).then_some(names))
}

/// The type of an input's value.
pub(crate) fn of_input(input: &Input) -> Type {
    match input.kind {
        InputType::Boolean => Type::Bool,
        InputType::Number => Type::Number,
        InputType::String | InputType::Choice | InputType::Environment => Type::String,
    }
}
