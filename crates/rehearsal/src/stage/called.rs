//! Calls of reusable workflows.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockkeeper_names::WorkflowFile;
use lockkeeper_workflow as wf;
use lockkeeper_workflow::expr::{Object, Value};
use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::hub::DefaultToken;
use lockkeeper_world::ids::{Caller, JobId, RunId};

use super::Stage;
use super::contexts::Scope;
use super::flow::{Flow, Given, LegState, Place};
use super::runs::Loaded;
use crate::history::TAKEN_AS_PASSED;

/// What `uses:` of a job names.
enum Called {
    Found {
        loaded: Arc<Loaded>,
        /// `owner/name/.github/workflows/file.yml@ref`
        reference: String,
    },
    /// In a repository that the rehearsal does not have.
    Elsewhere,
    Missing(String),
}

impl Stage {
    /// Everything for which GitHub refuses to start a run because of what it calls.
    pub(super) fn problems_of_calls(&self, id: RunId, loaded: &Arc<Loaded>) -> Vec<String> {
        if loaded.workflow.jobs.values().all(|job| job.call.is_none()) {
            return Vec::new();
        }
        // The checker wants references; what is found must outlive it.
        let mut found: BTreeMap<String, Arc<Loaded>> = BTreeMap::new();
        let mut problems = Vec::new();
        let mut open = vec![loaded.clone()];
        while let Some(loaded) = open.pop() {
            for job in loaded.workflow.jobs.values() {
                let Some(call) = &job.call else { continue };
                if found.contains_key(&call.uses.value) {
                    continue;
                }
                match self.find_called(id, &call.uses.value) {
                    Called::Found { loaded, .. } => {
                        found.insert(call.uses.value.clone(), loaded.clone());
                        open.push(loaded);
                    }
                    Called::Elsewhere => {}
                    Called::Missing(why) => {
                        problems.push(format!("{}:{}: {why}", loaded.file, call.uses.place.line));
                    }
                }
            }
        }
        let token = match self.world.hub.default_token() {
            DefaultToken::Read => wf::TokenDefault::Restricted,
            DefaultToken::Write => wf::TokenDefault::Permissive,
        };
        let find = |uses: &str| found.get(uses).map(|loaded| &loaded.workflow);
        let refused = wf::check_calls(&loaded.workflow, token, &find);
        problems.extend(refused.into_iter().map(|problem| problem.message));
        problems
    }

    fn find_called(&self, id: RunId, uses: &str) -> Called {
        let slug = self.repository.slug.as_str();
        let Some(run) = self.world.hub.run(id) else {
            return Called::Elsewhere;
        };
        let local = uses.strip_prefix("./").or_else(|| uses.strip_prefix("$/"));
        let (path, git_ref, sha) = match local {
            Some(path) => (path, run.git_ref.clone(), run.sha.clone()),
            None => {
                let Some((path, git_ref)) = uses.split_once('@') else {
                    return Called::Missing(format!("invalid reference to a workflow: {uses}"));
                };
                let prefix = path.get(..slug.len());
                let own = prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(slug))
                    && path[slug.len()..].starts_with('/');
                if !own {
                    return Called::Elsewhere;
                }
                let Some(sha) = self.world.hub.resolve(git_ref) else {
                    return Called::Missing(format!("{uses}: the reference was not found"));
                };
                (&path[slug.len() + 1..], git_ref.to_owned(), sha.clone())
            }
        };
        let missing = |why: String| {
            Called::Missing(format!("error parsing called workflow \"{uses}\": {why}"))
        };
        let Some(file) = path
            .strip_prefix(".github/workflows/")
            .and_then(|file| WorkflowFile::parse(file).ok())
        else {
            return missing("workflow was not found".to_owned());
        };
        match self.read_workflow(&sha, &file) {
            Some(Ok(loaded)) => Called::Found {
                loaded,
                reference: format!("{slug}/{path}@{git_ref}"),
            },
            Some(Err(problems)) => missing(problems.first().map_or_else(String::new, |problem| {
                format!("line {}: {}", problem.place.line, problem.message)
            })),
            None => missing("workflow was not found".to_owned()),
        }
    }

    /// Begins a called workflow.
    pub(super) fn call(
        &mut self,
        id: RunId,
        place: Place,
        job: &wf::Job,
        call: &wf::JobCall,
        name: &str,
        context: &Scope,
    ) {
        let Some(run) = self.runs.get(&id) else {
            return;
        };
        let at = run.nodes[place.node].flow;
        let caller = run.flows[at].clone();
        let attempt = run.attempt;
        let (loaded, reference) = match self.find_called(id, &call.uses.value) {
            Called::Found { loaded, reference } => (loaded, reference),
            Called::Missing(why) => return self.fail_leg(id, place, &why),
            Called::Elsewhere => {
                let what = What::NotModelled {
                    text: format!(
                        "the reusable workflow {} of job `{}`: {TAKEN_AS_PASSED}",
                        call.uses.value, job.id.value
                    ),
                    file: Some(caller.loaded.file.clone()),
                    line: Some(job.place.line),
                };
                let by = Caller {
                    run: id,
                    attempt,
                    job: JobId(0),
                    step: 0,
                    line: job.place.line,
                };
                self.world.log.push(self.world.now(), Some(by), what);
                self.drop_leg(id, place, Conclusion::Skipped);
                self.set_leg(id, place, LegState::Done(Conclusion::Success));
                return;
            }
        };
        for (file, concurrency) in [
            (&caller.loaded, &job.concurrency),
            (&loaded, &loaded.workflow.concurrency),
        ] {
            if let Some(concurrency) = concurrency {
                let text = "`concurrency` of a called workflow: its jobs do not wait".to_owned();
                self.not_modelled_at(file, concurrency.place.line, text);
            }
        }
        let secrets = match &call.secrets {
            wf::CallSecrets::Inherit => caller.secrets.clone(),
            wf::CallSecrets::None => Given::Only(BTreeMap::new()),
            wf::CallSecrets::Given(pairs) => {
                let context = self.with_secrets(id, place.node, place);
                match super::pairs::evaluate(pairs, &context) {
                    Ok(pairs) => Given::Only(pairs.into_iter().collect()),
                    Err(error) => return self.fail_leg(id, place, &error.to_string()),
                }
            }
        };
        let inputs = match inputs(&loaded, call, context, &self.github_scope(id)) {
            Ok(inputs) => inputs,
            Err(why) => return self.fail_leg(id, place, &why),
        };
        self.note_unmodelled(&loaded);
        let cap = self.permissions(id, at, job);
        let flow = Flow {
            loaded,
            caller: Some(place),
            inputs,
            secrets,
            cap: Some(cap),
            prefix: format!("{name} / "),
            reference: Some(reference),
            line: Some(caller.line.unwrap_or(job.place.line)),
            stopped: caller.stopped,
        };
        if let Some(run) = self.runs.get_mut(&id) {
            let flow = run.open(flow);
            self.set_leg(id, place, LegState::Calling(flow));
        }
    }

    /// A called workflow has ended.
    pub(super) fn return_from(&mut self, id: RunId, place: Place, flow: usize) {
        let Some(run) = self.runs.get(&id) else {
            return;
        };
        let conclusion = run.conclusion(flow);
        let mut context = self.github_scope(id);
        context.set_value("inputs", run.flows[flow].inputs.clone().into());
        context.set_value("jobs", run.jobs_context(flow));
        let declared = run.flows[flow].loaded.workflow.on.workflow_call.clone();
        let outputs = declared.map(|call| call.outputs).unwrap_or_default();
        let mut given = BTreeMap::new();
        for (name, output) in &outputs {
            if let Ok(value) = output.value.eval_string(&context)
                && !value.is_empty()
            {
                given.insert(name.clone(), value);
            }
        }
        self.leg_is_done(id, place, conclusion, given);
    }
}

/// The inputs of a called workflow: what the call gives, else their defaults.
fn inputs(
    loaded: &Loaded,
    call: &wf::JobCall,
    context: &Scope,
    defaults: &Scope,
) -> Result<Object, String> {
    let mut inputs = Object::new();
    let Some(declared) = &loaded.workflow.on.workflow_call else {
        return Ok(inputs);
    };
    for (name, input) in &declared.inputs {
        let default = match &input.default {
            Some(default) => default.eval(defaults).map_err(|error| error.to_string())?,
            None => input.kind.unset(),
        };
        inputs.insert(name.clone(), default);
    }
    for (name, template) in &call.with {
        let value = template.eval(context).map_err(|error| error.to_string())?;
        let found = declared
            .inputs
            .iter()
            .find(|(id, _)| id.eq_ignore_ascii_case(&name.value));
        let Some((id, input)) = found else { continue };
        let typed = match (input.kind, &value) {
            (wf::InputType::Boolean, Value::Bool(_))
            | (wf::InputType::Number, Value::Number(_)) => Some(value.clone()),
            (_, value) => input.kind.read(&value.to_text()),
        };
        let typed = typed.ok_or_else(|| {
            format!(
                "Input '{id}' of the called workflow: '{}' is no {}",
                value.to_text(),
                match input.kind {
                    wf::InputType::Boolean => "boolean",
                    _ => "number",
                }
            )
        })?;
        inputs.insert(id.clone(), typed);
    }
    Ok(inputs)
}
