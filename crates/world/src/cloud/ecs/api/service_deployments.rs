//! `ListServiceDeployments` and `DescribeServiceDeployments`

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud::ecs::view;
use crate::cloud::iam::Access;
use crate::cloud::page::page;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud, timestamp};

/// How long ECS remembers service deployments.
const REMEMBERED: Duration = Duration::from_secs(90 * 86_400);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreatedAt {
    before: Option<Value>,
    after: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListInput {
    service: String,
    cluster: Option<String>,
    status: Option<Vec<String>>,
    created_at: Option<CreatedAt>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

pub(crate) fn list_needs(_: &Cloud, request: &Request<'_>, input: &ListInput) -> Vec<Access> {
    let cluster = input.cluster.as_deref();
    vec![super::of_service(
        "ecs:ListServiceDeployments",
        request,
        cluster,
        &input.service,
    )]
}

pub(crate) fn list(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: ListInput,
) -> Result<Value, ApiError> {
    let cluster = input.cluster.as_deref();
    let key = cloud
        .ecs
        .service_key(&request.place, cluster, &input.service)?;
    let service = cloud.held(&key)?;
    let instant = |value: Option<&Value>| match value {
        None => Ok(None),
        Some(value) => timestamp::read(value)
            .map(Some)
            .ok_or_else(|| ApiError::invalid_parameter(format!("{value} is not a timestamp"))),
    };
    let range = input.created_at.as_ref();
    let before = instant(range.and_then(|r| r.before.as_ref()))?;
    let after = instant(range.and_then(|r| r.after.as_ref()))?;
    // Newest first.
    let shown = service
        .service_deployments
        .iter()
        .rev()
        .filter(|it| {
            request.now.since(it.created_at) < REMEMBERED
                && before.is_none_or(|before| it.created_at < before)
                && after.is_none_or(|after| it.created_at > after)
                && input
                    .status
                    .as_ref()
                    .is_none_or(|any| any.iter().any(|status| status == it.status.name()))
        })
        .map(|it| service.brief_view(it))
        .collect();
    let limit = input.max_results.unwrap_or(20);
    let token = input.next_token.as_deref();
    page(shown, "serviceDeployments", limit, 100, token)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DescribeInput {
    service_deployment_arns: Vec<String>,
}

pub(crate) fn describe_needs(_: &Cloud, _: &Request<'_>, input: &DescribeInput) -> Vec<Access> {
    let of = |arn: &String| super::of_part("ecs:DescribeServiceDeployments", arn);
    input.service_deployment_arns.iter().flat_map(of).collect()
}

pub(crate) fn describe(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: DescribeInput,
) -> Result<Value, ApiError> {
    if !(1..=20).contains(&input.service_deployment_arns.len()) {
        return Err(ApiError::invalid_parameter(
            "serviceDeploymentArns should have 1 to 20 items",
        ));
    }
    let (mut shown, mut failures) = (Vec::new(), Vec::new());
    for arn in &input.service_deployment_arns {
        let found = cloud
            .ecs
            .services
            .values()
            .filter(|service| service.place == request.place)
            .flat_map(|service| {
                service
                    .service_deployments
                    .iter()
                    .map(move |it| (service, it))
            })
            .find(|(_, it)| it.arn == *arn);
        match found {
            Some((service, it)) => shown.push(service.service_deployment_view(it)),
            None => failures.push(view::failure(arn, "MISSING")),
        }
    }
    Ok(json!({ "serviceDeployments": shown, "failures": failures }))
}
