//! A job on its way: through its `if`, its matrix, and into GitHub's locks and gates.

use std::collections::BTreeMap;

use lockkeeper_names::EnvironmentName;
use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::{Object, Status};
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::hub::{Access, JobRequest, Permissions, SCOPES};
use lockkeeper_world::ids::RunId;

use super::Stage;
use super::contexts::Scope;
use super::flow::{Leg, LegState, Place};
use super::runs::{Loaded, group};

impl Stage {
    /// Judges a job's `if` and makes its matrix.
    pub(super) fn enter(&mut self, id: RunId, node: usize) {
        let Some(run) = self.runs.get(&id) else {
            return;
        };
        let (Some(job), Some(of)) = (run.definition(node).cloned(), run.nodes.get(node)) else {
            return;
        };
        let status = run.status_for(of.flow, &of.key);
        let context = self.job_context(id, node, None);
        let wanted = match &job.if_ {
            None => Ok(status.success),
            Some(condition) => condition.value.eval(&context, &status),
        };
        let whole = Place { node, leg: 0 };
        match wanted {
            Ok(true) => {}
            Ok(false) => {
                self.make_legs(id, node, vec![Object::new()]);
                self.drop_leg(id, whole, Conclusion::Skipped);
                return;
            }
            Err(error) => {
                self.make_legs(id, node, vec![Object::new()]);
                self.fail_leg(id, whole, &format!("the job's `if`: {error}"));
                return;
            }
        }
        match wf::matrix::expand(job.strategy.as_ref(), &context) {
            Ok(combinations) if !combinations.is_empty() => {
                let (fail_fast, max_parallel) = strategy(&job, &context);
                self.make_legs(id, node, combinations);
                if let Some(of) = self
                    .runs
                    .get_mut(&id)
                    .and_then(|run| run.nodes.get_mut(node))
                {
                    of.fail_fast = fail_fast;
                    of.max_parallel = max_parallel;
                }
            }
            outcome => {
                let why = match outcome {
                    Err(error) => error.to_string(),
                    Ok(_) => "the matrix is empty".to_owned(),
                };
                self.make_legs(id, node, vec![Object::new()]);
                let key = &job.id.value;
                self.fail_leg(
                    id,
                    whole,
                    &format!("Error when evaluating 'strategy' for job '{key}'. {why}"),
                );
            }
        }
    }

    fn make_legs(&mut self, id: RunId, node: usize, combinations: Vec<Object>) {
        if let Some(of) = self
            .runs
            .get_mut(&id)
            .and_then(|run| run.nodes.get_mut(node))
        {
            of.entered = true;
            of.legs = combinations.into_iter().map(Leg::new).collect();
        }
    }

    /// What a job asks of GitHub, without what needs its gates.
    fn request(&self, id: RunId, place: Place, context: &Scope) -> Option<JobRequest> {
        let run = self.runs.get(&id)?;
        let job = run.definition(place.node)?;
        let of = run.nodes.get(place.node)?;
        let flow = run.flows.get(of.flow)?;
        let matrix = &of.legs.get(place.leg)?.matrix;
        let suffix = wf::matrix::name_suffix(matrix);
        let own = match &job.name {
            // Values of the matrix stand behind a name that does not choose them itself.
            Some(name) if name.as_literal().is_some() => format!("{}{suffix}", name.source()),
            Some(name) => name
                .eval_string(context)
                .unwrap_or_else(|_| name.source().to_owned()),
            None => format!("{}{suffix}", of.key),
        };
        let name = format!("{}{own}", flow.prefix);
        let key = match &flow.caller {
            Some(_) => format!("{}{}", flow.prefix, of.key),
            None => of.key.clone(),
        };
        let mut request = JobRequest::new(key, flow.line.unwrap_or(job.place.line));
        request.check_context = name.clone();
        request.name = name;
        request.job_workflow_ref = flow.reference.clone();
        Some(request)
    }

    /// Ends a combination that never asks for a runner.
    pub(super) fn drop_leg(&mut self, id: RunId, place: Place, conclusion: Conclusion) {
        let context = self.job_context(id, place.node, Some(place));
        if let Some(request) = self.request(id, place, &context) {
            let now = self.world.now();
            let log = &mut self.world.log;
            self.world
                .hub
                .drop_job(now, log, id, request, conclusion)
                .ok();
        }
        self.set_leg(id, place, LegState::Done(conclusion));
    }

    /// As [`Stage::drop_leg`], for a definition that cannot be evaluated.
    pub(super) fn fail_leg(&mut self, id: RunId, place: Place, why: &str) {
        let context = self.job_context(id, place.node, Some(place));
        if let Some(request) = self.request(id, place, &context) {
            let now = self.world.now();
            let log = &mut self.world.log;
            let dropped = self
                .world
                .hub
                .drop_job(now, log, id, request, Conclusion::Failure);
            if let Ok(job) = dropped {
                self.annotate(id, job, 0, "error", format!("Error: {why}"));
            }
        }
        self.leg_is_done(id, place, Conclusion::Failure, BTreeMap::new());
    }

    /// Lets one combination of a job into its called workflow, or into GitHub's locks and gates.
    pub(super) fn start_leg(&mut self, id: RunId, place: Place) {
        let Some(run) = self.runs.get(&id) else {
            return;
        };
        let Some(job) = run.definition(place.node).cloned() else {
            return;
        };
        let flow = run.nodes[place.node].flow;
        let loaded = run.flows[flow].loaded.clone();
        let context = self.job_context(id, place.node, Some(place));
        let forgiven = job
            .continue_on_error
            .as_ref()
            .is_some_and(|template| template.eval_bool(&context).unwrap_or(false));
        if let Some(leg) = self.runs.get_mut(&id).and_then(|run| run.leg_mut(place)) {
            leg.forgiven = forgiven;
        }
        let Some(mut request) = self.request(id, place, &context) else {
            return;
        };
        if let Some(call) = &job.call {
            self.call(id, place, &job, call, &request.name, &context);
            return;
        }
        request.survives_cancel = job
            .if_
            .as_ref()
            .is_some_and(|condition| condition.value.calls_status_function())
            && matches!(
                job.if_
                    .as_ref()
                    .map(|condition| condition.value.eval(&context, &Status::CANCELLED)),
                Some(Ok(true))
            );
        request.permissions = self.permissions(id, flow, &job);
        request.concurrency = job
            .concurrency
            .as_ref()
            .map(|concurrency| group(concurrency, &context));
        let now = self.world.now();
        let environment = job
            .environment
            .as_ref()
            .map(|used| used.name.eval_string(&context).unwrap_or_default());
        if let Some(name) = environment.filter(|name| !name.is_empty()) {
            match EnvironmentName::parse(&name) {
                Ok(name) => request.environment = Some(name),
                Err(error) => self.not_modelled_at(&loaded, job.place.line, error.to_string()),
            }
        }
        request.no_deployment = job
            .environment
            .as_ref()
            .and_then(|used| used.deployment.as_ref())
            .is_some_and(|deployment| !deployment.eval_bool(&context).unwrap_or(true));
        let added = self
            .world
            .hub
            .add_job(now, &mut self.world.log, id, request);
        match added {
            Ok(job) => {
                self.set_leg(id, place, LegState::Entered(job));
                // Its gate may have refused it at once.
                if let Some(conclusion) = self.world.hub.job(job).and_then(|job| job.conclusion()) {
                    self.set_leg(id, place, LegState::Done(conclusion));
                }
            }
            Err(_) => self.set_leg(id, place, LegState::Done(Conclusion::Cancelled)),
        }
    }

    pub(super) fn not_modelled_at(&mut self, loaded: &Loaded, line: u32, text: String) {
        let what = What::NotModelled {
            text,
            file: Some(loaded.file.clone()),
            line: Some(line),
        };
        self.world.log.push(self.world.now(), None, what);
    }

    pub(super) fn set_leg(&mut self, id: RunId, place: Place, state: LegState) {
        if let Some(leg) = self.runs.get_mut(&id).and_then(|run| run.leg_mut(place)) {
            leg.state = state;
        }
    }

    /// A job's permissions: its own, else its workflow's, else what its workflow was called with,
    /// else the repository's default.
    pub(super) fn permissions(&self, id: RunId, flow: usize, job: &wf::Job) -> Permissions {
        let flow = self.runs.get(&id).and_then(|run| run.flows.get(flow));
        let given = job
            .permissions
            .as_ref()
            .or(flow.and_then(|flow| flow.loaded.workflow.permissions.as_ref()))
            .map(|given| &given.kind);
        let cap = flow.and_then(|flow| flow.cap.as_ref());
        let permissions = match given {
            None => match cap {
                Some(cap) => cap.clone(),
                None => Permissions::by_default(self.world.hub.default_token()),
            },
            Some(wf::PermissionsKind::ReadAll) => Permissions::all(Access::Read),
            Some(wf::PermissionsKind::WriteAll) => Permissions::all(Access::Write),
            Some(wf::PermissionsKind::Scopes(scopes)) => scopes
                .iter()
                .filter(|(scope, _)| SCOPES.contains(&scope.value.as_str()))
                .fold(Permissions::none(), |permissions, (scope, level)| {
                    let access = match level.value {
                        wf::Access::None => Access::None,
                        wf::Access::Read => Access::Read,
                        wf::Access::Write => Access::Write,
                    };
                    permissions.with(&scope.value, access)
                }),
        };
        let permissions = match cap {
            Some(cap) => permissions.within(cap),
            None => permissions,
        };
        match self.world.hub.run(id).is_some_and(|run| run.from_fork) {
            true => permissions.for_fork(),
            false => permissions,
        }
    }
}

/// `fail-fast` and `max-parallel`.
fn strategy(job: &wf::Job, context: &Scope) -> (bool, usize) {
    let Some(strategy) = &job.strategy else {
        return (true, usize::MAX);
    };
    let whole = strategy
        .whole
        .as_ref()
        .and_then(|whole| whole.eval(context).ok());
    let of_whole = |key: &str| whole.as_ref().and_then(|whole| whole.get(key).cloned());
    let fail_fast = match &strategy.fail_fast {
        Some(template) => template.eval_bool(context).unwrap_or(true),
        None => of_whole("fail-fast").is_none_or(|value| value.is_truthy()),
    };
    let most = match &strategy.max_parallel {
        Some(template) => template.eval_number(context).ok(),
        None => of_whole("max-parallel").map(|value| value.to_number()),
    };
    let max_parallel = most.filter(|most| *most >= 1.0).map(|most| most as usize);
    (fail_fast, max_parallel.unwrap_or(usize::MAX))
}
