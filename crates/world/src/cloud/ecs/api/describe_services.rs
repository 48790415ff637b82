//! `DescribeServices` and `ListServices`

use serde::Deserialize;
use serde_json::{Value, json};

use super::{cluster_arn, includes_tags, of_service};
use crate::cloud::ecs::{last_part, view};
use crate::cloud::iam::Access;
use crate::cloud::page::page;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};
use crate::event::ServiceKey;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Input {
    cluster: Option<String>,
    services: Vec<String>,
    include: Option<Vec<String>>,
}

pub(crate) fn describe_needs(_: &Cloud, request: &Request<'_>, input: &Input) -> Vec<Access> {
    let cluster = input.cluster.as_deref();
    let of = |service: &String| of_service("ecs:DescribeServices", request, cluster, service);
    input.services.iter().map(of).collect()
}

pub(crate) fn describe(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: Input,
) -> Result<Value, ApiError> {
    let cluster = cloud
        .ecs
        .cluster(&request.place, input.cluster.as_deref())?;
    let tags = includes_tags(input.include.as_deref())?;
    if input.services.is_empty() {
        return Err(ApiError::invalid_parameter("Services cannot be empty."));
    }
    if input.services.len() > 10 {
        return Err(ApiError::invalid_parameter(
            "Services length must be less than or equal to 10",
        ));
    }
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for named in &input.services {
        match cloud.ecs.service_in(&cluster, named) {
            Some(service) => services.push(service.view(tags)),
            None => {
                let resource = format!("service/{cluster}/{}", last_part(named));
                let arn = request.place.arn("ecs", &resource);
                failures.push(view::failure(&arn, "MISSING"));
            }
        }
    }
    Ok(json!({ "services": services, "failures": failures }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListInput {
    cluster: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

pub(crate) fn list_needs(_: &Cloud, request: &Request<'_>, input: &ListInput) -> Vec<Access> {
    let cluster = cluster_arn(request, input.cluster.as_deref());
    vec![Access::everywhere("ecs:ListServices").with("ecs:cluster", cluster)]
}

pub(crate) fn list(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: ListInput,
) -> Result<Value, ApiError> {
    let cluster = cloud
        .ecs
        .cluster(&request.place, input.cluster.as_deref())?;
    let of_cluster = |key: &&ServiceKey| key.cluster == cluster;
    let keys = cloud.ecs.services.keys().filter(of_cluster).cloned();
    let mut arns = Vec::new();
    for key in keys.collect::<Vec<_>>() {
        arns.push(Value::from(cloud.held(&key)?.arn()));
    }
    let limit = input.max_results.unwrap_or(10);
    page(arns, "serviceArns", limit, 100, input.next_token.as_deref())
}
