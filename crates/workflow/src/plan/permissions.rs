//! What a job's token may do
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#permissions>).

use crate::model::{Access, Job, Workflow};
use crate::permissions::{SCOPES, TokenDefault};
use crate::place::Place;
use crate::plan::Facts;
use crate::trigger::Event;

/// The permissions in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenScopes {
    /// Scopes with more than `none`, in alphabetical order.
    pub scopes: Vec<(&'static str, Access)>,
    /// What sets them.
    pub origin: TokenOrigin,
    /// Something that was asked for is not given, since the caller has not got it or a pull request
    /// from a fork gets no write access.
    pub reduced: bool,
}

/// Where permissions come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenOrigin {
    /// `jobs.<job_id>.permissions`
    Job(Place),
    /// `permissions` of the workflow.
    Workflow(Place),
    /// The job that calls the workflow.
    Caller,
    /// The setting of the repository.
    Default(TokenDefault),
}

impl TokenScopes {
    /// What the token may do with a scope.
    pub fn access(&self, scope: &str) -> Access {
        let found = self.scopes.iter().find(|(name, _)| *name == scope);
        found.map_or(Access::None, |(_, access)| *access)
    }
}

pub(super) fn in_effect(
    workflow: &Workflow,
    job: &Job,
    caller: Option<&TokenScopes>,
    token: TokenDefault,
    read_only: ReadOnly,
) -> TokenScopes {
    let written = job.permissions.as_ref().or(workflow.permissions.as_ref());
    let origin = match (&job.permissions, &workflow.permissions, caller) {
        (Some(own), _, _) => TokenOrigin::Job(own.place.clone()),
        (None, Some(whole), _) => TokenOrigin::Workflow(whole.place.clone()),
        (None, None, Some(_)) => TokenOrigin::Caller,
        (None, None, None) => TokenOrigin::Default(token),
    };
    let mut reduced = false;
    let mut scopes = Vec::new();
    for (scope, _) in SCOPES {
        let wanted = match (written, caller) {
            (Some(permissions), _) => permissions.access(scope),
            (None, Some(caller)) => caller.access(scope),
            (None, None) => token.access(scope),
        };
        let mut given = caller.map_or(wanted, |caller| wanted.min(caller.access(scope)));
        let limited = match read_only {
            ReadOnly::Fork => true,
            ReadOnly::Dependabot => matches!(origin, TokenOrigin::Default(_)),
            ReadOnly::No => false,
        };
        if limited {
            given = match *scope {
                "id-token" => Access::None,
                _ => given.min(Access::Read),
            };
        }
        reduced |= given < wanted;
        if given > Access::None {
            scopes.push((*scope, given));
        }
    }
    TokenScopes {
        scopes,
        origin,
        reduced,
    }
}

/// Whether GitHub gives a token without write access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadOnly {
    No,
    /// A pull request from a fork.
    Fork,
    /// Dependabot, where no permissions are written.
    Dependabot,
}

impl ReadOnly {
    pub(super) fn of(event: Option<&Event>, facts: &Facts) -> ReadOnly {
        let name = event.map_or("", |event| event.name.as_str());
        let pull = matches!(
            name,
            "pull_request" | "pull_request_review" | "pull_request_review_comment"
        );
        let by_dependabot = facts.actor.as_deref() == Some("dependabot[bot]");
        let restricted =
            pull || matches!(name, "push" | "create" | "deployment" | "deployment_status");
        if pull && facts.from_fork == Some(true) {
            ReadOnly::Fork
        } else if by_dependabot && restricted {
            ReadOnly::Dependabot
        } else {
            ReadOnly::No
        }
    }
}
