//! Throttling, server errors, lost and late answers.

use std::time::Duration;

use lockkeeper_world::outage::{Ailment, Api};

use crate::bench::Bench;

const UPDATE: &str = "aws ecs update-service --cluster shops --service shop-web \
                      --task-definition shop:2 --query service.taskDefinition --output text";
const UPDATED: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:2\n";

#[test]
fn two_refusals_are_outlived() {
    for ailment in [Ailment::Throttled, Ailment::ServerError] {
        let mut bench = Bench::new();
        let quick = Bench::new().sh(UPDATE).took;
        bench.ail(Api::Ecs, "UpdateService", ailment, 2);
        let ended = bench.sh(UPDATE);
        assert_eq!((ended.exit, ended.out.as_str()), (0, UPDATED));
        assert_eq!(bench.calls("UpdateService"), 3);
        assert!(ended.took > quick);
    }
}

#[test]
fn the_third_refusal_is_final() {
    let mut bench = Bench::new();
    bench.ail(Api::Ecs, "UpdateService", Ailment::Throttled, 3);
    let (exit, message) = bench.fails(UPDATE);
    assert_eq!(
        (exit, message.as_str()),
        (
            254,
            "An error occurred (ThrottlingException) when calling the UpdateService operation \
             (reached max retries: 2): Rate exceeded"
        )
    );
    assert_eq!(bench.calls("UpdateService"), 3);
}

#[test]
fn attempts_are_the_environment_s_to_set() {
    let mut bench = Bench::new().set("AWS_MAX_ATTEMPTS", "1");
    bench.ail(Api::Ecs, "UpdateService", Ailment::Throttled, 1);
    let (exit, message) = bench.fails(UPDATE);
    assert_eq!(exit, 254);
    assert!(message.contains("(reached max retries: 0)"), "{message}");
    let mut bench = Bench::new().set("AWS_MAX_ATTEMPTS", "6");
    bench.ail(Api::Ecs, "UpdateService", Ailment::Throttled, 5);
    assert_eq!(bench.ok(UPDATE), UPDATED);
    let (exit, _) = Bench::new().set("AWS_MAX_ATTEMPTS", "0").fails(UPDATE);
    assert_eq!(exit, 255);
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    let mut bench = Bench::new();
    bench.ail(Api::Ecs, "UpdateService", Ailment::LostAnswer, 1);
    assert_eq!(bench.ok(UPDATE), UPDATED);
    assert_eq!(bench.calls("UpdateService"), 2);

    let mut bench = Bench::new();
    bench.ail(Api::Ecs, "UpdateService", Ailment::LostAnswer, 3);
    let (exit, message) = bench.fails(UPDATE);
    assert_eq!(
        (exit, message.as_str()),
        (
            255,
            "Connection was closed before we received a valid response from endpoint URL: \
             \"https://ecs.eu-west-1.amazonaws.com/\"."
        )
    );
    // It was carried out all the same.
    let serving = "aws ecs describe-services --cluster shops --services shop-web \
                   --query services[0].taskDefinition --output text";
    assert_eq!(bench.ok(serving), UPDATED);
}

#[test]
fn a_late_answer_is_waited_for_until_the_client_gives_up() {
    let mut bench = Bench::new();
    bench.ail(
        Api::Ecs,
        "UpdateService",
        Ailment::Slow(Duration::from_secs(30)),
        1,
    );
    let ended = bench.sh(UPDATE);
    assert_eq!((ended.exit, bench.calls("UpdateService")), (0, 1));
    assert!(ended.took > Duration::from_secs(30) && ended.took < Duration::from_secs(35));

    let mut bench = Bench::new();
    let late = Ailment::Slow(Duration::from_secs(80));
    bench.ail(Api::Ecs, "UpdateService", late, 3);
    let (exit, message) = bench.fails(UPDATE);
    assert_eq!(
        (exit, message.as_str()),
        (
            255,
            "Read timeout on endpoint URL: \"https://ecs.eu-west-1.amazonaws.com/\""
        )
    );
    assert_eq!(bench.calls("UpdateService"), 3);
}

#[test]
fn a_plain_refusal_is_not_repeated() {
    let mut bench = Bench::new();
    let (exit, _) = bench
        .fails("aws ecs update-service --cluster shops --service none --task-definition shop:2");
    assert_eq!((exit, bench.calls("UpdateService")), (254, 1));
    // With one attempt, every refusal is on the last one.
    let mut bench = Bench::new().set("AWS_MAX_ATTEMPTS", "1");
    let (_, message) = bench.fails("aws ecs list-services --cluster none");
    assert!(
        message.contains("calling the ListServices operation (reached max retries: 0): "),
        "{message}"
    );
}

#[test]
fn the_same_faults_give_the_same_story() {
    let story = || {
        let mut bench = Bench::new();
        bench.ail(Api::Ecs, "UpdateService", Ailment::ServerError, 2);
        let ended = bench.sh(UPDATE);
        (ended, bench.world.log.events().to_vec())
    };
    assert_eq!(story(), story());
}
