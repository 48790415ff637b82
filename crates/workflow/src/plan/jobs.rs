//! From job to job in the order of their needs.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::expr::{EvalError, Object, Value};
use crate::graph;
use crate::model::{Concurrency, Job, Workflow};
use crate::partial::{Decided, JobStatus, Known, Members, Scope, Text};
use crate::place::Spanned;
use crate::plan::contexts;
use crate::plan::instances::{combinations, flag, instance_name, join, plain, strategy};
use crate::plan::permissions::{self, ReadOnly};
use crate::plan::upstream::Upstream;
use crate::plan::{
    Gate, Instance, JobPlan, Lock, Outcome, Results, Situation, Skip, TokenScopes, Verdict,
    WorkflowPlan,
};

/// How many instances of jobs are planned: calls and matrices multiply.
const MAX_INSTANCES: usize = 5_000;

pub(super) struct Planner<'s, 'w> {
    pub(super) situation: &'s Situation<'w>,
    /// Instances that may still be planned.
    pub(super) left: Cell<usize>,
}

/// A workflow, and what it is called with.
pub(super) struct Frame<'w> {
    pub(super) workflow: &'w Workflow,
    /// What stands before the names of its jobs: `deploy / `.
    pub(super) name: Text,
    /// What stands before their paths: `deploy/`.
    pub(super) path: String,
    pub(super) github: Known,
    pub(super) inputs: Known,
    pub(super) caller: Option<TokenScopes>,
    /// How many workflows there are, this one included.
    pub(super) depth: usize,
}

/// A job that was planned.
struct Done {
    results: Results,
    upstream: Upstream,
    outputs: Known,
}

impl<'s, 'w> Planner<'s, 'w> {
    pub(super) fn new(situation: &'s Situation<'w>) -> Self {
        Self {
            situation,
            left: Cell::new(MAX_INSTANCES),
        }
    }

    pub(super) fn root(&self, workflow: &'w Workflow) -> Frame<'w> {
        Frame {
            workflow,
            name: Text::default(),
            path: String::new(),
            github: Known::Object(contexts::github(workflow, self.situation)),
            inputs: contexts::inputs(workflow, self.situation),
            caller: None,
            depth: 1,
        }
    }

    /// The contexts that every place of a workflow has.
    pub(super) fn contexts(&self, frame: &Frame<'w>) -> Members {
        Members::closed()
            .with("github", frame.github.clone())
            .with("inputs", frame.inputs.clone())
            .with("vars", self.situation.facts.vars.clone())
    }

    pub(super) fn run_name(&self, frame: &Frame<'w>) -> Option<Text> {
        let contexts = self.contexts(frame);
        let name = frame.workflow.run_name.as_ref()?;
        Scope::new(&contexts).text(name).ok()
    }

    pub(super) fn workflow_lock(&self, frame: &Frame<'w>) -> Option<Lock> {
        let contexts = self.contexts(frame);
        let concurrency = frame.workflow.concurrency.as_ref()?;
        lock(concurrency, &Scope::new(&contexts)).ok().flatten()
    }

    /// The jobs of a workflow that does not start.
    pub(super) fn idle(&self, frame: &Frame<'w>) -> Vec<JobPlan> {
        let jobs = &frame.workflow.jobs;
        let in_order = graph::order(frame.workflow)
            .into_iter()
            .filter_map(|id| jobs.get(id));
        let idle = in_order.map(|job| {
            let verdict = Verdict::Skipped(Skip::NotTriggered);
            let results = Results::only(Outcome::Skipped);
            let mut contexts = self.contexts(frame);
            self.unknown_contexts(&mut contexts);
            contexts.set("needs", Known::unknown());
            self.job_plan(
                frame,
                job,
                verdict,
                results,
                self.label(frame, job, &contexts),
            )
        });
        idle.collect()
    }

    /// The jobs of a workflow that starts.
    pub(super) fn jobs(&self, frame: &Frame<'w>) -> Vec<JobPlan> {
        self.with_outputs(frame).0
    }

    /// The same, and what `jobs` is for the outputs of a called workflow.
    pub(super) fn with_outputs(&self, frame: &Frame<'w>) -> (Vec<JobPlan>, Members) {
        let mut done: BTreeMap<&str, Done> = BTreeMap::new();
        let mut plans = Vec::new();
        for id in graph::order(frame.workflow) {
            let Some(job) = frame.workflow.jobs.get(id) else {
                continue;
            };
            let mut upstream = Upstream::default();
            let mut needs = Members::closed();
            for need in &job.needs {
                if let Some(needed) = done.get(need.value.as_str()) {
                    upstream.add(&need.value, needed.results, &needed.upstream);
                    needs.set(&need.value, as_need(needed));
                }
            }
            let mut contexts = self.contexts(frame);
            contexts.set("needs", needs);
            self.unknown_contexts(&mut contexts);
            let (plan, outputs) = self.job(frame, job, &upstream, &contexts);
            let results = plan.results;
            done.insert(
                id,
                Done {
                    results,
                    upstream,
                    outputs,
                },
            );
            plans.push(plan);
        }
        let mut jobs = Members::closed();
        for (id, done) in &done {
            jobs.set(id, as_need(done));
        }
        (plans, jobs)
    }

    /// Contexts of which nothing is known before the job is on its runner, or whose values are
    /// secret.
    fn unknown_contexts(&self, contexts: &mut Members) {
        for name in [
            "matrix", "strategy", "secrets", "steps", "job", "runner", "env",
        ] {
            contexts.set(name, Known::unknown());
        }
    }

    fn job(
        &self,
        frame: &Frame<'w>,
        job: &'w Job,
        upstream: &Upstream,
        contexts: &Members,
    ) -> (JobPlan, Known) {
        let nothing = || Known::Object(Members::closed());
        let mut verdict = verdict(job, upstream, contexts);
        let label = self.label(frame, job, contexts);
        if matches!(verdict, Verdict::Skipped(_) | Verdict::Fails(_)) {
            let outcome = match verdict {
                Verdict::Fails(_) => Outcome::Failure,
                _ => Outcome::Skipped,
            };
            let results = Results::only(outcome);
            return (
                self.job_plan(frame, job, verdict, results, label),
                nothing(),
            );
        }
        let (combinations, matrix) = match combinations(job.strategy.as_ref(), contexts) {
            Ok(found) => found,
            Err(message) => {
                let mut results = Results::only(Outcome::Failure);
                match &verdict {
                    Verdict::Unknown(_) => results = results.or(Results::only(Outcome::Skipped)),
                    _ => verdict = Verdict::Fails(message),
                }
                return (
                    self.job_plan(frame, job, verdict, results, label),
                    nothing(),
                );
            }
        };
        let token = self.token(frame, job);
        let path = format!("{}{}", frame.path, job.id.value);
        let mut instances = Vec::new();
        let mut ends = Vec::new();
        let mut outputs = None;
        let total = combinations.len();
        for (index, combination) in combinations.into_iter().enumerate() {
            if self.left.get() == 0 {
                break;
            }
            self.left.set(self.left.get() - 1);
            let mut contexts = contexts.clone();
            contexts.set("strategy", strategy(matrix.as_ref(), index, total));
            if let Some(combination) = &combination {
                contexts.set("matrix", Value::from(combination.clone()));
            }
            let scope = Scope::new(&contexts).with_status(JobStatus::SUCCESS);
            let planned = self.instance(frame, job, &path, combination.as_ref(), &token, &scope);
            let (instance, end) = match planned {
                Ok(planned) => planned,
                Err(error) => {
                    let results = Results::only(Outcome::Failure);
                    if verdict == Verdict::Runs {
                        verdict = Verdict::Fails(error.to_string());
                    }
                    return (
                        self.job_plan(frame, job, verdict, results, label),
                        nothing(),
                    );
                }
            };
            ends.push(end.results);
            outputs = Some(match (outputs.take(), end.outputs) {
                (None, Some(own)) => own,
                // Instances overwrite each other's outputs.
                (Some(_), _) => declared(job),
                (None, None) => self.outputs(job, &scope),
            });
            instances.push(instance);
        }
        let mut results = Results::worst(ends);
        if matches!(verdict, Verdict::Unknown(_)) {
            results = results.or(Results::only(Outcome::Skipped));
            outputs = None;
        }
        let outputs = match outputs {
            Some(outputs) if results.must(Outcome::Success) => outputs,
            _ => declared(job),
        };
        let mut plan = self.job_plan(frame, job, verdict, results, label);
        plan.permissions = token;
        plan.matrix = matrix;
        plan.instances = instances;
        (plan, outputs)
    }

    fn job_plan(
        &self,
        frame: &Frame<'w>,
        job: &Job,
        verdict: Verdict,
        results: Results,
        name: Text,
    ) -> JobPlan {
        JobPlan {
            id: job.id.value.clone(),
            path: format!("{}{}", frame.path, job.id.value),
            name,
            place: job.id.place.clone(),
            needs: job.needs.iter().map(|need| need.value.clone()).collect(),
            condition: job.if_.as_ref().map(|condition| {
                let value = &condition.value;
                Spanned::new(value.source().trim().to_owned(), value.place().clone())
            }),
            verdict,
            results,
            permissions: self.token(frame, job),
            matrix: None,
            instances: Vec::new(),
        }
    }

    fn token(&self, frame: &Frame<'w>, job: &Job) -> TokenScopes {
        let read_only = ReadOnly::of(self.situation.event.as_ref(), &self.situation.facts);
        let caller = frame.caller.as_ref();
        permissions::in_effect(frame.workflow, job, caller, self.situation.token, read_only)
    }

    /// A job's name before its matrix is expanded.
    fn label(&self, frame: &Frame<'w>, job: &Job, contexts: &Members) -> Text {
        let own = job
            .name
            .as_ref()
            .and_then(|name| Scope::new(contexts).text(name).ok());
        let own = own.filter(|name| !name.shown.is_empty());
        join(&frame.name, own.unwrap_or_else(|| plain(&job.id.value)))
    }

    fn instance(
        &self,
        frame: &Frame<'w>,
        job: &'w Job,
        path: &str,
        combination: Option<&Object>,
        token: &TokenScopes,
        scope: &Scope<'_>,
    ) -> Result<(Instance, End), EvalError> {
        let name = join(&frame.name, instance_name(job, combination, scope)?);
        let environment = match &job.environment {
            None => None,
            Some(used) => {
                let name = scope.text(&used.name)?;
                let gate = Gate {
                    url: used.url.as_ref().map(|url| scope.text(url)).transpose()?,
                    deployment: match &used.deployment {
                        Some(deployment) => flag(deployment, scope)?,
                        None => Some(true),
                    },
                    place: used.place.clone(),
                    name,
                };
                // An empty name is no environment.
                (gate.name.known() != Some("")).then_some(gate)
            }
        };
        let lock = match &job.concurrency {
            Some(concurrency) => lock(concurrency, scope)?,
            None => None,
        };
        let assumed = self.situation.assumptions.of(path);
        let mut end = End {
            results: Results::only(assumed.unwrap_or(Outcome::Success)),
            outputs: None,
        };
        let mut call = None;
        if let Some(called) = &job.call {
            let (plan, results, outputs) = self.call(frame, called, path, &name, token, scope)?;
            call = Some(plan);
            end.outputs = Some(outputs);
            if assumed.is_none() {
                end.results = results;
            }
        }
        // GitHub takes the failure of such a job for success.
        if let (Some(forgiven), true) = (&job.continue_on_error, end.results.may(Outcome::Failure))
        {
            end.results = match flag(forgiven, scope)? {
                Some(true) => end.results.forgiven(),
                Some(false) => end.results,
                None => end.results.or(end.results.forgiven()),
            };
        }
        let matrix = combination.into_iter().flat_map(Object::iter);
        let instance = Instance {
            name,
            matrix: matrix
                .map(|(axis, value)| (axis.to_owned(), value.clone()))
                .collect(),
            environment,
            lock,
            call,
        };
        Ok((instance, end))
    }

    /// `outputs` of a job, as far as they are written in the file.
    fn outputs(&self, job: &Job, scope: &Scope<'_>) -> Known {
        let mut outputs = Members::closed();
        for (name, template) in &job.outputs {
            let known = scope
                .template(template)
                .unwrap_or_else(|_| Known::unknown());
            outputs.set(
                &name.value,
                match known.value() {
                    Some(value) => Known::from(value.to_text()),
                    None => Known::unknown(),
                },
            );
        }
        Known::Object(outputs)
    }
}

/// How an instance ends.
struct End {
    results: Results,
    /// Of a call.
    outputs: Option<Known>,
}

/// Outputs by name, their values not known.
fn declared(job: &Job) -> Known {
    if job.call.is_some() {
        return Known::unknown();
    }
    let mut outputs = Members::closed();
    for (name, _) in &job.outputs {
        outputs.set(&name.value, Known::unknown());
    }
    Known::Object(outputs)
}

fn as_need(done: &Done) -> Known {
    let mut results = done.results.iter();
    let result = match (results.next(), results.next()) {
        (Some(only), None) => Known::from(only.as_str()),
        _ => Known::one_of(done.results.iter().map(Outcome::as_str)),
    };
    Known::Object(
        Members::closed()
            .with("result", result)
            .with("outputs", done.outputs.clone()),
    )
}

/// Whether a job runs, by its needs and its `if`.
fn verdict(job: &Job, upstream: &Upstream, contexts: &Members) -> Verdict {
    let status = upstream.status();
    let condition = job.if_.as_ref();
    let implied = condition.is_none_or(|c| !c.value.calls_status_function());
    if implied && let Some(skip) = upstream.skip() {
        return Verdict::Skipped(skip);
    }
    let success = status.success;
    let decided = match condition {
        None => Decided::Yes,
        Some(condition) => {
            let scope = Scope::new(contexts).with_status(status);
            match scope.condition(&condition.value) {
                Ok(Decided::No(decided)) => {
                    return Verdict::Skipped(Skip::Condition {
                        source: condition.value.source().to_owned(),
                        place: condition.value.place().clone(),
                        decided,
                    });
                }
                Ok(decided) => decided,
                Err(error) => return Verdict::Fails(error.to_string()),
            }
        }
    };
    let holds = decided == Decided::Yes;
    let mut unknown = match decided {
        Decided::Unknown(reads) => reads,
        _ => Vec::new(),
    };
    let uncertain = implied && success.is_none();
    if uncertain
        || unknown
            .iter()
            .any(|read| read == "success()" || read == "failure()")
    {
        unknown.retain(|read| read != "success()" && read != "failure()");
        for read in upstream.unknown() {
            if !unknown.contains(&read) {
                unknown.push(read);
            }
        }
    }
    match (holds, uncertain) {
        (true, false) => Verdict::Runs,
        _ => Verdict::Unknown(unknown),
    }
}

fn lock(concurrency: &Concurrency, scope: &Scope<'_>) -> Result<Option<Lock>, EvalError> {
    let group = scope.text(&concurrency.group)?;
    let cancel_in_progress = match &concurrency.cancel_in_progress {
        Some(template) => flag(template, scope)?,
        None => Some(false),
    };
    // An empty group is no group.
    let named = group.known() != Some("");
    Ok(named.then(|| Lock {
        group,
        cancel_in_progress,
        queue: concurrency.queue,
        place: concurrency.place.clone(),
    }))
}

impl WorkflowPlan {
    /// Every job, those of called workflows after the job that calls them.
    pub fn every_job(&self) -> Vec<&JobPlan> {
        fn collect<'p>(jobs: &'p [JobPlan], found: &mut Vec<&'p JobPlan>) {
            for job in jobs {
                found.push(job);
                for call in job.instances.iter().filter_map(|i| i.call.as_ref()) {
                    collect(&call.jobs, found);
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.jobs, &mut found);
        found
    }
}
