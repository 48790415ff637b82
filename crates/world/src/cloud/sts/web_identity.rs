//! `AssumeRoleWithWebIdentity`

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{account_of, check, open_session, validation};
use crate::Instant;
use crate::cloud::iam::{
    AccessRequest, Asker, Context, Permissions, Policies, PolicyDocument, Ruling, judge_trust,
};
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
    policy: Option<String>,
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
    let held = cloud.iam.role(&input.role_arn).ok_or_else(refused)?;
    let known = matches!(held.role.permissions, Permissions::Policies(_));
    let provider = provider_arn(account.as_str());
    let claims_asked_for: BTreeMap<String, String> = CONDITION_KEYS
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), claims.get(key)?.to_owned())))
        .collect();
    let (allowed, because, unknown) = match &held.trust {
        Ok(trust) => {
            let ruling = trusts(
                trust,
                &input.role_arn,
                &provider,
                &claims_asked_for,
                Some(&input.role_session_name),
            );
            (ruling.allowed(), ruling.because, ruling.unknown)
        }
        Err(error) => (false, String::new(), vec![format!("a policy: {error}")]),
    };
    for what in &unknown {
        request.event(What::NotModelled {
            text: format!("{}: {what}: taken as not trusted", input.role_arn),
            file: None,
            line: None,
        });
    }
    if known {
        request.event(What::AccessJudged {
            role: input.role_arn.clone(),
            action: "sts:AssumeRoleWithWebIdentity".to_owned(),
            resource: input.role_arn.clone(),
            grants: Vec::new(),
            refused: (!allowed).then_some(because),
        });
    }
    if !allowed {
        return Err(refused());
    }
    let mut answer = open_session(
        cloud,
        request,
        &held,
        &input.role_session_name,
        input.duration_seconds,
        input.policy.as_deref(),
    )?;
    if known {
        request.event(What::RoleTaken {
            role: input.role_arn.clone(),
            claims: claims_asked_for,
        });
    }
    answer["SubjectFromWebIdentityToken"] = json!(claims.get("sub"));
    answer["Provider"] = json!(provider);
    answer["Audience"] = json!(audience);
    Ok(answer)
}

/// The provider's name in ARNs and condition keys.
const HOST: &str = "token.actions.githubusercontent.com";

fn provider_arn(account: &str) -> String {
    format!("arn:aws:iam::{account}:oidc-provider/{HOST}")
}

fn trusts(
    trust: &PolicyDocument,
    role: &str,
    provider: &str,
    claims: &BTreeMap<String, String>,
    session: Option<&str>,
) -> Ruling {
    // The claims are all that a token says: what it does not have is absent.
    let mut context = Context::partial();
    context.leave_out_others(&format!("{HOST}:"));
    for (claim, value) in claims {
        context.set(&format!("{HOST}:{claim}"), value.as_str());
    }
    if let Some(session) = session {
        context.set("sts:RoleSessionName", session);
    }
    context.set("aws:FederatedProvider", provider);
    context.set("aws:SecureTransport", "true");
    let request = AccessRequest {
        asker: &Asker::with_token_of(provider),
        action: "sts:AssumeRoleWithWebIdentity",
        resource: role,
        context: &context,
    };
    judge_trust(&Policies::default(), trust, request)
}

/// Whether a role's trust policy lets a token of GitHub with these claims take it on.
pub fn trusts_token(
    trust: &PolicyDocument,
    role: &str,
    claims: &BTreeMap<String, String>,
) -> Ruling {
    let account = role.split(':').nth(4).unwrap_or_default();
    trusts(trust, role, &provider_arn(account), claims, None)
}
