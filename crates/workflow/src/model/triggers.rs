//! `on`.

use indexmap::IndexMap;

use super::Keys;
use crate::expr::Value;
use crate::place::{Place, Spanned};
use crate::template::Template;

/// What starts a workflow.
#[derive(Clone, Debug)]
pub struct Triggers {
    /// `on.push`
    pub push: Option<Filters>,
    /// `on.pull_request`
    pub pull_request: Option<Filters>,
    /// `on.pull_request_target`
    pub pull_request_target: Option<Filters>,
    /// `on.merge_group`
    pub merge_group: Option<Filters>,
    /// `on.workflow_dispatch`
    pub workflow_dispatch: Option<WorkflowDispatch>,
    /// `on.workflow_call`
    pub workflow_call: Option<WorkflowCall>,
    /// `on.workflow_run`
    pub workflow_run: Option<WorkflowRun>,
    /// `on.schedule`
    pub schedule: Vec<Cron>,
    /// All other events.
    pub other: Vec<OtherEvent>,
    /// The names of all events, where they stand.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// An event whose filters are at most activity types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherEvent {
    /// The event's name.
    pub name: Spanned<String>,
    /// Empty: GitHub's default types.
    pub types: Vec<Spanned<String>>,
    /// Names of images; `image_version` only.
    pub names: Vec<Spanned<String>>,
    /// Versions of images; `image_version` only.
    pub versions: Vec<Spanned<String>>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
}

/// Filters of an event that is about refs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filters {
    /// `on.<event>.branches`
    pub branches: Option<Filter>,
    /// `on.<event>.tags`
    pub tags: Option<Filter>,
    /// `on.<event>.paths`
    pub paths: Option<Filter>,
    /// Empty: GitHub's default types.
    pub types: Vec<Spanned<String>>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// The event's key.
    pub place: Place,
}

/// Patterns of `branches`, `tags` or `paths`, or of their `-ignore` form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// In order; `!` takes back what an earlier pattern matched.
    Include(Vec<Spanned<String>>),
    /// `branches-ignore`, `tags-ignore`, `paths-ignore`: what matches is left out.
    Ignore(Vec<Spanned<String>>),
}

/// `workflow_dispatch`.
#[derive(Clone, Debug)]
pub struct WorkflowDispatch {
    /// `on.workflow_dispatch.inputs`
    pub inputs: IndexMap<String, Input>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// An input of `workflow_dispatch` or `workflow_call`.
#[derive(Clone, Debug)]
pub struct Input {
    /// `type`
    pub kind: InputType,
    /// For a dispatch always literal.
    pub default: Option<Template>,
    /// `on.workflow_dispatch.inputs.<input_id>.required`
    pub required: bool,
    /// Of a choice.
    pub options: Vec<Spanned<String>>,
    /// `on.workflow_dispatch.inputs.<input_id>.description`
    pub description: Option<String>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// `type` of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputType {
    /// `string`
    String,
    /// `boolean`
    Boolean,
    /// `number`
    Number,
    /// `choice`, of a run by hand only
    Choice,
    /// `environment`, of a run by hand only
    Environment,
}

impl InputType {
    /// What `inputs.<id>` is for a text that a caller gave; `None` if GitHub would refuse it.
    pub fn read(self, text: &str) -> Option<Value> {
        match self {
            InputType::Boolean => match text {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            },
            InputType::Number => {
                let number = Value::from(text).to_number();
                (!number.is_nan()).then_some(Value::Number(number))
            }
            InputType::String | InputType::Choice | InputType::Environment => {
                Some(Value::from(text))
            }
        }
    }

    /// What `inputs.<id>` is when nobody gave a value and there is no default.
    pub fn unset(self) -> Value {
        match self {
            InputType::Boolean => Value::Bool(false),
            InputType::Number => Value::Number(0.0),
            _ => Value::from(""),
        }
    }
}

/// `workflow_call`.
#[derive(Clone, Debug)]
pub struct WorkflowCall {
    /// `on.workflow_call.inputs`
    pub inputs: IndexMap<String, Input>,
    /// `on.workflow_call.outputs`
    pub outputs: IndexMap<String, WorkflowCallOutput>,
    /// `on.workflow_call.secrets`
    pub secrets: IndexMap<String, WorkflowCallSecret>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// `on.workflow_call.outputs.<output_id>`
#[derive(Clone, Debug)]
pub struct WorkflowCallOutput {
    /// `on.workflow_call.outputs.<output_id>.description`
    pub description: Option<String>,
    /// `on.workflow_call.outputs.<output_id>.value`
    pub value: Template,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// `on.workflow_call.secrets.<secret_id>`
#[derive(Clone, Debug)]
pub struct WorkflowCallSecret {
    /// `on.workflow_call.secrets.<secret_id>.description`
    pub description: Option<String>,
    /// `on.workflow_call.secrets.<secret_id>.required`
    pub required: bool,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// `workflow_run`.
#[derive(Clone, Debug)]
pub struct WorkflowRun {
    /// `on.workflow_run.workflows`
    pub workflows: Vec<Spanned<String>>,
    /// Empty: GitHub's default types.
    pub types: Vec<Spanned<String>>,
    /// `on.workflow_run.branches`
    pub branches: Option<Filter>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
    /// Where it stands.
    pub place: Place,
}

/// An entry of `schedule`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    /// `on.schedule[*].cron`
    pub cron: Spanned<String>,
    /// `on.schedule[*].timezone`
    pub timezone: Option<Spanned<String>>,
    /// The keys that are written, in the order of the file.
    pub keys: Keys,
}

impl Triggers {
    pub(crate) fn none(place: Place) -> Self {
        Self {
            push: None,
            pull_request: None,
            pull_request_target: None,
            merge_group: None,
            workflow_dispatch: None,
            workflow_call: None,
            workflow_run: None,
            schedule: Vec::new(),
            other: Vec::new(),
            keys: Keys::default(),
            place,
        }
    }

    /// Names of all events, in a fixed order.
    pub fn events(&self) -> Vec<&str> {
        let known = [
            ("push", self.push.is_some()),
            ("pull_request", self.pull_request.is_some()),
            ("pull_request_target", self.pull_request_target.is_some()),
            ("merge_group", self.merge_group.is_some()),
            ("workflow_dispatch", self.workflow_dispatch.is_some()),
            ("workflow_call", self.workflow_call.is_some()),
            ("workflow_run", self.workflow_run.is_some()),
            ("schedule", !self.schedule.is_empty()),
        ];
        let known = known.into_iter().filter(|(_, on)| *on).map(|(n, _)| n);
        known
            .chain(self.other.iter().map(|o| o.name.value.as_str()))
            .collect()
    }

    /// Whether the workflow has this event under `on`.
    pub fn has(&self, event: &str) -> bool {
        self.events().contains(&event)
    }
}
