//! Who asks, and what they may do: users with static keys, roles, their sessions; policies.

mod access;
mod condition;
mod context;
mod document;
mod pattern;
mod principal;
mod reach;
mod ruling;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lockkeeper_names::{AccountId, RoleName};

pub(crate) use access::{Access, context, denied};
pub use context::Context;
pub use document::{PolicyDocument, PolicyError};
pub use principal::Asker;
pub use reach::{Mutation, mutations};
pub use ruling::{AccessRequest, Decision, Grant, Policies, Ruling, judge, judge_trust};

use super::ApiError;
use crate::Instant;
use crate::outage::Api;

/// An identity that a request can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Principal {
    Nobody {
        account: AccountId,
    },
    User {
        account: AccountId,
        name: String,
        id: String,
    },
    Session {
        account: AccountId,
        role: RoleName,
        role_id: String,
        name: String,
        issued: Instant,
        /// What was given along when the session was made, and limits it.
        policy: Option<Arc<PolicyDocument>>,
    },
}

impl Principal {
    pub(crate) fn nobody(account: &AccountId) -> Self {
        Self::Nobody {
            account: account.clone(),
        }
    }

    pub(crate) fn account(&self) -> &AccountId {
        match self {
            Self::Nobody { account } | Self::User { account, .. } => account,
            Self::Session { account, .. } => account,
        }
    }

    pub(crate) fn arn(&self) -> String {
        match self {
            Self::Nobody { .. } => "anonymous".to_owned(),
            Self::User { account, name, .. } => format!("arn:aws:iam::{account}:user/{name}"),
            Self::Session {
                account,
                role,
                name,
                ..
            } => format!("arn:aws:sts::{account}:assumed-role/{role}/{name}"),
        }
    }

    /// `UserId` of `GetCallerIdentity`.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Nobody { .. } => String::new(),
            Self::User { id, .. } => id.clone(),
            Self::Session { role_id, name, .. } => format!("{role_id}:{name}"),
        }
    }

    /// As policies name it.
    pub(crate) fn asker(&self) -> Asker {
        let account = self.account().to_string();
        match self {
            Self::Nobody { .. } => Asker::default(),
            Self::User { .. } => Asker::of_arn(&self.arn()),
            Self::Session { role, .. } => Asker {
                identity: format!("arn:aws:iam::{account}:role/{role}"),
                session: Some(self.arn()),
                account,
                ..Asker::default()
            },
        }
    }
}

/// What a role may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permissions {
    /// Its policies are not known: everything.
    Everything,
    Policies(Policies),
}

/// A role that others may take on.
#[derive(Debug, Clone)]
pub struct Role {
    pub account: AccountId,
    pub name: RoleName,
    /// The trust policy, JSON.
    pub trust_policy: String,
    pub max_session: Duration,
    pub permissions: Permissions,
}

impl Role {
    /// A role with AWS's default session of at most one hour, which may do everything.
    pub fn new(account: AccountId, name: RoleName, trust_policy: impl Into<String>) -> Self {
        Self {
            account,
            name,
            trust_policy: trust_policy.into(),
            max_session: Duration::from_secs(3600),
            permissions: Permissions::Everything,
        }
    }

    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:role/{}", self.account, self.name)
    }
}

/// A role as an account holds it.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) role: Role,
    /// Its unique id.
    pub(crate) id: String,
    pub(crate) trust: Result<PolicyDocument, PolicyError>,
}

#[derive(Debug, Clone)]
struct Key {
    principal: Principal,
    expires: Option<Instant>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Iam {
    /// By ARN.
    roles: BTreeMap<String, Arc<Held>>,
    keys: BTreeMap<String, Key>,
    /// Accounts that know GitHub's identity provider, with the audiences that they accept.
    providers: BTreeMap<AccountId, Vec<String>>,
}

impl Iam {
    pub(crate) fn add_role(&mut self, role: Role, id: String) {
        let held = Held {
            trust: PolicyDocument::parse(&role.trust_policy),
            id,
            role,
        };
        self.roles.insert(held.role.arn(), Arc::new(held));
    }

    pub(crate) fn role(&self, arn: &str) -> Option<Arc<Held>> {
        self.roles.get(arn).cloned()
    }

    pub(crate) fn add_provider(&mut self, account: AccountId, audiences: Vec<String>) {
        self.providers.insert(account, audiences);
    }

    pub(crate) fn provider(&self, account: &AccountId) -> Option<&[String]> {
        self.providers.get(account).map(Vec::as_slice)
    }

    pub(crate) fn add_key(&mut self, id: String, principal: Principal, expires: Option<Instant>) {
        self.keys.insert(id, Key { principal, expires });
    }

    /// Who holds an access key; `now` where its expiry matters.
    pub(crate) fn authenticate(
        &self,
        now: Option<Instant>,
        api: Api,
        access_key: Option<&str>,
    ) -> Result<Principal, ApiError> {
        let query = matches!(api, Api::Sts | Api::Elbv2);
        let refuse = |code: &str, text: &str| Err(ApiError::new(code, text).status(403));
        let Some(access_key) = access_key else {
            return refuse(
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            );
        };
        match self.keys.get(access_key) {
            None => refuse(
                if query {
                    "InvalidClientTokenId"
                } else {
                    "UnrecognizedClientException"
                },
                "The security token included in the request is invalid.",
            ),
            Some(key) if key.expires.zip(now).is_some_and(|(end, now)| end <= now) => refuse(
                if query {
                    "ExpiredToken"
                } else {
                    "ExpiredTokenException"
                },
                "The security token included in the request is expired",
            ),
            Some(key) => Ok(key.principal.clone()),
        }
    }
}
