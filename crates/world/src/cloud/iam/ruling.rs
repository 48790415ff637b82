//! What all policies together say of a request.

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::document::{PolicyDocument, Wanted};
use super::pattern::Fit;
use super::principal::{Asker, Named, account_of};

/// The policies that hold for an identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    pub identity: Vec<PolicyDocument>,
    pub boundary: Option<PolicyDocument>,
    pub session: Option<PolicyDocument>,
    /// None outside of an organisation.
    pub control: Option<Vec<PolicyDocument>>,
}

impl Policies {
    /// What allows everything.
    pub(crate) fn of_everything() -> Self {
        Self {
            identity: vec![PolicyDocument::of_everything()],
            ..Self::default()
        }
    }
}

/// A request, as policies see it.
#[derive(Debug, Clone, Copy)]
pub struct AccessRequest<'a> {
    pub asker: &'a Asker,
    /// `service:Operation`
    pub action: &'a str,
    /// An ARN, or `*` for an action that knows no resources.
    pub resource: &'a str,
    pub context: &'a Context,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Allow,
    /// Nothing allows it.
    ImplicitDeny,
    /// Something denies it.
    ExplicitDeny,
}

/// Texts of an identity's policy that allowed a request, by their places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The policy's place among the identity's.
    pub policy: usize,
    pub statement: usize,
    pub actions: Vec<usize>,
    pub resources: Vec<usize>,
}

/// What is said of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    pub decision: Decision,
    /// The end of AWS's message; empty where it is allowed.
    pub because: String,
    pub grants: Vec<Grant>,
    /// What was not known and counted against the asker: a condition key, or a part of a policy.
    pub unknown: Vec<String>,
}

impl Ruling {
    pub fn allowed(&self) -> bool {
        self.decision == Decision::Allow
    }
}

/// The kinds of policies, as AWS's messages call them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Identity,
    Resource,
    Boundary,
    Session,
    Control,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Identity => "identity-based policy",
            Kind::Resource => "resource-based policy",
            Kind::Boundary => "permissions boundary",
            Kind::Session => "session policy",
            Kind::Control => "service control policy",
        }
    }

    fn denies(self) -> String {
        let article = if self == Kind::Identity { "an" } else { "a" };
        format!("with an explicit deny in {article} {}", self.name())
    }

    fn does_not_allow(self, action: &str) -> String {
        format!("because no {} allows the {action} action", self.name())
    }
}

/// What the policies of one kind say.
#[derive(Debug, Default)]
struct Voice {
    denied: bool,
    allowed: bool,
    /// How closely an allowing statement names the asker.
    named: Option<Named>,
    grants: Vec<Grant>,
}

struct Court<'a> {
    request: AccessRequest<'a>,
    unknown: Vec<String>,
}

impl<'a> Court<'a> {
    fn new(request: AccessRequest<'a>) -> Self {
        Self {
            request,
            unknown: Vec::new(),
        }
    }

    fn note(&mut self, what: &str) {
        if !self.unknown.iter().any(|known| known == what) {
            self.unknown.push(what.to_owned());
        }
    }

    fn hear<'p>(
        &mut self,
        documents: impl IntoIterator<Item = &'p PolicyDocument>,
        about_principals: bool,
    ) -> Voice {
        let AccessRequest {
            asker,
            action,
            resource,
            context,
        } = self.request;
        let mut voice = Voice::default();
        for (policy, document) in documents.into_iter().enumerate() {
            for (statement, said) in document.statements.iter().enumerate() {
                let named = match about_principals {
                    true => said.names(asker),
                    false => Named::Itself,
                };
                if named == Named::NotAtAll {
                    continue;
                }
                // In a policy of an identity, the resource is never understood.
                if !about_principals && !said.names_resources() {
                    self.note("a statement without `Resource`");
                    voice.denied |= !said.allows;
                    continue;
                }
                let (fit, cover) = said.covers(Wanted { action, resource }, context);
                if let Fit::Unknown(what) = &fit {
                    self.note(what);
                }
                match (fit, said.allows) {
                    (Fit::Yes, true) => {
                        voice.allowed = true;
                        voice.named = voice.named.max(Some(named));
                        voice.grants.push(Grant {
                            policy,
                            statement,
                            actions: cover.actions,
                            resources: cover.resources,
                        });
                    }
                    (Fit::Yes | Fit::Unknown(_), false) => voice.denied = true,
                    (Fit::Unknown(_), true) | (Fit::No, _) => {}
                }
            }
        }
        voice
    }

    fn rule(self, decision: Decision, because: String, grants: Vec<Grant>) -> Ruling {
        Ruling {
            decision,
            because,
            grants,
            // Where the outcome does not depend on it, what is unknown does not matter.
            unknown: match decision {
                Decision::Allow => Vec::new(),
                _ => self.unknown,
            },
        }
    }
}

/// Judges a request to a resource that may have a policy of its own.
pub fn judge(
    policies: &Policies,
    resource_policy: Option<&PolicyDocument>,
    request: AccessRequest<'_>,
) -> Ruling {
    let mut court = Court::new(request);
    // STS tells everyone who they are.
    if request.action.eq_ignore_ascii_case("sts:GetCallerIdentity") {
        return court.rule(Decision::Allow, String::new(), Vec::new());
    }
    let identity = court.hear(&policies.identity, false);
    let resource = court.hear(resource_policy, true);
    let boundary = policies
        .boundary
        .as_ref()
        .map(|one| court.hear([one], false));
    let session = policies
        .session
        .as_ref()
        .map(|one| court.hear([one], false));
    let control = policies.control.as_ref().map(|all| court.hear(all, false));
    let limits = [
        (Kind::Control, &control),
        (Kind::Boundary, &boundary),
        (Kind::Session, &session),
    ];
    let spoken = [
        (Kind::Identity, Some(&identity)),
        (Kind::Resource, Some(&resource)),
    ];
    let deny = limits
        .iter()
        .map(|(kind, voice)| (*kind, voice.as_ref()))
        .chain(spoken)
        .find(|(_, voice)| voice.is_some_and(|voice| voice.denied));
    if let Some((kind, _)) = deny {
        return court.rule(Decision::ExplicitDeny, kind.denies(), Vec::new());
    }
    let home = account_of(request.resource);
    let abroad = !home.is_empty() && home != request.asker.account;
    // A resource in the same account that names the very asker decides alone.
    let alone = !abroad && resource.named == Some(Named::Itself);
    for (kind, voice) in &limits {
        let spared = alone && *kind != Kind::Control;
        if let Some(voice) = voice
            && !voice.allowed
            && !spared
        {
            let because = kind.does_not_allow(request.action);
            return court.rule(Decision::ImplicitDeny, because, Vec::new());
        }
    }
    let by_resource = resource.named >= Some(Named::ByRole);
    let missing = match abroad {
        true if !identity.allowed => Some(Kind::Identity),
        true if !resource.allowed => Some(Kind::Resource),
        false if !identity.allowed && !by_resource => Some(Kind::Identity),
        _ => None,
    };
    match missing {
        Some(kind) => {
            let because = kind.does_not_allow(request.action);
            court.rule(Decision::ImplicitDeny, because, Vec::new())
        }
        None => court.rule(Decision::Allow, String::new(), identity.grants),
    }
}

/// Judges who may take on a role. Its trust policy must allow it; where that names the asker's
/// account alone, the asker's own policies must too.
pub fn judge_trust(
    policies: &Policies,
    trust: &PolicyDocument,
    request: AccessRequest<'_>,
) -> Ruling {
    let mut court = Court::new(request);
    let voice = court.hear([trust], true);
    if voice.denied {
        return court.rule(Decision::ExplicitDeny, Kind::Resource.denies(), Vec::new());
    }
    if !voice.allowed {
        let because = Kind::Resource.does_not_allow(request.action);
        return court.rule(Decision::ImplicitDeny, because, Vec::new());
    }
    if request.asker.federated.is_some() {
        return court.rule(Decision::Allow, String::new(), Vec::new());
    }
    judge(policies, Some(trust), request)
}
