//! `ListTasks` and `DescribeTasks`

use serde::Deserialize;
use serde_json::{Value, json};

use super::{cluster_arn, includes_tags};
use crate::Instant;
use crate::cloud::ecs::task::{REMEMBERED, Task};
use crate::cloud::ecs::{last_part, view};
use crate::cloud::iam::Access;
use crate::cloud::page::page;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};

/// ECS has not yet forgotten it.
fn remembered(task: &Task, now: Instant) -> bool {
    task.stopped_at.is_none_or(|at| now.since(at) < REMEMBERED)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListInput {
    cluster: Option<String>,
    family: Option<String>,
    service_name: Option<String>,
    started_by: Option<String>,
    desired_status: Option<String>,
    launch_type: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

/// ECS asks for the cluster's container instances, on Fargate too.
pub(crate) fn list_needs(_: &Cloud, request: &Request<'_>, input: &ListInput) -> Vec<Access> {
    let cluster = cluster_arn(request, input.cluster.as_deref());
    let instances = format!("container-instance/{}/*", last_part(&cluster));
    let arn = request.place.arn("ecs", &instances);
    vec![Access::new("ecs:ListTasks", arn).with("ecs:cluster", cluster)]
}

pub(crate) fn list(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: ListInput,
) -> Result<Value, ApiError> {
    let cluster = cloud
        .ecs
        .cluster(&request.place, input.cluster.as_deref())?;
    let only = match &input.service_name {
        Some(name) => Some(
            cloud
                .ecs
                .service_key(&request.place, Some(&cluster), name)?,
        ),
        None => None,
    };
    let wanted = match input.desired_status.as_deref() {
        None | Some("RUNNING") => Some(true),
        Some("STOPPED") => Some(false),
        // ECS never sets a task's desired status to PENDING.
        Some("PENDING") => None,
        Some(_) => {
            return Err(ApiError::invalid_parameter(
                "desiredStatus is RUNNING, PENDING or STOPPED",
            ));
        }
    };
    let fargate = input.launch_type.as_deref().is_none_or(|t| t == "FARGATE");
    let mut arns = Vec::new();
    for (key, service) in &cloud.ecs.services {
        if key.cluster != cluster || only.as_ref().is_some_and(|only| only != key) || !fargate {
            continue;
        }
        for task in service.tasks.iter() {
            let definition = &service.revisions[task.revision].task_definition;
            let family = last_part(definition).split(':').next();
            let matches = Some(task.wanted) == wanted
                && remembered(task, request.now)
                && input.family.as_deref().is_none_or(|f| Some(f) == family)
                && input
                    .started_by
                    .as_ref()
                    .is_none_or(|by| *by == task.started_by);
            if matches {
                arns.push(service.task_arn(task).into());
            }
        }
    }
    if only.is_none() && fargate {
        let one_offs = cloud.ecs.one_offs.iter().filter(|task| {
            let family = last_part(&task.task_definition).split(':').next();
            task.cluster == cluster
                && task.is_remembered(request.now)
                && Some(task.is_wanted(request.now)) == wanted
                && input.family.as_deref().is_none_or(|f| Some(f) == family)
                && input
                    .started_by
                    .as_ref()
                    .is_none_or(|by| Some(by) == task.started_by.as_ref())
        });
        arns.extend(one_offs.map(|task| task.arn().into()));
    }
    let limit = input.max_results.unwrap_or(100);
    page(arns, "taskArns", limit, 100, input.next_token.as_deref())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DescribeInput {
    cluster: Option<String>,
    tasks: Vec<String>,
    include: Option<Vec<String>>,
}

pub(crate) fn describe_needs(
    _: &Cloud,
    request: &Request<'_>,
    input: &DescribeInput,
) -> Vec<Access> {
    let cluster = cluster_arn(request, input.cluster.as_deref());
    let of = |task: &String| {
        let arn = match task.starts_with("arn:") {
            true => task.clone(),
            false => {
                let task = format!("task/{}/{task}", last_part(&cluster));
                request.place.arn("ecs", &task)
            }
        };
        Access::new("ecs:DescribeTasks", arn).with("ecs:cluster", cluster.as_str())
    };
    input.tasks.iter().map(of).collect()
}

pub(crate) fn describe(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: DescribeInput,
) -> Result<Value, ApiError> {
    let cluster = cloud
        .ecs
        .cluster(&request.place, input.cluster.as_deref())?;
    includes_tags(input.include.as_deref())?;
    if input.tasks.is_empty() {
        return Err(ApiError::invalid_parameter("Tasks cannot be empty."));
    }
    if input.tasks.len() > 100 {
        return Err(ApiError::invalid_parameter(
            "Tasks length must be less than or equal to 100",
        ));
    }
    let (mut shown, mut failures) = (Vec::new(), Vec::new());
    for named in &input.tasks {
        let id = last_part(named);
        let found = cloud
            .ecs
            .services
            .iter()
            .filter(|(key, _)| key.cluster == cluster)
            .flat_map(|(_, service)| service.tasks.iter().map(move |task| (service, task)))
            .find(|(_, task)| task.id == id && remembered(task, request.now));
        match found {
            Some((service, task)) => {
                let definition = &service.revisions[task.revision].task_definition;
                let definition = cloud.ecs.task_definition(&service.place, definition);
                shown.push(service.task_view(task, definition));
            }
            None => {
                let one_off = cloud.ecs.one_offs.iter().find(|task| {
                    task.cluster == cluster && task.id == id && task.is_remembered(request.now)
                });
                if let Some(task) = one_off {
                    shown.push(task.view(request.now));
                    continue;
                }
                let arn = request.place.arn("ecs", &format!("task/{cluster}/{id}"));
                failures.push(view::failure(&arn, "MISSING"));
            }
        }
    }
    Ok(json!({ "tasks": shown, "failures": failures }))
}
