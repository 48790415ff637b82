//! Who signed a request, as Signature Version 4 says it.

use lockkeeper_world::cloud::ApiCaller;

use super::http::HttpRequest;

/// `AWS4-HMAC-SHA256 Credential=KEY/20260302/eu-west-1/ecs/aws4_request, SignedHeaders=…,
/// Signature=…`; nobody where there is none.
pub(super) fn caller(request: &HttpRequest) -> ApiCaller {
    let header = request.header("authorization").unwrap_or_default();
    let Some((_, rest)) = header.split_once("Credential=") else {
        return ApiCaller::default();
    };
    let scope = rest.split([',', ' ']).next().unwrap_or_default();
    let mut parts = scope.split('/');
    let key = parts.next().unwrap_or_default();
    let region = parts.nth(1).and_then(|region| region.parse().ok());
    // AWS knows a role's key only together with its token.
    let key = match request.header("x-amz-security-token") {
        None if key.starts_with("ASIA") => format!("{key} without its session token"),
        _ => key.to_owned(),
    };
    ApiCaller {
        access_key: Some(key),
        source: None,
        region,
    }
}
