//! Deployments that go wrong.

use lockkeeper_world::app::Behaviour;
use lockkeeper_world::cloud::{CircuitBreaker, DeploymentConfiguration, WebAnswer};
use lockkeeper_world::event::What;
use lockkeeper_world::outage::Api;
use serde_json::json;

use crate::story::{Plan, Story, secs};

fn breaker(circuit_breaker: CircuitBreaker) -> DeploymentConfiguration {
    DeploymentConfiguration {
        circuit_breaker,
        ..DeploymentConfiguration::default()
    }
}

#[test]
fn a_crash_at_start_trips_the_breaker_and_ecs_goes_back() {
    let mut story = Story::new(Plan::default());
    let earlier = story.describe()["taskDefinition"].clone();
    let bad = story.image("bad", Behaviour::CrashesAtStart);
    story.deploy(&bad);
    let failing = story.until(|s| s.status() == "ROLLBACK_IN_PROGRESS");
    assert!(
        (60..240).contains(&failing),
        "{failing} s to three failures"
    );

    let service = story.describe();
    assert_eq!(
        service["taskDefinition"], earlier,
        "the wish is the old one again"
    );
    let deployments = service["deployments"].as_array().unwrap();
    assert_eq!(deployments[0]["rolloutState"], "IN_PROGRESS");
    assert!(
        deployments[0]["rolloutStateReason"]
            .as_str()
            .unwrap()
            .contains("rolling back to")
    );
    let failed = deployments
        .iter()
        .find(|d| d["rolloutState"] == "FAILED")
        .unwrap();
    assert_eq!(failed["status"], "ACTIVE");
    assert_eq!(
        failed["rolloutStateReason"],
        "ECS deployment circuit breaker: tasks failed to start."
    );
    assert!(failed["failedTasks"].as_u64().unwrap() >= 3);
    assert!(
        story
            .messages()
            .iter()
            .any(|m| m.ends_with("deployment failed: tasks failed to start."))
    );
    let stopped = story.tasks("STOPPED");
    assert_eq!(
        stopped[0]["stoppedReason"],
        "Essential container in task exited"
    );
    assert_eq!(stopped[0]["containers"][0]["exitCode"], 1);

    story.until(Story::stable);
    let it = story.service_deployments()[0].clone();
    assert_eq!(it["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(it["deploymentCircuitBreaker"]["status"], "TRIGGERED");
    assert_eq!(it["deploymentCircuitBreaker"]["threshold"], 3);
    assert_eq!(
        it["rollback"]["serviceRevisionArn"],
        it["sourceServiceRevisions"][0]["arn"]
    );
    assert_eq!(story.describe()["taskDefinition"], earlier);
    assert_eq!(
        story.states(),
        [
            "COMPLETED",
            "FAILED",
            "ROLLBACK_IN_PROGRESS",
            "COMPLETED",
            "ROLLBACK_SUCCESSFUL"
        ]
    );
    for event in story.log.events() {
        match &event.what {
            What::TaskInService { digest, .. } => assert_eq!(*digest, story.old),
            What::TaskOutOfService { .. } => panic!("the old tasks serve throughout"),
            _ => {}
        }
    }
    let own = story
        .log
        .events()
        .iter()
        .rev()
        .find_map(|event| match &event.what {
            What::DeploymentStarted {
                rollback, digests, ..
            } => Some((*rollback, digests[0].clone())),
            _ => None,
        });
    assert_eq!(own, Some((true, story.old.clone())));
}

#[test]
fn without_rollback_a_tripped_deployment_stays_as_it_is() {
    let mut story = Story::new(Plan {
        deployment: breaker(CircuitBreaker {
            rollback: false,
            ..CircuitBreaker::ON_WITH_ROLLBACK
        }),
        ..Plan::default()
    });
    let bad = story.image("bad", Behaviour::CrashesAtStart);
    let arn = story.deploy(&bad);
    story.until(|s| s.status() == "STOPPED");
    story.pass(3600);
    let service = story.describe();
    assert_eq!(service["taskDefinition"], json!(arn));
    assert_eq!(service["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!(service["deployments"][1]["runningCount"], 2);
    assert_eq!(story.tasks("RUNNING").len(), 2);
    assert_eq!(story.in_service(), [story.old.clone(), story.old.clone()]);
}

#[test]
fn without_a_breaker_it_goes_on_for_ever_but_ever_slower() {
    let mut story = Story::new(Plan {
        deployment: breaker(CircuitBreaker::OFF),
        ..Plan::default()
    });
    let bad = story.image("bad", Behaviour::CrashesAtStart);
    story.deploy(&bad);
    let starts = |story: &Story| {
        let events = story.log.events().iter();
        let starts = events.filter(
            |event| matches!(&event.what, What::TaskStarted { digest, .. } if *digest == bad),
        );
        starts.count()
    };
    story.pass(3600);
    let first = starts(&story);
    story.pass(3600);
    let second = starts(&story) - first;
    assert!(second < first && second > 0, "{first}, then {second}");
    assert_eq!(story.status(), "IN_PROGRESS");
    assert_eq!(story.in_service(), [story.old.clone(), story.old.clone()]);
    let told = story.messages();
    assert!(
        told.iter()
            .any(|m| m.contains("unable to consistently start tasks")),
        "{told:#?}"
    );
    let breaker = story.service_deployments()[0]["deploymentCircuitBreaker"].clone();
    assert_eq!(breaker["status"], "DISABLED");
}

#[test]
fn a_flapping_image_never_trips_the_breaker() {
    let mut story = Story::new(Plan::default());
    let flapping = story.image(
        "flapping",
        Behaviour::Flapping {
            healthy_for: secs(50),
        },
    );
    story.deploy(&flapping);
    story.pass(1800);
    assert!(!story.states().contains(&"FAILED".to_owned()));
    assert_eq!(story.describe()["deployments"][0]["failedTasks"], 0);
    let mut empty = 0;
    let until = story.now + secs(600);
    story.each_moment(until, |s| empty += usize::from(s.in_service().is_empty()));
    assert!(empty > 0, "there are moments at which nothing serves");
    let crashed = story
        .tasks("STOPPED")
        .into_iter()
        .filter(|task| task["stopCode"] == "EssentialContainerExited");
    assert!(crashed.count() > 10);
}

#[test]
fn flapping_faster_than_the_health_check_trips_it() {
    let mut story = Story::new(Plan::default());
    let flapping = story.image(
        "flapping",
        Behaviour::Flapping {
            healthy_for: secs(4),
        },
    );
    story.deploy(&flapping);
    story.until(|s| s.status() == "ROLLBACK_SUCCESSFUL");
    assert_eq!(story.in_service(), [story.old.clone(), story.old.clone()]);
}

#[test]
fn a_task_that_is_never_ready_passes_a_health_check_that_does_not_ask() {
    let mut story = Story::new(Plan::default());
    let unready = story.image("unready", Behaviour::NeverReady);
    story.deploy(&unready);
    story.until(Story::stable);
    assert_eq!(story.status(), "SUCCESSFUL");
    assert_eq!(story.get("/health").status(), Some(200));
    assert_eq!(story.get("/ready").status(), Some(503));
}

#[test]
fn a_health_check_that_asks_stops_what_is_never_ready() {
    let mut story = Story::new(Plan {
        check_path: "/ready",
        ..Plan::default()
    });
    let unready = story.image("unready", Behaviour::NeverReady);
    story.deploy(&unready);
    story.until(|s| s.status() == "ROLLBACK_SUCCESSFUL");
    let killed = story.tasks("STOPPED").into_iter().find(|task| {
        let reason = task["stoppedReason"].as_str().unwrap_or_default();
        reason.starts_with("Task failed ELB health checks in (target-group ")
    });
    assert!(killed.is_some());
    assert!(
        story
            .messages()
            .iter()
            .any(|m| m.contains("Health checks failed with these codes: [503]"))
    );
    assert_eq!(story.in_service(), [story.old.clone(), story.old.clone()]);
}

#[test]
fn a_grace_period_lets_a_slow_start_pass() {
    let slow = Behaviour::SlowStart(secs(150));
    let mut patient = Story::new(Plan {
        grace: secs(330),
        ..Plan::default()
    });
    let digest = patient.image("slow", slow);
    patient.deploy(&digest);
    patient.until(Story::stable);
    assert_eq!(patient.in_service(), [digest.clone(), digest.clone()]);

    let mut impatient = Story::new(Plan::default());
    let digest = impatient.image("slow", slow);
    impatient.deploy(&digest);
    impatient.until(Story::stable);
    assert_eq!(impatient.status(), "ROLLBACK_SUCCESSFUL");
}

#[test]
fn with_only_unhealthy_targets_the_load_balancer_asks_them() {
    let mut story = Story::new(Plan {
        check_path: "/ready",
        grace: secs(3600),
        deployment: DeploymentConfiguration {
            minimum_healthy_percent: 0,
            maximum_percent: 100,
            ..DeploymentConfiguration::default()
        },
        ..Plan::default()
    });
    let unready = story.image("unready", Behaviour::NeverReady);
    story.deploy(&unready);
    story.pass(10);
    assert_eq!(story.get("/").status(), Some(503), "nothing is registered");
    story.pass(120);
    assert!(story.in_service().is_empty());
    match story.get("/health") {
        WebAnswer::Answered { status, digest, .. } => assert_eq!((status, digest), (200, unready)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_user_stops_a_deployment_and_ecs_goes_back() {
    let mut story = Story::new(Plan::default());
    let slow = story.image("slow", Behaviour::SlowStart(secs(40)));
    story.deploy(&slow);
    story.pass(20);
    let arn = story.service_deployments()[0]["serviceDeploymentArn"].clone();
    let input = json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" });
    story.ecs("StopServiceDeployment", input.clone());
    assert_eq!(story.status(), "ROLLBACK_REQUESTED");
    story.until(Story::stable);
    assert_eq!(story.status(), "ROLLBACK_SUCCESSFUL");
    assert_eq!(story.in_service(), [story.old.clone(), story.old.clone()]);
    let again = story.error(Api::Ecs, "StopServiceDeployment", input);
    assert_eq!(again, "ConflictException");
}

#[test]
fn a_pipelines_own_return_during_a_failing_deployment_wins() {
    let mut story = Story::new(Plan::default());
    let earlier = story.describe()["taskDefinition"].clone();
    let bad = story.image("bad", Behaviour::CrashesAtStart);
    story.deploy(&bad);
    story.pass(35);
    story.update(json!({ "taskDefinition": earlier }));
    story.until(Story::stable);
    story.pass(600);
    let all = story.service_deployments();
    assert_eq!(all[0]["status"], "SUCCESSFUL");
    assert_eq!(all[1]["status"], "STOPPED");
    assert_eq!(story.in_service(), [story.old.clone(), story.old.clone()]);
    assert!(!story.states().contains(&"FAILED".to_owned()));
}

#[test]
fn tasks_that_crash_later_are_replaced() {
    let mut story = Story::new(Plan::default());
    let once = story.image("once", Behaviour::CrashesOnce { after: secs(300) });
    story.deploy(&once);
    story.until(Story::stable);
    assert_eq!(story.status(), "SUCCESSFUL");
    story.pass(300);
    let waited = story.until(|s| s.in_service().len() == 2);
    assert!(waited < 60, "{waited}");
    story.pass(3600);
    assert_eq!(story.in_service(), [once.clone(), once]);
    assert_eq!(
        story.describe()["deployments"][0]["rolloutState"],
        "COMPLETED"
    );
}

#[test]
fn errors_after_a_while_leave_the_health_check_green() {
    let mut story = Story::new(Plan::default());
    let errors = story.image("errors", Behaviour::ErrorsAfter(secs(120)));
    story.deploy(&errors);
    story.until(Story::stable);
    story.pass(120);
    assert_eq!(story.get("/health").status(), Some(200));
    assert_eq!(story.get("/orders").status(), Some(500));
    assert_eq!(story.in_service().len(), 2);
}

#[test]
fn going_back_starts_again_what_was_stopped_to_make_room() {
    let mut story = Story::new(Plan {
        desired: 4,
        deployment: DeploymentConfiguration {
            minimum_healthy_percent: 50,
            maximum_percent: 100,
            ..DeploymentConfiguration::default()
        },
        ..Plan::default()
    });
    let bad = story.image("bad", Behaviour::CrashesAtStart);
    story.deploy(&bad);
    story.pass(3);
    assert_eq!(story.in_service().len(), 2);
    story.until(|s| s.status() == "ROLLBACK_IN_PROGRESS");
    assert_eq!(story.in_service().len(), 2);
    story.until(|s| s.status() == "ROLLBACK_SUCCESSFUL");
    assert_eq!(story.in_service(), vec![story.old.clone(); 4]);
    let deployment = story.describe()["deployments"][0]["id"].clone();
    let by_it = story
        .tasks("RUNNING")
        .into_iter()
        .filter(|task| task["startedBy"] == deployment);
    assert_eq!(by_it.count(), 2, "two were kept, two are new");
}

#[test]
fn a_rollback_can_fail_too() {
    let mut story = Story::new(Plan {
        deployment: DeploymentConfiguration {
            minimum_healthy_percent: 0,
            maximum_percent: 100,
            ..DeploymentConfiguration::default()
        },
        ..Plan::default()
    });
    // The image that is to come back has been deleted meanwhile.
    let bad = story.image("bad", Behaviour::CrashesAtStart);
    story.deploy(&bad);
    story.pass(3);
    let input = json!({
        "repositoryName": "shop",
        "imageIds": [{ "imageDigest": story.old }],
    });
    story.try_call(Api::Ecr, "BatchDeleteImage", input).unwrap();
    story.until(|s| s.status() == "ROLLBACK_FAILED");
    story.pass(600);
    assert_eq!(story.get("/health").status(), Some(503));
    assert_eq!(story.describe()["deployments"][0]["rolloutState"], "FAILED");
    assert!(story.tasks("RUNNING").is_empty());
    let pulls = story.log.events().iter();
    let pulls = pulls.filter(|event| matches!(event.what, What::TaskFailedToStart { .. }));
    assert!(pulls.count() >= 3);
}

#[test]
fn many_tasks_that_crash_after_they_were_healthy_are_no_failures_of_the_deployment() {
    let mut story = Story::new(Plan {
        desired: 6,
        ..Plan::default()
    });
    let healthy_for = secs(50);
    let flapping = story.image("flapping", Behaviour::Flapping { healthy_for });
    story.deploy(&flapping);
    story.pass(900);
    assert!(!story.states().contains(&"FAILED".to_owned()));
}

#[test]
fn errors_on_the_path_that_is_checked_cost_the_task_its_life() {
    let mut story = Story::new(Plan {
        check_path: "/orders",
        ..Plan::default()
    });
    let errors = story.image("errors", Behaviour::ErrorsAfter(secs(300)));
    story.deploy(&errors);
    story.until(|s| s.status() == "SUCCESSFUL");
    let deployment = story.describe()["deployments"][0]["id"].clone();
    story.until(|s| s.in_service().is_empty());
    story.until(|s| s.in_service().len() == 2);
    assert_eq!(story.in_service(), [errors.clone(), errors]);
    assert_eq!(story.describe()["deployments"][0]["id"], deployment);
    let killed = story.tasks("STOPPED").into_iter().filter(|task| {
        let reason = task["stoppedReason"].as_str().unwrap_or_default();
        reason.contains("failed ELB health checks")
    });
    assert_eq!(killed.count(), 2);
}

/// The first two tasks fail before they are healthy, the next two are sound.
fn two_failures_then_health(breaker: serde_json::Value) -> (u64, Story) {
    let mut story = Story::new(Plan::default());
    let configuration = json!({ "deploymentCircuitBreaker": breaker });
    story.update(json!({ "deploymentConfiguration": configuration }));
    assert_eq!(
        story.service_deployments().len(),
        1,
        "no deployment for that"
    );
    let stumbles = story.image("stumbles", Behaviour::CrashesOnce { after: secs(5) });
    story.deploy(&stumbles);
    story.until(|s| s.in_service().contains(&stumbles) || s.status().starts_with("ROLLBACK"));
    let failed = story.describe()["deployments"][0]["failedTasks"].as_u64();
    (failed.unwrap(), story)
}

#[test]
fn a_healthy_task_resets_the_count_unless_told_not_to() {
    let (failed, mut story) = two_failures_then_health(json!({ "enable": true, "rollback": true }));
    assert_eq!((failed, story.status().as_str()), (0, "IN_PROGRESS"));
    let (failed, mut story) = two_failures_then_health(json!({
        "enable": true,
        "rollback": true,
        "resetOnHealthyTask": false,
    }));
    assert_eq!((failed, story.status().as_str()), (2, "IN_PROGRESS"));
}

#[test]
fn a_threshold_can_be_set() {
    let (_, mut story) = two_failures_then_health(json!({
        "enable": true,
        "rollback": true,
        "thresholdConfiguration": { "type": "COUNT", "value": 2 },
    }));
    let it = story.service_deployments()[0].clone();
    assert_eq!(it["status"], "ROLLBACK_IN_PROGRESS");
    assert_eq!(it["deploymentCircuitBreaker"]["threshold"], 2);
    assert_eq!(story.in_service(), [story.old.clone(), story.old.clone()]);
}
