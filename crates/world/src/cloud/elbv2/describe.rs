//! `DescribeTargetGroups` and `DescribeTargetHealth`

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud::ecs::{LoadBalancer, Service, Target, TargetState};
use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud, Place};

fn groups<'a>(
    cloud: &'a Cloud,
    place: &'a Place,
) -> impl Iterator<Item = (String, &'a LoadBalancer, &'a Service)> {
    cloud
        .ecs
        .services
        .values()
        .filter(move |service| service.place == *place)
        .filter_map(|service| {
            let balancer = service.balancer.as_ref()?;
            let arn = service.target_group_arn();
            Some((arn, balancer, service))
        })
}

fn not_found() -> ApiError {
    ApiError::new("TargetGroupNotFound", "One or more target groups not found")
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct GroupsInput {
    target_group_arns: Option<Vec<String>>,
    names: Option<Vec<String>>,
}

pub(crate) fn groups_needs(_: &Cloud, _: &Request<'_>, _: &GroupsInput) -> Vec<Access> {
    vec![Access::everywhere(
        "elasticloadbalancing:DescribeTargetGroups",
    )]
}

pub(crate) fn target_groups(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: GroupsInput,
) -> Result<Value, ApiError> {
    let of_arns = |arn: &String| {
        input
            .target_group_arns
            .as_ref()
            .is_none_or(|all| all.contains(arn))
    };
    let of_names = |name: &String| input.names.as_ref().is_none_or(|all| all.contains(name));
    let shown: Vec<_> = groups(cloud, &request.place)
        .filter(|(arn, balancer, _)| of_arns(arn) && of_names(&balancer.target_group))
        .map(|(arn, balancer, _)| {
            let check = &balancer.health_check;
            let (from, to) = check.matcher;
            json!({
                "TargetGroupArn": arn,
                "TargetGroupName": balancer.target_group,
                "Protocol": "HTTP",
                "Port": balancer.port,
                "HealthCheckProtocol": "HTTP",
                "HealthCheckPort": "traffic-port",
                "HealthCheckEnabled": true,
                "HealthCheckIntervalSeconds": check.interval.as_secs(),
                "HealthCheckTimeoutSeconds": 5,
                "HealthyThresholdCount": check.healthy_threshold,
                "UnhealthyThresholdCount": check.unhealthy_threshold,
                "HealthCheckPath": check.path,
                "Matcher": { "HttpCode": if from == to {
                    from.to_string()
                } else {
                    format!("{from}-{to}")
                } },
                "LoadBalancerArns": [],
                "TargetType": "ip",
                "ProtocolVersion": "HTTP1",
                "IpAddressType": "ipv4",
            })
        })
        .collect();
    let asked = input.target_group_arns.iter().chain(&input.names);
    if asked.map(Vec::len).sum::<usize>() > shown.len() {
        return Err(not_found());
    }
    Ok(json!({ "TargetGroups": shown }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TargetInput {
    id: String,
    port: Option<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct HealthInput {
    target_group_arn: String,
    targets: Option<Vec<TargetInput>>,
}

pub(crate) fn health_needs(_: &Cloud, _: &Request<'_>, _: &HealthInput) -> Vec<Access> {
    vec![Access::everywhere(
        "elasticloadbalancing:DescribeTargetHealth",
    )]
}

pub(crate) fn target_health(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: HealthInput,
) -> Result<Value, ApiError> {
    let (_, balancer, service) = groups(cloud, &request.place)
        .find(|(arn, _, _)| *arn == input.target_group_arn)
        .ok_or_else(not_found)?;
    let registered: Vec<_> = service
        .tasks
        .iter()
        .filter_map(|task| Some((task.ip.as_str(), task.zone, task.target.as_ref()?)))
        .collect();
    let row = |ip: &str, zone: Option<char>, health: Value| {
        let mut target = json!({ "Id": ip, "Port": balancer.port });
        if let Some(zone) = zone {
            target["AvailabilityZone"] = json!(format!("{}{zone}", service.place.region));
        }
        json!({
            "Target": target,
            "HealthCheckPort": balancer.port.to_string(),
            "TargetHealth": health,
        })
    };
    let rows: Vec<_> = match &input.targets {
        None => registered
            .iter()
            .map(|(ip, zone, target)| row(ip, Some(*zone), health(target)))
            .collect(),
        Some(asked) => asked
            .iter()
            .map(|asked| {
                let found = registered.iter().find(|(ip, _, _)| {
                    *ip == asked.id && asked.port.is_none_or(|port| port == balancer.port)
                });
                match found {
                    Some((ip, zone, target)) => row(ip, Some(*zone), health(target)),
                    None => row(
                        &asked.id,
                        None,
                        json!({
                            "State": "unused",
                            "Reason": "Target.NotRegistered",
                            "Description": "Target is not registered to the target group",
                        }),
                    ),
                }
            })
            .collect(),
    };
    Ok(json!({ "TargetHealthDescriptions": rows }))
}

fn health(target: &Target) -> Value {
    match target.state {
        TargetState::Healthy => json!({ "State": "healthy" }),
        TargetState::Initial => json!({
            "State": "initial",
            "Reason": "Elb.InitialHealthChecking",
            "Description": "Initial health checks in progress",
        }),
        TargetState::Draining => json!({
            "State": "draining",
            "Reason": "Target.DeregistrationInProgress",
            "Description": "Target deregistration is in progress",
        }),
        TargetState::Unhealthy => match target.last_status {
            Some(status) => json!({
                "State": "unhealthy",
                "Reason": "Target.ResponseCodeMismatch",
                "Description": format!("Health checks failed with these codes: [{status}]"),
            }),
            None => json!({
                "State": "unhealthy",
                "Reason": "Target.Timeout",
                "Description": "Request timed out",
            }),
        },
    }
}
