//! Every operation that is modelled.

use serde_json::Value;

use super::ecs::api as ecs;
use super::request::{self, Proof, Request, input};
use super::{ApiCaller, ApiError, Cloud, Reply, ecr, elbv2, sts, wildcard};
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
    // What it needs to be allowed is known beforehand.
    ($api:ident $name:literal $handle:path, needs $needs:path) => {
        Operation {
            api: Api::$api,
            name: $name,
            proof: Proof::Signed,
            handle: |cloud, request, value| {
                let input = input(Api::$api, $name, value)?;
                let needs = $needs(cloud, request, &input);
                cloud.authorise(request, needs)?;
                $handle(cloud, request, input)
            },
        }
    };
    // It judges by itself whether it is allowed.
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
    operation!(Ecr "BatchDeleteImage" ecr::delete::handle, needs ecr::delete::needs),
    operation!(Ecr "BatchGetImage" ecr::get::handle, needs ecr::get::needs),
    operation!(Ecr "DescribeImageScanFindings" ecr::scan::handle, needs ecr::scan::needs),
    operation!(Ecr "DescribeImages" ecr::images::describe, needs ecr::images::describe_needs),
    operation!(Ecr "DescribeRepositories" ecr::repositories::handle, needs ecr::repositories::needs),
    operation!(Ecr "GetAuthorizationToken" ecr::token::handle, needs ecr::token::needs),
    operation!(Ecr "GetLifecyclePolicy" ecr::lifecycle::get, needs ecr::lifecycle::get_needs),
    operation!(Ecr "ListImages" ecr::images::list, needs ecr::images::list_needs),
    operation!(Ecr "PutImage" ecr::put::handle, needs ecr::put::needs),
    operation!(Ecr "PutLifecyclePolicy" ecr::lifecycle::put, needs ecr::lifecycle::put_needs),
    operation!(Ecs "DeregisterTaskDefinition" ecs::register_task_definition::deregister, needs ecs::register_task_definition::deregister_needs),
    operation!(Ecs "DescribeClusters" ecs::clusters::describe, needs ecs::clusters::describe_needs),
    operation!(Ecs "DescribeServiceDeployments" ecs::service_deployments::describe, needs ecs::service_deployments::describe_needs),
    operation!(Ecs "DescribeServiceRevisions" ecs::service_revisions::handle, needs ecs::service_revisions::needs),
    operation!(Ecs "DescribeServices" ecs::describe_services::describe, needs ecs::describe_services::describe_needs),
    operation!(Ecs "DescribeTaskDefinition" ecs::task_definitions::describe, needs ecs::task_definitions::describe_needs),
    operation!(Ecs "DescribeTasks" ecs::tasks::describe, needs ecs::tasks::describe_needs),
    operation!(Ecs "ListClusters" ecs::clusters::list, needs ecs::clusters::list_needs),
    operation!(Ecs "ListServiceDeployments" ecs::service_deployments::list, needs ecs::service_deployments::list_needs),
    operation!(Ecs "ListServices" ecs::describe_services::list, needs ecs::describe_services::list_needs),
    operation!(Ecs "ListTagsForResource" ecs::tags::list, needs ecs::tags::list_needs),
    operation!(Ecs "ListTaskDefinitions" ecs::task_definitions::list, needs ecs::task_definitions::list_needs),
    operation!(Ecs "ListTasks" ecs::tasks::list, needs ecs::tasks::list_needs),
    operation!(Ecs "RegisterTaskDefinition" ecs::register_task_definition::register, needs ecs::register_task_definition::register_needs),
    operation!(Ecs "RunTask" ecs::run_task::handle, needs ecs::run_task::needs),
    operation!(Ecs "StopServiceDeployment" ecs::stop_service_deployment::handle, needs ecs::stop_service_deployment::needs),
    operation!(Ecs "TagResource" ecs::tags::tag, needs ecs::tags::tag_needs),
    operation!(Ecs "UntagResource" ecs::tags::untag, needs ecs::tags::untag_needs),
    operation!(Ecs "UpdateService" ecs::update_service::handle, needs ecs::update_service::needs),
    operation!(Elbv2 "DescribeTargetGroups" elbv2::describe::target_groups, needs elbv2::describe::groups_needs),
    operation!(Elbv2 "DescribeTargetHealth" elbv2::describe::target_health, needs elbv2::describe::health_needs),
    operation!(Sts "AssumeRole" sts::assume_role::handle, Signed),
    operation!(Sts "AssumeRoleWithWebIdentity" sts::web_identity::handle, Unsigned),
    operation!(Sts "GetCallerIdentity" sts::caller_identity::handle, Signed),
];

/// The actions, in small letters, that some request of this world can need and an action pattern of
/// a policy, such as `ecs:Describe*`, covers.
pub fn modelled_actions(pattern: &str) -> impl Iterator<Item = String> {
    let pattern = pattern.to_ascii_lowercase();
    let service = |api| match api {
        Api::Ecs => "ecs",
        Api::Ecr => "ecr",
        Api::Sts => "sts",
        Api::Elbv2 => "elasticloadbalancing",
        Api::GitHub => "github",
    };
    let operations = OPERATIONS
        .iter()
        .map(move |operation| format!("{}:{}", service(operation.api), operation.name));
    let registry = ecr::data_plane_actions().map(str::to_owned);
    let others = ["iam:PassRole", "sts:TagSession"].map(str::to_owned);
    operations
        .chain(registry)
        .chain(others)
        .map(|action| action.to_ascii_lowercase())
        .filter(move |action| wildcard::stars(&pattern, action))
}

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
