//! STS: who am I, and taking on roles.

pub(crate) mod assume_role;
pub(crate) mod caller_identity;
pub(crate) mod web_identity;

use std::sync::Arc;
use std::time::Duration;

use lockkeeper_names::AccountId;
use serde_json::{Value, json};

use super::iam::{Held, PolicyDocument, Principal};
use super::request::Request;
use super::{ApiError, Cloud, mint, timestamp};

fn account_of(role_arn: &str) -> Option<AccountId> {
    role_arn.split(':').nth(4)?.parse().ok()
}

fn validation(text: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", text)
}

/// Makes a session of `role`, if its name and duration are allowed: `Credentials` and
/// `AssumedRoleUser`.
fn open_session(
    cloud: &mut Cloud,
    request: &Request<'_>,
    held: &Held,
    session: &str,
    seconds: Option<u64>,
    policy: Option<&str>,
) -> Result<Value, ApiError> {
    let Held { role, id, .. } = held;
    let policy = match policy {
        Some(text) => Some(Arc::new(PolicyDocument::parse(text).map_err(|error| {
            ApiError::new(
                "MalformedPolicyDocument",
                format!("This policy contains invalid Json: {error}"),
            )
        })?)),
        None => None,
    };
    let duration = Duration::from_secs(seconds.unwrap_or(3600));
    if duration > role.max_session {
        return Err(validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let expires = request.now + duration;
    let key = format!(
        "ASIA{}",
        cloud.mint.letters("session key", 16, mint::BASE32)
    );
    let secret = cloud.mint.letters("secret key", 40, mint::BASE62);
    let token = cloud.mint.letters("session token", 256, mint::BASE62);
    let principal = Principal::Session {
        account: role.account.clone(),
        role: role.name.clone(),
        role_id: id.clone(),
        name: session.to_owned(),
        issued: request.now,
        policy,
    };
    let answer = json!({
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": timestamp::write(expires),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": principal.id(),
            "Arn": principal.arn(),
        },
    });
    cloud.iam.add_key(key, principal, Some(expires));
    Ok(answer)
}

fn check(session: &str, seconds: Option<u64>) -> Result<(), ApiError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    if !(2..=64).contains(&session.len()) || !session.bytes().all(allowed) {
        return Err(validation(format!(
            "1 validation error detected: Value {session:?} at 'roleSessionName' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"
        )));
    }
    if seconds.is_some_and(|s| !(900..=43_200).contains(&s)) {
        return Err(validation(
            "1 validation error detected: Value at 'durationSeconds' failed to satisfy constraint: \
             Member must have value between 900 and 43200",
        ));
    }
    Ok(())
}
