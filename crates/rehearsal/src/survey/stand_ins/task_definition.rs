//! Task definition files that the ECS actions are given.

use lockkeeper_names::AccountId;
use lockkeeper_workflow as wf;
use serde_json::json;

use super::{Site, StandIn, all_steps, inside};

/// The roles are of the account that the workflows name, or of any.
pub(super) fn named(
    site: Site<'_>,
    step: &wf::Step,
    account: &AccountId,
    wanted: &mut Vec<StandIn>,
) {
    let wf::StepKind::Uses { action, with } = &step.kind else {
        return;
    };
    if action.value.name().as_deref() != Some("aws-actions/amazon-ecs-render-task-definition") {
        return;
    }
    let given = |name: &str| site.text(with.get(name)?, Some(step));
    let (Some(path), Some(container)) = (given("task-definition"), given("container-name")) else {
        return;
    };
    let Some(path) = inside(&path).filter(|path| path.ends_with(".json")) else {
        return;
    };
    let name = path.rsplit('/').next().unwrap_or(&path);
    // A script that speaks of the file makes it, or wants more of it than is known.
    let spoken_of = all_steps(&site.job.steps).iter().any(|step| {
        matches!(&step.kind, wf::StepKind::Run { script, .. } if script.source().contains(name))
    });
    if spoken_of || container.is_empty() {
        return;
    }
    let definition = json!({
        "family": container,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": format!("arn:aws:iam::{account}:role/ecsTaskExecutionRole"),
        "containerDefinitions": [{
            "name": container,
            "image": "stand-in",
            "essential": true,
            "portMappings": [{ "containerPort": 3000, "protocol": "tcp" }],
        }],
    });
    wanted.push(StandIn {
        path,
        executable: false,
        contents: format!("{definition:#}\n"),
        what: format!("a task definition with the one container `{container}` stands in for it"),
    });
}
