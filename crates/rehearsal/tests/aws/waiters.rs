//! `aws … wait`.

use std::time::Duration;

use lockkeeper_world::outage::{Ailment, Api};

use crate::bench::Bench;

const STABLE: &str = "aws ecs wait services-stable --cluster shops --services shop-web";

#[test]
fn a_steady_service_is_asked_about_once() {
    let mut bench = Bench::new();
    let ended = bench.sh(STABLE);
    assert_eq!(
        (ended.exit, ended.out.as_str(), ended.err.as_str()),
        (0, "", "")
    );
    assert_eq!(bench.calls("DescribeServices"), 1);
    assert!(ended.took < Duration::from_secs(2));
}

#[test]
fn a_deployment_is_waited_for() {
    let mut bench = Bench::new();
    bench.ok("aws ecs update-service --cluster shops --service shop-web --task-definition shop:2");
    let ended = bench.sh(STABLE);
    assert_eq!(ended.exit, 0, "{}", ended.err);
    let calls = bench.calls("DescribeServices");
    assert!(calls > 1);
    assert!(ended.took >= Duration::from_secs(15) * (calls as u32 - 1));
    let count = "aws ecs describe-services --cluster shops --services shop-web \
                 --query length(services[0].deployments)";
    assert_eq!(bench.ok(count), "1\n");
}

#[test]
fn it_gives_up_after_forty_times() {
    let mut bench = Bench::new();
    // A desired count that the tasks never reach: their image cannot be pulled.
    bench.ok("aws ecr batch-delete-image --repository-name shop --image-ids imageTag=live");
    bench.ok(
        "aws ecs update-service --cluster shops --service shop-web --desired-count 4 \
         --force-new-deployment \
         --deployment-configuration deploymentCircuitBreaker={enable=false,rollback=false}",
    );
    let ended = bench.sh(STABLE);
    assert_eq!(ended.exit, 255, "{}", ended.err);
    assert_eq!(
        ended.err,
        "\naws: [ERROR]: Waiter ServicesStable failed: Max attempts exceeded\n"
    );
    assert_eq!(bench.calls("DescribeServices"), 40);
    assert!(ended.took > Duration::from_secs(39 * 15));
}

#[test]
fn failures_end_it_at_once() {
    let mut bench = Bench::new();
    let (exit, message) =
        bench.fails("aws ecs wait services-stable --cluster shops --services none");
    assert_eq!(
        (exit, message.as_str()),
        (
            255,
            "Waiter ServicesStable failed: Waiter encountered a terminal failure state: For \
             expression \"failures[].reason\" we matched expected path: \"MISSING\" at least once"
        )
    );
    let (exit, message) =
        bench.fails("aws ecs wait services-stable --cluster none --services shop-web");
    assert_eq!(exit, 255);
    assert!(
        message.starts_with(
            "Waiter ServicesStable failed: An error occurred (ClusterNotFoundException): "
        ),
        "{message}"
    );
}

#[test]
fn throttling_ends_it_only_when_retries_are_used_up() {
    let mut bench = Bench::new();
    bench.ail(Api::Ecs, "DescribeServices", Ailment::Throttled, 2);
    assert_eq!(bench.sh(STABLE).exit, 0);
    bench.ail(Api::Ecs, "DescribeServices", Ailment::Throttled, 3);
    let (exit, message) = bench.fails(STABLE);
    assert_eq!(
        (exit, message.as_str()),
        (
            255,
            "Waiter ServicesStable failed: An error occurred (ThrottlingException): Rate exceeded"
        )
    );
}

#[test]
fn every_waiter_has_its_subcommand() {
    for (line, required) in [
        ("aws ecs wait tasks-running", "--tasks"),
        ("aws ecs wait tasks-stopped", "--tasks"),
        ("aws ecs wait services-inactive", "--services"),
        (
            "aws ecr wait image-scan-complete",
            "--repository-name, --image-id",
        ),
        ("aws elbv2 wait target-in-service", "--target-group-arn"),
    ] {
        let (exit, message) = Bench::new().fails(line);
        assert_eq!(exit, 252);
        let expected = format!("the following arguments are required: {required}\n");
        assert!(message.contains(&expected), "{line}: {message}");
    }
    let (exit, message) = Bench::new().fails("aws ecs wait service-stable --services a");
    assert_eq!(exit, 252);
    assert!(message.contains("Found invalid choice 'service-stable'"));
    assert!(message.contains("  * services-stable"));
    let mut bench = Bench::new();
    let task = bench.ok("aws ecs list-tasks --cluster shops --query taskArns[0] --output text");
    let task = task.trim_end();
    bench.ok(&format!(
        "aws ecs wait tasks-running --cluster shops --tasks {task}"
    ));
}
