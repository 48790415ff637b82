//! Workflows, and starting one.

use std::collections::BTreeMap;

use lockkeeper_names::WorkflowFile;
use serde_json::{Value, json};

use super::{Answer, Call, Failure, Hub, bot};
use crate::hub::{Dispatch, WorkflowFacts};

impl Hub {
    /// A workflow's number: its place among the files, which do not change during a story.
    pub(super) fn workflow_id(&self, file: &WorkflowFile) -> u64 {
        let place = self.workflows.keys().position(|known| known == file);
        401 + place.map_or(99, |place| place as u64)
    }

    /// The workflow that a path's segment names, by file name or number. Files that only runs
    /// know count too.
    pub(super) fn workflow_named(&self, text: &str) -> Option<WorkflowFile> {
        if let Ok(number) = text.parse::<u64>() {
            return self
                .workflows
                .keys()
                .find(|file| self.workflow_id(file) == number)
                .cloned();
        }
        let file = WorkflowFile::parse(text).ok()?;
        let known = self.workflows.contains_key(&file)
            || self.runs.values().any(|run| run.workflow == file);
        known.then_some(file)
    }
}

fn shown(hub: &Hub, file: &WorkflowFile, facts: &WorkflowFacts) -> Value {
    json!({
        "id": hub.workflow_id(file),
        "name": facts.name,
        "path": format!(".github/workflows/{file}"),
        "state": "active",
        "url": hub.api_url(&format!("/actions/workflows/{file}")),
        "html_url": hub.html_url(&format!("/actions/workflows/{file}")),
    })
}

pub(super) fn workflows(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let all: Vec<Value> = hub
        .workflows
        .iter()
        .map(|(file, facts)| shown(hub, file, facts))
        .collect();
    let total = all.len();
    let (page, headers) = call.page(all);
    Ok(Answer {
        status: 200,
        body: json!({ "total_count": total, "workflows": page }),
        headers,
    })
}

pub(super) fn workflow(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let file = hub
        .workflow_named(call.name("workflow"))
        .ok_or_else(Failure::not_found)?;
    let facts = hub.workflows.get(&file).ok_or_else(Failure::not_found)?;
    Answer::ok(shown(hub, &file, facts))
}

pub(super) fn create(hub: &mut Hub, call: &mut Call<'_>) -> Result<Answer, Failure> {
    let workflow = hub
        .workflow_named(call.name("workflow"))
        .ok_or_else(Failure::not_found)?;
    let named = call.required("ref")?;
    let branch = named.strip_prefix("refs/heads/").unwrap_or(named);
    let is_branch = hub.branches().keys().any(|known| known.as_str() == branch);
    if !is_branch {
        return Err(Failure::new(422, format!("No ref found for: {named}")));
    }
    let git_ref = format!("refs/heads/{branch}");
    let mut inputs = BTreeMap::new();
    if let Some(given) = call.body.get("inputs").and_then(Value::as_object) {
        for (name, value) in given {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                _ => {
                    return Err(Failure::new(
                        422,
                        format!("For 'inputs/{name}', {value} is not a string."),
                    ));
                }
            };
            inputs.insert(name.clone(), text);
        }
    }
    let inputs = hub
        .check_dispatch(&workflow, &inputs)
        .map_err(|refused| Failure::new(422, refused.why))?;
    let details = call
        .body
        .get("return_run_details")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let run = hub.promise_run();
    hub.dispatches.push(Dispatch {
        run,
        workflow,
        git_ref,
        inputs,
        actor: bot(),
    });
    if !details {
        return Ok(Answer::new(204, Value::Null));
    }
    Answer::ok(json!({
        "workflow_run_id": run.0,
        "run_url": hub.api_url(&format!("/actions/runs/{run}")),
        "html_url": hub.html_url(&format!("/actions/runs/{run}")),
    }))
}
