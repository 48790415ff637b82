//! What a request needs to be allowed, and how it is refused.

use super::context::Context;
use super::ruling::{AccessRequest, judge};
use super::{Permissions, Principal};
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};
use crate::event::What;
use crate::outage::Api;

/// One action that a request needs, on one resource, with the action's own condition keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    action: &'static str,
    resource: String,
    keys: Vec<(String, Vec<String>)>,
    absent: Vec<&'static str>,
}

impl Access {
    pub(crate) fn new(action: &'static str, resource: impl Into<String>) -> Self {
        Self {
            action,
            resource: resource.into(),
            keys: Vec::new(),
            absent: Vec::new(),
        }
    }

    /// An action that knows no resources.
    pub(crate) fn everywhere(action: &'static str) -> Self {
        Self::new(action, "*")
    }

    pub(crate) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.keys.push((key.to_owned(), vec![value.into()]));
        self
    }

    /// A key that the action may have, and does not have here.
    pub(crate) fn without(mut self, key: &'static str) -> Self {
        self.absent.push(key);
        self
    }

    pub(crate) fn with_all(mut self, key: &str, values: Vec<String>) -> Self {
        self.keys.push((key.to_owned(), values));
        self
    }
}

/// Keys that a request from a runner outside of AWS never has.
const ABSENT: &[&str] = &[
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:Ec2InstanceSourceVpc",
    "aws:MultiFactorAuthAge",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:Referer",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:VpcSourceIp",
];

/// The keys that every request of this principal has. Others may exist, with values that nobody
/// here knows: the runner's address, tags.
pub(crate) fn context(request: &Request<'_>) -> Context {
    let mut context = Context::partial();
    for key in ABSENT {
        context.leave_out(key);
    }
    let asker = request.principal.asker();
    let now = request.now;
    context.set("aws:CurrentTime", now.rfc3339());
    context.set("aws:EpochTime", (now.millis() / 1000).to_string());
    context.set("aws:SecureTransport", "true");
    context.set("aws:ViaAWSService", "false");
    context.set("aws:PrincipalIsAWSService", "false");
    context.set("aws:RequestedRegion", request.place.region.as_str());
    context.set("aws:PrincipalArn", asker.identity);
    context.set("aws:PrincipalAccount", asker.account);
    context.set("aws:userid", request.principal.id());
    match &request.principal {
        Principal::Session { issued, .. } => {
            context.set("aws:PrincipalType", "AssumedRole");
            context.set("aws:TokenIssueTime", issued.rfc3339());
            context.set("aws:MultiFactorAuthPresent", "false");
            context.leave_out("aws:username");
        }
        Principal::User { name, .. } => {
            context.set("aws:PrincipalType", "User");
            context.set("aws:username", name.as_str());
            context.leave_out("aws:TokenIssueTime");
            context.leave_out("aws:MultiFactorAuthPresent");
        }
        Principal::Nobody { .. } => {}
    }
    context
}

impl Cloud {
    /// Lets a request pass that is allowed everything it needs. A user with static keys is; so is
    /// a role of which no policies are known.
    pub(crate) fn authorise(
        &self,
        request: &mut Request<'_>,
        needs: Vec<Access>,
    ) -> Result<(), ApiError> {
        let asker = request.principal.asker();
        let Principal::Session { policy, .. } = request.principal.clone() else {
            return Ok(());
        };
        let Some(held) = self.iam.role(&asker.identity) else {
            return Ok(());
        };
        let Permissions::Policies(known) = &held.role.permissions else {
            return Ok(());
        };
        let limited;
        let policies = match policy {
            Some(policy) => {
                let mut with = known.clone();
                with.session = Some((*policy).clone());
                limited = with;
                &limited
            }
            None => known,
        };
        let base = context(request);
        for need in needs {
            let mut context = base.clone();
            for (key, values) in need.keys {
                context.set_all(&key, values);
            }
            for key in need.absent {
                context.leave_out(key);
            }
            let ruling = judge(
                policies,
                None,
                AccessRequest {
                    asker: &asker,
                    action: need.action,
                    resource: &need.resource,
                    context: &context,
                },
            );
            let refused = (!ruling.allowed()).then(|| ruling.because.clone());
            for what in &ruling.unknown {
                request.event(What::NotModelled {
                    text: format!(
                        "{}: {what} in a policy: refused what depends on it",
                        need.action
                    ),
                    file: None,
                    line: request.source.map(|source| source.line),
                });
            }
            request.event(What::AccessJudged {
                role: asker.identity.clone(),
                action: need.action.to_owned(),
                resource: need.resource.clone(),
                grants: ruling.grants,
                refused,
            });
            if ruling.decision != super::Decision::Allow {
                return Err(denied(
                    &request.principal.arn(),
                    request.api,
                    need.action,
                    &need.resource,
                    &ruling.because,
                ));
            }
        }
        Ok(())
    }
}

/// The refusal, as the service words it.
pub(crate) fn denied(who: &str, api: Api, action: &str, resource: &str, because: &str) -> ApiError {
    // Elastic Load Balancing leaves out what it has no resource for.
    let resource = match (api, resource) {
        (Api::Elbv2, "*") => String::new(),
        _ => format!(" on resource: {resource}"),
    };
    let (code, status) = match api {
        Api::Sts | Api::Elbv2 => ("AccessDenied", 403),
        Api::Ecs | Api::Ecr | Api::GitHub => ("AccessDeniedException", 400),
    };
    let text = format!("User: {who} is not authorized to perform: {action}{resource} {because}");
    ApiError::new(code, text.trim_end()).status(status)
}
