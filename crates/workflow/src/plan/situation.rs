//! In what a workflow is looked at.

use crate::expr::Value;
use crate::model::Workflow;
use crate::partial::Known;
use crate::permissions::TokenDefault;
use crate::plan::Assumptions;
use crate::trigger::Event;

/// What happened, and what is known.
pub struct Situation<'w> {
    /// `None`: no event in particular.
    pub event: Option<Event>,
    /// What is known of contexts.
    pub facts: Facts,
    /// What the token may do where no `permissions` are.
    pub token: TokenDefault,
    /// How jobs are taken to end.
    pub assumptions: Assumptions,
    /// The workflow for the text of a job's `uses`.
    pub find: &'w dyn Fn(&str) -> Option<&'w Workflow>,
}

/// What is known beyond the event.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The head branch of a pull request.
    pub head_ref: Option<String>,
    /// The number of the pull request.
    pub number: Option<u64>,
    /// Whether a pull request comes from a fork.
    pub from_fork: Option<bool>,
    /// `github.actor`
    pub actor: Option<String>,
    /// `owner/name`.
    pub repository: Option<String>,
    /// `github.event`, whole.
    pub payload: Option<Value>,
    /// The `vars` context.
    pub vars: Known,
    /// Members of the `github` context that are known otherwise.
    pub github: Vec<(String, Value)>,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            head_ref: None,
            number: None,
            from_fork: None,
            actor: None,
            repository: None,
            payload: None,
            vars: Known::unknown(),
            github: Vec::new(),
        }
    }
}

fn nowhere<'w>(_: &str) -> Option<&'w Workflow> {
    None
}

impl<'w> Situation<'w> {
    /// An event in a repository of which nothing else is known.
    pub fn of(event: Event) -> Self {
        Self {
            event: Some(event),
            ..Self::any()
        }
    }

    /// No event in particular: everything that depends on it is unknown.
    pub fn any() -> Self {
        Self {
            event: None,
            facts: Facts::default(),
            token: TokenDefault::default(),
            assumptions: Assumptions::default(),
            find: &nowhere,
        }
    }
}
