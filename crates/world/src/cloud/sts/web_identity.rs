//! `AssumeRoleWithWebIdentity`

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{account_of, check, open_session, validation};
use crate::Instant;
use crate::cloud::iam::{Asker, judge};
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};
use crate::event::What;
use crate::oidc;

/// GitHub's claims that STS offers as condition keys.
const CONDITION_KEYS: &[&str] = &[
    "actor",
    "actor_id",
    "aud",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "sub",
    "workflow",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Input {
    role_arn: String,
    role_session_name: String,
    web_identity_token: String,
    duration_seconds: Option<u64>,
}

pub(crate) fn handle(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: Input,
) -> Result<Value, ApiError> {
    check(&input.role_session_name, input.duration_seconds)?;
    let account = account_of(&input.role_arn)
        .ok_or_else(|| validation(format!("{:?} is invalid", input.role_arn)))?;
    let invalid = |text: String| ApiError::new("InvalidIdentityToken", text);
    let claims = oidc::verify(&input.web_identity_token)
        .ok_or_else(|| invalid("The web identity token that was passed is not valid.".into()))?;
    let expires = claims.0.get("exp").and_then(Value::as_u64);
    if let Some(end) = expires.map(|seconds| Instant::from_millis(seconds.saturating_mul(1000)))
        && end <= request.now
    {
        return Err(ApiError::new(
            "ExpiredTokenException",
            format!(
                "Token expired: current date/time {} must be before the expiration date/time {end}",
                request.now
            ),
        ));
    }
    let audiences = cloud.iam.provider(&account).ok_or_else(|| {
        invalid(format!(
            "No OpenIDConnect provider found in your account for {}",
            oidc::ISSUER
        ))
    })?;
    let audience = claims.get("aud").unwrap_or_default().to_owned();
    if !audiences.contains(&audience) {
        return Err(invalid("Incorrect token audience".into()));
    }
    // AWS does not tell a role that does not exist from one that does not trust the asker.
    let refused = || {
        ApiError::new(
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        )
        .status(403)
    };
    let role = cloud
        .iam
        .role(&input.role_arn)
        .cloned()
        .ok_or_else(refused)?;
    let provider = format!("arn:aws:iam::{account}:oidc-provider/{HOST}");
    let mut context = BTreeMap::new();
    for key in CONDITION_KEYS {
        if let Some(value) = claims.get(key) {
            context.insert(format!("{HOST}:{key}"), vec![value.to_owned()]);
        }
    }
    context.insert(
        "sts:rolesessionname".to_owned(),
        vec![input.role_session_name.clone()],
    );
    let asker = Asker {
        action: "sts:AssumeRoleWithWebIdentity",
        federated: Some(&provider),
        aws: &[],
        context,
    };
    let verdict = judge(&role.0.trust_policy, &asker);
    for what in &verdict.not_modelled {
        request.event(What::NotModelled {
            text: format!("{}: {what}: taken as not trusted", input.role_arn),
            file: None,
            line: None,
        });
    }
    if !verdict.allowed {
        return Err(refused());
    }
    let mut answer = open_session(
        cloud,
        request,
        &role,
        &input.role_session_name,
        input.duration_seconds,
    )?;
    answer["SubjectFromWebIdentityToken"] = json!(claims.get("sub"));
    answer["Provider"] = json!(provider);
    answer["Audience"] = json!(audience);
    Ok(answer)
}

/// The provider's name in ARNs and condition keys.
const HOST: &str = "token.actions.githubusercontent.com";
