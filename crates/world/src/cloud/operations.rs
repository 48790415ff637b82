//! Every operation that is modelled.

use serde_json::Value;

use super::ecs::api as ecs;
use super::request::{self, Proof, Request, input};
use super::{ApiCaller, ApiError, Cloud, Reply, ecr, elbv2, sts};
use crate::outage::Api;
use crate::{Instant, Log};

type Handler = fn(&mut Cloud, &mut Request<'_>, &Value) -> Result<Value, ApiError>;

struct Operation {
    api: Api,
    name: &'static str,
    proof: Proof,
    handle: Handler,
}

macro_rules! operation {
    ($api:ident $name:literal $handle:path) => {
        operation!($api $name $handle, Signed)
    };
    ($api:ident $name:literal $handle:path, $proof:ident) => {
        Operation {
            api: Api::$api,
            name: $name,
            proof: Proof::$proof,
            handle: |cloud, request, value| {
                $handle(cloud, request, input(Api::$api, $name, value)?)
            },
        }
    };
}

const OPERATIONS: &[Operation] = &[
    operation!(Ecr "BatchDeleteImage" ecr::delete::handle),
    operation!(Ecr "BatchGetImage" ecr::get::handle),
    operation!(Ecr "DescribeImageScanFindings" ecr::scan::handle),
    operation!(Ecr "DescribeImages" ecr::images::describe),
    operation!(Ecr "DescribeRepositories" ecr::repositories::handle),
    operation!(Ecr "GetAuthorizationToken" ecr::token::handle),
    operation!(Ecr "GetLifecyclePolicy" ecr::lifecycle::get),
    operation!(Ecr "ListImages" ecr::images::list),
    operation!(Ecr "PutImage" ecr::put::handle),
    operation!(Ecr "PutLifecyclePolicy" ecr::lifecycle::put),
    operation!(Ecs "DeregisterTaskDefinition" ecs::register_task_definition::deregister),
    operation!(Ecs "DescribeClusters" ecs::clusters::describe),
    operation!(Ecs "DescribeServiceDeployments" ecs::service_deployments::describe),
    operation!(Ecs "DescribeServiceRevisions" ecs::service_revisions::handle),
    operation!(Ecs "DescribeServices" ecs::describe_services::describe),
    operation!(Ecs "DescribeTaskDefinition" ecs::task_definitions::describe),
    operation!(Ecs "DescribeTasks" ecs::tasks::describe),
    operation!(Ecs "ListClusters" ecs::clusters::list),
    operation!(Ecs "ListServiceDeployments" ecs::service_deployments::list),
    operation!(Ecs "ListServices" ecs::describe_services::list),
    operation!(Ecs "ListTagsForResource" ecs::tags::list),
    operation!(Ecs "ListTaskDefinitions" ecs::task_definitions::list),
    operation!(Ecs "ListTasks" ecs::tasks::list),
    operation!(Ecs "RegisterTaskDefinition" ecs::register_task_definition::register),
    operation!(Ecs "StopServiceDeployment" ecs::stop_service_deployment::handle),
    operation!(Ecs "TagResource" ecs::tags::tag),
    operation!(Ecs "UntagResource" ecs::tags::untag),
    operation!(Ecs "UpdateService" ecs::update_service::handle),
    operation!(Elbv2 "DescribeTargetGroups" elbv2::describe::target_groups),
    operation!(Elbv2 "DescribeTargetHealth" elbv2::describe::target_health),
    operation!(Sts "AssumeRole" sts::assume_role::handle),
    operation!(Sts "AssumeRoleWithWebIdentity" sts::web_identity::handle, Unsigned),
    operation!(Sts "GetCallerIdentity" sts::caller_identity::handle),
];

pub(crate) fn call(
    cloud: &mut Cloud,
    now: Instant,
    log: &mut Log,
    caller: &ApiCaller,
    api: Api,
    operation: &str,
    input: &Value,
) -> Reply {
    let known = OPERATIONS
        .iter()
        .find(|known| known.api == api && known.name == operation);
    let proof = known.map_or(Proof::Signed, |known| known.proof);
    request::answer(
        cloud,
        (now, log),
        caller,
        (api, operation, proof),
        |cloud, request| {
            let known = known.ok_or_else(|| {
                ApiError::not_modelled(format!("the operation {operation} is not modelled"))
            })?;
            (known.handle)(cloud, request, input)
        },
    )
}
