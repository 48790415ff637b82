//! `GetLifecyclePolicy` and `PutLifecyclePolicy`: the text is kept; nothing expires by it yet.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{of_repository, registry};
use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GetInput {
    registry_id: Option<String>,
    repository_name: String,
}

pub(crate) fn get_needs(_: &Cloud, request: &Request<'_>, input: &GetInput) -> Vec<Access> {
    let repository = &input.repository_name;
    vec![of_repository(
        "ecr:GetLifecyclePolicy",
        request,
        input.registry_id.as_deref(),
        repository,
    )]
}

pub(crate) fn get(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: GetInput,
) -> Result<Value, ApiError> {
    let place = registry(request, input.registry_id.as_deref())?;
    let repository = cloud.ecr.repository(&place, &input.repository_name)?;
    let text = repository.lifecycle_policy.as_ref().ok_or_else(|| {
        ApiError::new(
            "LifecyclePolicyNotFoundException",
            format!(
                "Lifecycle policy does not exist for the repository with name '{}' in the registry \
                 with id '{}'",
                repository.name, place.account
            ),
        )
    })?;
    Ok(json!({
        "registryId": place.account,
        "repositoryName": repository.name,
        "lifecyclePolicyText": text,
    }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PutInput {
    registry_id: Option<String>,
    repository_name: String,
    lifecycle_policy_text: String,
}

pub(crate) fn put_needs(_: &Cloud, request: &Request<'_>, input: &PutInput) -> Vec<Access> {
    let repository = &input.repository_name;
    vec![of_repository(
        "ecr:PutLifecyclePolicy",
        request,
        input.registry_id.as_deref(),
        repository,
    )]
}

pub(crate) fn put(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: PutInput,
) -> Result<Value, ApiError> {
    let place = registry(request, input.registry_id.as_deref())?;
    let text = input.lifecycle_policy_text;
    let rules = serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|policy| policy.get("rules")?.as_array().map(Vec::len));
    if rules.unwrap_or(0) == 0 {
        return Err(ApiError::invalid_parameter(
            "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle \
             policy validation failure'",
        ));
    }
    let repository = cloud.ecr.repository_mut(&place, &input.repository_name)?;
    repository.lifecycle_policy = Some(text.clone());
    Ok(json!({
        "registryId": place.account,
        "repositoryName": repository.name,
        "lifecyclePolicyText": text,
    }))
}
