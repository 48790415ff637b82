//! `GetCallerIdentity`

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {}

pub(crate) fn handle(
    _: &mut Cloud,
    request: &mut Request<'_>,
    Input {}: Input,
) -> Result<Value, ApiError> {
    Ok(json!({
        "UserId": request.principal.id(),
        "Account": request.principal.account(),
        "Arn": request.principal.arn(),
    }))
}
