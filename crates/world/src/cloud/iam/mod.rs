//! Who asks: users with static keys, roles, their sessions.

mod trust;

use std::collections::BTreeMap;
use std::time::Duration;

use lockkeeper_names::{AccountId, RoleName};

pub(crate) use trust::{Asker, judge};

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
}

/// A role that others may take on.
#[derive(Debug, Clone)]
pub struct Role {
    pub account: AccountId,
    pub name: RoleName,
    /// The trust policy, JSON.
    pub trust_policy: String,
    pub max_session: Duration,
    /// Identity policies, JSON. They are kept with the role; calls are not yet judged by them.
    pub policies: Vec<String>,
}

impl Role {
    /// A role with AWS's default session of at most one hour, and no policies.
    pub fn new(account: AccountId, name: RoleName, trust_policy: impl Into<String>) -> Self {
        Self {
            account,
            name,
            trust_policy: trust_policy.into(),
            max_session: Duration::from_secs(3600),
            policies: Vec::new(),
        }
    }

    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::{}:role/{}", self.account, self.name)
    }
}

#[derive(Debug, Clone)]
struct Key {
    principal: Principal,
    expires: Option<Instant>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Iam {
    /// By ARN, each with its unique id.
    roles: BTreeMap<String, (Role, String)>,
    keys: BTreeMap<String, Key>,
    /// Accounts that know GitHub's identity provider, with the audiences that they accept.
    providers: BTreeMap<AccountId, Vec<String>>,
}

impl Iam {
    pub(crate) fn add_role(&mut self, role: Role, id: String) {
        self.roles.insert(role.arn(), (role, id));
    }

    pub(crate) fn role(&self, arn: &str) -> Option<&(Role, String)> {
        self.roles.get(arn)
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
