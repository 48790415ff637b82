//! `GetAuthorizationToken`

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud, Login, mint, timestamp};

const LIFETIME: Duration = Duration::from_secs(12 * 3600);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Input {
    registry_ids: Option<Vec<String>>,
}

pub(crate) fn needs(_: &Cloud, _: &Request<'_>, _: &Input) -> Vec<Access> {
    vec![Access::everywhere("ecr:GetAuthorizationToken")]
}

pub(crate) fn handle(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: Input,
) -> Result<Value, ApiError> {
    let registries = input
        .registry_ids
        .unwrap_or_else(|| vec![request.place.account.to_string()]);
    let expires = request.now + LIFETIME;
    let mut data = Vec::new();
    for registry in registries {
        let mut place = request.place.clone();
        place.account = registry.parse().map_err(|_| {
            ApiError::invalid_parameter(
                "Invalid parameter at 'registryIds': 12 digits are expected",
            )
        })?;
        let password = cloud.mint.letters("registry password", 120, mint::BASE62);
        data.push(json!({
            "authorizationToken": STANDARD.encode(format!("AWS:{password}")),
            "expiresAt": timestamp::write(expires),
            "proxyEndpoint": format!("https://{}", place.registry()),
        }));
        let login = Login {
            access_key: request.access_key.clone(),
            place,
            expires,
        };
        cloud.logins.insert(password, login);
    }
    Ok(json!({ "authorizationData": data }))
}
