//! Jobs that call a workflow.

use crate::call::MAX_CALL_DEPTH;
use crate::expr::EvalError;
use crate::model::JobCall;
use crate::partial::{Known, Members, Scope, Text};
use crate::plan::contexts;
use crate::plan::instances::{join, plain};
use crate::plan::jobs::{Frame, Planner};
use crate::plan::{CallPlan, JobPlan, Outcome, Results, TokenScopes};

impl<'w> Planner<'_, 'w> {
    /// The called workflow's jobs, how they end together, and its outputs.
    pub(super) fn call(
        &self,
        frame: &Frame<'w>,
        call: &'w JobCall,
        path: &str,
        name: &Text,
        token: &TokenScopes,
        scope: &Scope<'_>,
    ) -> Result<(CallPlan, Results, Known), EvalError> {
        let uses = &call.uses.value;
        let mut plan = CallPlan {
            uses: uses.clone(),
            place: call.uses.place.clone(),
            file: None,
            jobs: Vec::new(),
            unexplored: None,
        };
        let mut given = Vec::new();
        for (input, template) in &call.with {
            given.push((input.value.clone(), scope.template(template)?));
        }
        let success = Results::only(Outcome::Success);
        let Some(called) = (self.situation.find)(uses) else {
            plan.unexplored = Some("its file is not here".to_owned());
            return Ok((plan, success, Known::unknown()));
        };
        plan.file = Some(called.place.file.to_string());
        if frame.depth >= MAX_CALL_DEPTH {
            let why = format!("calls nest deeper than {MAX_CALL_DEPTH} workflows");
            plan.unexplored = Some(why);
            return Ok((plan, success, Known::unknown()));
        }
        if self.left.get() == 0 {
            plan.unexplored = Some("too many jobs to list".to_owned());
            return Ok((plan, success, Known::unknown()));
        }
        let vars = &self.situation.facts.vars;
        let inner = Frame {
            workflow: called,
            name: join(name, plain(" / ")),
            path: format!("{path}/"),
            github: frame.github.clone(),
            inputs: contexts::call_inputs(called, &given, &frame.github, vars),
            caller: Some(token.clone()),
            depth: frame.depth + 1,
        };
        let (jobs, ended) = self.with_outputs(&inner);
        let results = together(&jobs);
        let outputs = match results.must(Outcome::Success) {
            true => self.call_outputs(&inner, ended),
            false => Known::unknown(),
        };
        plan.jobs = jobs;
        Ok((plan, results, outputs))
    }

    fn call_outputs(&self, frame: &Frame<'w>, jobs: Members) -> Known {
        let mut contexts = self.contexts(frame);
        contexts.set("jobs", jobs);
        let scope = Scope::new(&contexts);
        let mut outputs = Members::closed();
        let declared = frame.workflow.on.workflow_call.as_ref();
        for (name, output) in declared.into_iter().flat_map(|call| &call.outputs) {
            let known = scope
                .template(&output.value)
                .unwrap_or_else(|_| Known::unknown());
            outputs.set(
                name,
                match known.value() {
                    Some(value) => Known::from(value.to_text()),
                    None => Known::unknown(),
                },
            );
        }
        Known::Object(outputs)
    }
}

fn together(jobs: &[JobPlan]) -> Results {
    let together = Results::worst(jobs.iter().map(|job| job.results));
    if together.may(Outcome::Skipped) {
        // GitHub does not say what a call is of which every job is skipped.
        together.or(Results::only(Outcome::Success))
    } else {
        together
    }
}
