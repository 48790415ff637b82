//! `aws-actions/amazon-ecs-deploy-task-definition`: registers a task definition, updates a service
//! to it, and may wait.
//!
//! From v2.6.2 on, waiting ends red when ECS rolled back; before, it trusted `services-stable`.

use super::ecs_render::in_workspace;
use super::{Bench, Model, Progress};

struct Deploy;

pub(super) fn start() -> Box<dyn Model> {
    Box::new(Deploy)
}

const SCRIPT: &str = include_str!("ecs_deploy.sh");

impl Model for Deploy {
    fn resume(&mut self, bench: &mut Bench<'_>) -> Progress {
        if let Some(code) = bench.exit_code {
            if code != 0 {
                return Progress::Failed(
                    bench
                        .printed
                        .lines()
                        .last()
                        .unwrap_or("the deployment failed")
                        .to_owned(),
                );
            }
            for line in bench.printed.lines() {
                if let Some(arn) = line.strip_prefix("Task definition ARN: ") {
                    bench
                        .effects
                        .outputs
                        .insert("task-definition-arn".into(), arn.to_owned());
                }
            }
            return Progress::Done;
        }
        let Some(file) = bench.input("task-definition").map(str::to_owned) else {
            return Progress::Failed("Input required and not supplied: task-definition".into());
        };
        for input in [
            "run-task",
            "codedeploy-appspec",
            "codedeploy-application",
            "service-managed-ebs-volume-name",
        ] {
            if bench.input(input).is_some_and(|value| value != "false") {
                bench.not_modelled(format!(
                    "the input `{input}` of amazon-ecs-deploy-task-definition: ignored"
                ));
            }
        }
        let text = |name: &str| bench.input(name).unwrap_or_default().to_owned();
        let file = bench
            .inside
            .join(in_workspace(bench, &file))
            .display()
            .to_string();
        let env = vec![
            ("INPUT_FILE".to_owned(), file),
            ("INPUT_SERVICE".to_owned(), text("service")),
            (
                "INPUT_CLUSTER".to_owned(),
                bench.input("cluster").unwrap_or("default").to_owned(),
            ),
            (
                "INPUT_WAIT".to_owned(),
                text("wait-for-service-stability").to_lowercase(),
            ),
            (
                "INPUT_FORCE".to_owned(),
                text("force-new-deployment").to_lowercase(),
            ),
            ("INPUT_COUNT".to_owned(), text("desired-count")),
            (
                "CHECKS_ROLLBACK".to_owned(),
                checks_rollback(bench.git_ref).to_string(),
            ),
        ];
        Progress::Run {
            argv: ["bash", "-euo", "pipefail", "-c", SCRIPT]
                .map(str::to_owned)
                .to_vec(),
            env,
        }
    }
}

/// Whether this version of the action looks for a rollback. A commit is one that a bot keeps new.
fn checks_rollback(git_ref: &str) -> bool {
    let Some(version) = git_ref.strip_prefix('v') else {
        return true;
    };
    let parts: Vec<u32> = version
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect();
    match parts.as_slice() {
        [major] => *major >= 2,
        [major, minor] => (*major, *minor) >= (2, 6),
        [major, minor, patch, ..] => (*major, *minor, *patch) >= (2, 6, 2),
        [] => true,
    }
}

#[cfg(test)]
mod tests {
    use super::checks_rollback;

    #[test]
    fn versions() {
        assert!(
            checks_rollback("v2")
                && checks_rollback("v2.6.3")
                && checks_rollback("c465972ecbd160473f22e683363b422a5412a3de")
        );
        assert!(!checks_rollback("v1") && !checks_rollback("v2.3.1"));
    }
}
