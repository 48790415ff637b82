//! `GetLifecyclePolicy` and `PutLifecyclePolicy`

use serde::Deserialize;
use serde_json::{Value, json};

use super::{of_repository, registry};
use crate::cloud::ecr::Lifecycle;
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
    let lifecycle = repository.lifecycle.as_ref().ok_or_else(|| {
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
        "lifecyclePolicyText": lifecycle.text,
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
    let repository = cloud.ecr.repository_mut(&place, &input.repository_name)?;
    repository.lifecycle = Some(Lifecycle::new(text.clone(), request.now)?);
    Ok(json!({
        "registryId": place.account,
        "repositoryName": repository.name,
        "lifecyclePolicyText": text,
    }))
}
