//! `DescribeTaskDefinition` and `ListTaskDefinitions`

use serde::Deserialize;
use serde_json::{Value, json};

use super::includes_tags;
use crate::cloud::iam::Access;
use crate::cloud::page::page;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DescribeInput {
    task_definition: String,
    include: Option<Vec<String>>,
}

pub(crate) fn describe_needs(_: &Cloud, _: &Request<'_>, _: &DescribeInput) -> Vec<Access> {
    vec![Access::everywhere("ecs:DescribeTaskDefinition")]
}

pub(crate) fn describe(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: DescribeInput,
) -> Result<Value, ApiError> {
    let tags = includes_tags(input.include.as_deref())?;
    let found = cloud
        .ecs
        .task_definition(&request.place, &input.task_definition)
        .ok_or_else(|| ApiError::client("Unable to describe task definition."))?;
    let mut answer = json!({ "taskDefinition": found.view() });
    if tags {
        answer["tags"] = json!(found.tags);
    }
    Ok(answer)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListInput {
    family_prefix: Option<String>,
    status: Option<String>,
    sort: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

pub(crate) fn list_needs(_: &Cloud, _: &Request<'_>, _: &ListInput) -> Vec<Access> {
    vec![Access::everywhere("ecs:ListTaskDefinitions")]
}

pub(crate) fn list(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: ListInput,
) -> Result<Value, ApiError> {
    let active = match input.status.as_deref() {
        None | Some("ACTIVE") => true,
        Some("INACTIVE") => false,
        Some(other) => {
            return Err(ApiError::not_modelled(format!(
                "ListTaskDefinitions: the status {other} is not modelled"
            )));
        }
    };
    // Despite its name, the prefix is the whole family.
    let mut arns: Vec<Value> = cloud
        .ecs
        .families
        .iter()
        .filter(|((place, family), _)| {
            *place == request.place && input.family_prefix.as_ref().is_none_or(|p| p == family)
        })
        .flat_map(|(_, revisions)| revisions)
        .filter(|definition| definition.active() == active)
        .map(|definition| definition.arn().into())
        .collect();
    match input.sort.as_deref() {
        None | Some("ASC") => {}
        Some("DESC") => arns.reverse(),
        Some(_) => return Err(ApiError::invalid_parameter("sort is ASC or DESC")),
    }
    let limit = input.max_results.unwrap_or(100);
    let token = input.next_token.as_deref();
    page(arns, "taskDefinitionArns", limit, 100, token)
}
