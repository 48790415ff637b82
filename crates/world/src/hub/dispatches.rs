//! What the hub knows of workflow files, and dispatches that a job's token asked for.

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_names::{Login, WorkflowFile};

use super::{Hub, Refused};
use crate::ids::RunId;

/// The part of a workflow file on the default branch that GitHub's API shows or checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkflowFacts {
    pub name: String,
    /// Its `workflow_dispatch` inputs; none where it has no such trigger.
    pub dispatch: Option<BTreeMap<String, DispatchInput>>,
}

/// One input of `workflow_dispatch`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DispatchInput {
    pub required: bool,
    pub default: Option<String>,
    /// What a `choice` (or a boolean) may be; empty for any text.
    pub options: Vec<String>,
}

/// A dispatch that was accepted: the runner makes the run, with the id that was promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch {
    pub run: RunId,
    pub workflow: WorkflowFile,
    /// `refs/heads/…`
    pub git_ref: String,
    /// Defaults filled in.
    pub inputs: BTreeMap<String, String>,
    pub actor: Login,
}

impl Hub {
    /// Tells the hub what the default branch's workflow files are; replaces what it knew.
    pub fn set_workflows(&mut self, workflows: BTreeMap<WorkflowFile, WorkflowFacts>) {
        self.workflows = workflows;
    }

    pub fn workflows(&self) -> &BTreeMap<WorkflowFile, WorkflowFacts> {
        &self.workflows
    }

    /// The inputs of a dispatch with defaults filled in, or GitHub's reason to refuse it.
    pub fn check_dispatch(
        &self,
        workflow: &WorkflowFile,
        inputs: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Refused> {
        let declared = self
            .workflows
            .get(workflow)
            .and_then(|facts| facts.dispatch.as_ref())
            .ok_or_else(|| {
                Refused::because("Workflow does not have 'workflow_dispatch' trigger")
            })?;
        let unexpected: BTreeSet<&String> = inputs
            .keys()
            .filter(|name| !declared.contains_key(*name))
            .collect();
        if !unexpected.is_empty() {
            return Err(Refused::because(format!(
                "Unexpected inputs provided: {unexpected:?}"
            )));
        }
        let mut filled = BTreeMap::new();
        for (name, input) in declared {
            let value = inputs.get(name).or(input.default.as_ref());
            match value {
                None if input.required => {
                    return Err(Refused::because(format!(
                        "Required input '{name}' not provided"
                    )));
                }
                None => {}
                Some(value) if !input.options.is_empty() && !input.options.contains(value) => {
                    return Err(Refused::because(format!(
                        "Provided value '{value}' for input '{name}' not in the list of allowed values"
                    )));
                }
                Some(value) => {
                    filled.insert(name.clone(), value.clone());
                }
            }
        }
        Ok(filled)
    }

    /// Dispatches that jobs asked for through the API since the last call.
    pub fn take_dispatches(&mut self) -> Vec<Dispatch> {
        std::mem::take(&mut self.dispatches)
    }
}
