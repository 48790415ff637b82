//! The `Principal` element, and who asks.

use serde_json::{Map, Value};

use super::condition::texts;

/// Who makes a request, by all names that policies may use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asker {
    /// Its account; empty for somebody who comes with a token alone.
    pub account: String,
    /// The ARN of the user, or of the role whose session it is.
    pub identity: String,
    /// The ARN of the session, for the session of a role.
    pub session: Option<String>,
    /// The ARN of the identity provider whose token it comes with.
    pub federated: Option<String>,
    /// The AWS service that it is.
    pub service: Option<String>,
}

impl Asker {
    /// Somebody known by a single ARN.
    pub fn of_arn(arn: &str) -> Self {
        Self {
            account: account_of(arn).to_owned(),
            identity: arn.to_owned(),
            ..Self::default()
        }
    }

    /// Somebody who comes with a token of an identity provider.
    pub fn with_token_of(provider: &str) -> Self {
        Self {
            federated: Some(provider.to_owned()),
            ..Self::default()
        }
    }
}

/// How closely a statement names who asks: what it allows may need the identity's own consent, or
/// that of its boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    NotAtAll,
    /// By account: its administrators still decide.
    ByAccount,
    /// By role: boundaries still limit it.
    ByRole,
    /// The very user or session, everyone, a token's provider or a service.
    Itself,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principals {
    not: bool,
    names: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Everyone,
    Aws(String),
    Federated(String),
    Service(String),
    Canonical,
}

impl Principals {
    /// The `Principal` or `NotPrincipal` of a statement; what is wrong with it, in words.
    pub(crate) fn read(members: &Map<String, Value>) -> Result<Option<Self>, String> {
        let (not, value) = match (members.get("Principal"), members.get("NotPrincipal")) {
            (Some(_), Some(_)) => return Err("both `Principal` and `NotPrincipal`".into()),
            (Some(value), None) => (false, value),
            (None, Some(value)) => (true, value),
            (None, None) => return Ok(None),
        };
        let mut names = Vec::new();
        match value {
            Value::String(text) if text == "*" => names.push(Name::Everyone),
            Value::Object(kinds) => {
                for (kind, values) in kinds {
                    let values =
                        texts(values).ok_or_else(|| format!("the form of `Principal.{kind}`"))?;
                    for value in values {
                        names.push(match kind.as_str() {
                            "AWS" if value == "*" => Name::Everyone,
                            "AWS" => Name::Aws(value),
                            "Federated" => Name::Federated(value),
                            "Service" => Name::Service(value),
                            "CanonicalUser" => Name::Canonical,
                            _ => return Err(format!("a principal of the kind `{kind}`")),
                        });
                    }
                }
            }
            _ => return Err("the form of `Principal`".into()),
        }
        Ok(Some(Self { not, names }))
    }

    pub(crate) fn name(&self, asker: &Asker) -> Named {
        let named = self.names.iter().map(|name| name.is(asker)).max();
        let named = named.unwrap_or(Named::NotAtAll);
        match (self.not, named) {
            (false, named) => named,
            (true, Named::NotAtAll) => Named::Itself,
            (true, _) => Named::NotAtAll,
        }
    }
}

impl Name {
    fn is(&self, asker: &Asker) -> Named {
        let itself = |is: bool| if is { Named::Itself } else { Named::NotAtAll };
        match self {
            Name::Everyone => Named::Itself,
            Name::Federated(name) => itself(asker.federated.as_ref() == Some(name)),
            Name::Service(name) => itself(asker.service.as_ref() == Some(name)),
            Name::Canonical => Named::NotAtAll,
            Name::Aws(name) => {
                let root = format!("arn:aws:iam::{}:root", asker.account);
                if asker.account.is_empty() {
                    Named::NotAtAll
                } else if asker.session.as_ref() == Some(name) {
                    Named::Itself
                } else if asker.identity == *name {
                    match asker.session {
                        Some(_) => Named::ByRole,
                        None if name.contains(":role/") => Named::ByRole,
                        None => Named::Itself,
                    }
                } else if *name == asker.account || *name == root {
                    Named::ByAccount
                } else {
                    Named::NotAtAll
                }
            }
        }
    }
}

/// The account of an ARN; empty where it has none.
pub(crate) fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}
