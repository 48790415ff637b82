//! `AssumeRole`

use serde::Deserialize;
use serde_json::Value;

use super::{check, open_session};
use crate::cloud::iam::{
    AccessRequest, Permissions, Policies, Principal, context, denied, judge_trust,
};
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};
use crate::outage::Api;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Input {
    role_arn: String,
    role_session_name: String,
    duration_seconds: Option<u64>,
    external_id: Option<String>,
    policy: Option<String>,
    tags: Option<Vec<Value>>,
    transitive_tag_keys: Option<Vec<String>>,
}

pub(crate) fn handle(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: Input,
) -> Result<Value, ApiError> {
    check(&input.role_session_name, input.duration_seconds)?;
    let own = request.principal.arn();
    let refused =
        |action: &str, because: &str| denied(&own, Api::Sts, action, &input.role_arn, because);
    let held = cloud.iam.role(&input.role_arn);
    // AWS does not tell a role that does not exist from one that does not trust the asker.
    let held = held.ok_or_else(|| refused("sts:AssumeRole", ""))?;
    let trust = match &held.trust {
        Ok(trust) => trust,
        Err(error) => {
            return Err(ApiError::not_modelled(format!(
                "AssumeRole: the trust policy of {}: {error}",
                input.role_arn
            )));
        }
    };
    let asker = request.principal.asker();
    let own_policies = match cloud.iam.role(&asker.identity) {
        Some(own) => own.role.permissions.clone(),
        None => Permissions::Everything,
    };
    let policies = match own_policies {
        Permissions::Policies(policies) => policies,
        Permissions::Everything => Policies::of_everything(),
    };
    let mut context = context(request);
    if let Some(id) = &input.external_id {
        context.set("sts:ExternalId", id.as_str());
    } else {
        context.leave_out("sts:ExternalId");
    }
    context.set("sts:RoleSessionName", input.role_session_name.as_str());
    // A session that is tagged needs two permissions. Its tags have no effect here.
    let tagged = input.tags.is_some() || input.transitive_tag_keys.is_some();
    let actions = ["sts:AssumeRole", "sts:TagSession"];
    for action in &actions[..1 + usize::from(tagged)] {
        let asked = AccessRequest {
            asker: &asker,
            action,
            resource: &input.role_arn,
            context: &context,
        };
        let ruling = judge_trust(&policies, trust, asked);
        if !ruling.allowed() {
            return match ruling.unknown.first() {
                Some(what) => Err(ApiError::not_modelled(format!("AssumeRole: {what}"))),
                None => Err(refused(action, &ruling.because)),
            };
        }
    }
    // A role's session that takes on a role is limited to an hour, whatever the role allows.
    let chained = matches!(request.principal, Principal::Session { .. });
    if chained && input.duration_seconds.is_some_and(|s| s > 3600) {
        return Err(super::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by \
             role chaining.",
        ));
    }
    open_session(
        cloud,
        request,
        &held,
        &input.role_session_name,
        input.duration_seconds,
        input.policy.as_deref(),
    )
}
