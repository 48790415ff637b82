//! `DescribeRepositories`

use serde::Deserialize;
use serde_json::{Value, json};

use super::{of_repository, registry};
use crate::cloud::ecr::Repository;
use crate::cloud::iam::Access;
use crate::cloud::page::page;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud, timestamp};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_names: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

pub(crate) fn needs(_: &Cloud, request: &Request<'_>, input: &Input) -> Vec<Access> {
    let all = ["*".to_owned()];
    let names = input.repository_names.as_deref().unwrap_or(&all);
    let registry = input.registry_id.as_deref();
    names
        .iter()
        .map(|name| of_repository("ecr:DescribeRepositories", request, registry, name))
        .collect()
}

pub(crate) fn handle(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: Input,
) -> Result<Value, ApiError> {
    let place = registry(request, input.registry_id.as_deref())?;
    if let Some(names) = &input.repository_names {
        let shown = names
            .iter()
            .map(|name| cloud.ecr.repository(&place, name).map(show))
            .collect::<Result<Vec<_>, _>>()?;
        return Ok(json!({ "repositories": shown }));
    }
    let shown = cloud.ecr.in_place(&place).map(show).collect();
    let limit = input.max_results.unwrap_or(100);
    page(
        shown,
        "repositories",
        limit,
        1000,
        input.next_token.as_deref(),
    )
}

fn show(repository: &Repository) -> Value {
    let mut shown = json!({
        "repositoryArn": repository.arn(),
        "registryId": repository.place.account,
        "repositoryName": repository.name,
        "repositoryUri": repository.uri(),
        "createdAt": timestamp::write(repository.created_at),
        "imageTagMutability": repository.mutability.name(),
    });
    let filters: Vec<_> = repository
        .mutability
        .filters()
        .iter()
        .map(|filter| json!({ "filterType": "WILDCARD", "filter": filter }))
        .collect();
    if !filters.is_empty() {
        shown["imageTagMutabilityExclusionFilters"] = json!(filters);
    }
    shown["imageScanningConfiguration"] = json!({ "scanOnPush": repository.scan_on_push });
    shown["encryptionConfiguration"] = json!({ "encryptionType": "AES256" });
    shown
}
