//! `DescribeClusters` and `ListClusters`

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud::ecs::task::Task;
use crate::cloud::ecs::{last_part, view};
use crate::cloud::iam::Access;
use crate::cloud::page::page;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DescribeInput {
    clusters: Option<Vec<String>>,
}

pub(crate) fn describe_needs(
    _: &Cloud,
    request: &Request<'_>,
    input: &DescribeInput,
) -> Vec<Access> {
    let named: Vec<Option<&str>> = match &input.clusters {
        Some(all) => all.iter().map(|one| Some(one.as_str())).collect(),
        None => vec![None],
    };
    named
        .into_iter()
        .map(|one| Access::new("ecs:DescribeClusters", super::cluster_arn(request, one)))
        .collect()
}

pub(crate) fn describe(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: DescribeInput,
) -> Result<Value, ApiError> {
    let named = input.clusters.unwrap_or_else(|| vec!["default".to_owned()]);
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for named in &named {
        let name = last_part(named);
        let arn = request.place.arn("ecs", &format!("cluster/{name}"));
        if cloud.ecs.clusters.get(name) != Some(&request.place) {
            failures.push(view::failure(&arn, "MISSING"));
            continue;
        }
        let services = cloud.ecs.services.iter();
        let services: Vec<_> = services
            .filter(|(key, _)| key.cluster == name)
            .map(|(_, service)| service)
            .collect();
        let count = |is: fn(&Task) -> bool| -> u32 {
            services.iter().map(|service| service.count(None, is)).sum()
        };
        clusters.push(json!({
            "clusterArn": arn,
            "clusterName": name,
            "status": "ACTIVE",
            "registeredContainerInstancesCount": 0,
            "runningTasksCount": count(Task::running),
            "pendingTasksCount": count(Task::pending),
            "activeServicesCount": services.len(),
            "statistics": [],
            "tags": [],
            "settings": [],
            "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
            "defaultCapacityProviderStrategy": [],
        }));
    }
    Ok(json!({ "clusters": clusters, "failures": failures }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListInput {
    next_token: Option<String>,
    max_results: Option<usize>,
}

pub(crate) fn list_needs(_: &Cloud, _: &Request<'_>, _: &ListInput) -> Vec<Access> {
    vec![Access::everywhere("ecs:ListClusters")]
}

pub(crate) fn list(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: ListInput,
) -> Result<Value, ApiError> {
    let arns = cloud.ecs.clusters.iter();
    let arns = arns
        .filter(|(_, place)| **place == request.place)
        .map(|(name, place)| place.arn("ecs", &format!("cluster/{name}")).into())
        .collect();
    let limit = input.max_results.unwrap_or(100);
    page(arns, "clusterArns", limit, 100, input.next_token.as_deref())
}
