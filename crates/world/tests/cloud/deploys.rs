//! Rolling deployments that go well, or go on.

use lockkeeper_world::app::Behaviour;
use lockkeeper_world::cloud::{CircuitBreaker, DeploymentConfiguration, WebAnswer};
use lockkeeper_world::event::What;
use lockkeeper_world::outage::Api;
use serde_json::json;

use crate::story::{Plan, Story, facts, secs};

#[test]
fn a_good_deploy_replaces_every_task_and_says_so() {
    let mut story = Story::new(Plan::default());
    assert!(story.stable());
    let before = story.describe()["deployments"][0]["id"].clone();
    let new = story.image("new", Behaviour::Healthy);
    let arn = story.deploy(&new);

    let service = story.describe();
    assert_eq!(service["taskDefinition"], json!(arn));
    let deployments = service["deployments"].as_array().unwrap();
    assert_eq!(deployments.len(), 2, "both at once: {deployments:#?}");
    assert_eq!(deployments[0]["status"], "PRIMARY");
    assert_eq!(deployments[0]["rolloutState"], "IN_PROGRESS");
    assert_eq!(deployments[1]["status"], "ACTIVE");
    assert_eq!(deployments[1]["id"], before);
    assert_eq!(story.status(), "PENDING");
    assert!(service.get("currentServiceDeployment").is_none());
    assert!(!story.stable());

    story.pass(3);
    assert_eq!(story.status(), "IN_PROGRESS");
    assert!(story.describe()["currentServiceDeployment"].is_string());
    assert_eq!(story.in_service(), [story.old.clone(), story.old.clone()]);
    let turned = 3 + story.until(|s| s.in_service().iter().all(|digest| *digest == new));
    assert!(
        (30..60).contains(&turned),
        "{turned} s to running and checked"
    );
    assert_eq!(story.status(), "IN_PROGRESS", "the old tasks still drain");
    let drained = story.until(Story::stable);
    assert!((30..60).contains(&drained), "{drained} s to drained");
    assert_eq!(story.status(), "SUCCESSFUL");

    let service = story.describe();
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(service["runningCount"], 2);
    assert!(story.messages()[0].ends_with("has reached a steady state."));
    for task in story.tasks("RUNNING") {
        assert_eq!(task["lastStatus"], "RUNNING");
        let web = &task["containers"][0];
        assert_eq!(
            (&web["name"], &web["imageDigest"]),
            (&json!("web"), &json!(new))
        );
        assert_eq!(task["startedBy"], service["deployments"][0]["id"]);
    }
    for task in story.tasks("STOPPED") {
        assert_eq!(task["lastStatus"], "STOPPED");
        assert_eq!(task["stopCode"], "ServiceSchedulerInitiated");
        assert_eq!(task["containers"][0]["exitCode"], 0);
    }
    let revision = story.service_deployments()[0]["targetServiceRevision"]["arn"].clone();
    let described = story.ecs(
        "DescribeServiceRevisions",
        json!({ "serviceRevisionArns": [revision] }),
    );
    let images = &described["serviceRevisions"][0]["containerImages"];
    assert_eq!(images[0]["imageDigest"], json!(new));
    assert_eq!(images[1]["containerName"], "telemetry");
    assert_eq!(story.states(), ["COMPLETED", "COMPLETED"]);
    let commit = facts("new", Behaviour::Healthy).commit.unwrap();
    match story.get("/health") {
        WebAnswer::Answered {
            status,
            body,
            digest,
            ..
        } => {
            assert_eq!((status, digest), (200, new));
            assert!(body.contains(commit.as_str()), "{body}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(story.cloud.next_timer(), None, "a steady service is quiet");
}

#[test]
fn the_load_balancer_goes_round_and_never_to_a_draining_task() {
    let mut story = Story::new(Plan::default());
    let ask = |story: &mut Story| match story.get("/") {
        WebAnswer::Answered { task, .. } => task,
        other => panic!("{other:?}"),
    };
    let (first, second, third) = (ask(&mut story), ask(&mut story), ask(&mut story));
    assert_ne!(first, second);
    assert_eq!(first, third);
    let new = story.image("new", Behaviour::Healthy);
    story.deploy(&new);
    story.until(|s| s.tasks("STOPPED").len() == 2);
    for task in story.tasks("STOPPED") {
        assert_eq!(task["lastStatus"], "DEACTIVATING");
    }
    let group = story.describe()["loadBalancers"][0]["targetGroupArn"].clone();
    let input = json!({ "TargetGroupArn": group });
    let health = story.try_call(Api::Elbv2, "DescribeTargetHealth", input);
    let mut states: Vec<_> = health.unwrap()["TargetHealthDescriptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["TargetHealth"]["State"].as_str().unwrap().to_owned())
        .collect();
    states.sort();
    assert_eq!(states, ["draining", "draining", "healthy", "healthy"]);
    for _ in 0..8 {
        match story.get("/") {
            WebAnswer::Answered { digest, .. } => assert_eq!(digest, new),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_newer_update_overtakes_a_deployment() {
    let mut story = Story::new(Plan::default());
    let slow = story.image("slow", Behaviour::SlowStart(secs(50)));
    let next = story.image("next", Behaviour::Healthy);
    story.deploy(&slow);
    story.pass(40);
    story.deploy(&next);
    let all = story.service_deployments();
    assert_eq!(all[0]["status"], "PENDING");
    assert_eq!(all[1]["status"], "STOPPED");
    assert!(all[1]["finishedAt"].is_string());
    assert_eq!(
        all[0]["sourceServiceRevisions"].as_array().unwrap().len(),
        2
    );
    assert_eq!(story.describe()["deployments"].as_array().unwrap().len(), 3);
    story.until(Story::stable);
    assert_eq!(story.in_service(), [next.clone(), next]);
    let served_slow =
        story.log.events().iter().any(
            |event| matches!(&event.what, What::TaskInService { digest, .. } if *digest == slow),
        );
    assert!(!served_slow, "what was overtaken never serves");
    assert_eq!(story.status(), "SUCCESSFUL");
}

#[test]
fn two_updates_at_once_leave_the_last_one() {
    let mut story = Story::new(Plan::default());
    let (a, b) = (
        story.image("a", Behaviour::Healthy),
        story.image("b", Behaviour::Healthy),
    );
    story.deploy(&a);
    story.deploy(&b);
    assert_eq!(story.describe()["deployments"].as_array().unwrap().len(), 2);
    story.until(Story::stable);
    assert_eq!(story.in_service(), [b.clone(), b]);
    let started = story.log.events().iter();
    let of_a = started
        .filter(|event| matches!(&event.what, What::TaskStarted { digest, .. } if *digest == a));
    assert_eq!(of_a.count(), 0);
}

#[test]
fn scaling_to_zero_looks_stable_and_serves_nothing() {
    let mut story = Story::new(Plan::default());
    let deployment = story.describe()["deployments"][0]["id"].clone();
    story.update(json!({ "desiredCount": 0 }));
    assert_eq!(
        story.service_deployments().len(),
        1,
        "no deployment for a count"
    );
    assert_eq!(story.describe()["deployments"][0]["id"], deployment);
    assert!(story.stable());
    assert_eq!(story.get("/health").status(), Some(503));
    story.pass(60);
    assert!(story.tasks("RUNNING").is_empty());

    let new = story.image("new", Behaviour::CrashesAtStart);
    story.deploy(&new);
    story.until(Story::stable);
    story.pass(3);
    assert_eq!(story.status(), "SUCCESSFUL", "nothing had to start");

    let good = story.image("good", Behaviour::Healthy);
    story.deploy(&good);
    story.update(json!({ "desiredCount": 3 }));
    story.until(Story::stable);
    assert!(
        story.in_service().is_empty(),
        "tasks that run count, though none serves yet"
    );
    story.until(|s| s.status() == "SUCCESSFUL");
    assert_eq!(story.in_service(), [good.clone(), good.clone(), good]);
}

#[test]
fn a_tag_is_resolved_once_per_deployment() {
    let mut story = Story::new(Plan {
        by_tag: true,
        ..Plan::default()
    });
    let moved = story.tagged_image("moved", &["live"], Behaviour::Healthy);
    story.pass(600);
    assert_eq!(story.in_service(), [story.old.clone(), story.old.clone()]);
    // A task that is started later for the same deployment still runs the old bytes.
    story.update(json!({ "desiredCount": 3 }));
    story.until(|s| s.in_service().len() == 3);
    assert!(story.in_service().iter().all(|digest| *digest == story.old));
    let arn = story.describe()["taskDefinition"].clone();
    let same = story.update(json!({ "taskDefinition": arn }));
    assert_eq!(same["deployments"].as_array().unwrap().len(), 1);
    story.update(json!({ "forceNewDeployment": true }));
    story.until(Story::stable);
    assert!(story.in_service().iter().all(|digest| *digest == moved));
    assert_eq!(story.describe()["taskDefinition"], arn);
}

#[test]
fn going_back_from_a_forced_deployment_returns_the_old_bytes_of_a_moved_tag() {
    let mut story = Story::new(Plan {
        by_tag: true,
        ..Plan::default()
    });
    story.tagged_image("bad", &["live"], Behaviour::CrashesAtStart);
    story.update(json!({ "forceNewDeployment": true }));
    story.until(|s| s.status() == "ROLLBACK_SUCCESSFUL");
    assert_eq!(story.in_service(), [story.old.clone(), story.old.clone()]);
    // One more task of the rollback's revision: its digest, not the tag's.
    story.update(json!({ "desiredCount": 3 }));
    story.until(|s| s.in_service().len() == 3);
    assert!(story.in_service().iter().all(|digest| *digest == story.old));
}

#[test]
fn without_room_old_tasks_go_first() {
    let mut story = Story::new(Plan {
        desired: 4,
        deployment: DeploymentConfiguration {
            minimum_healthy_percent: 50,
            maximum_percent: 100,
            ..DeploymentConfiguration::default()
        },
        ..Plan::default()
    });
    let new = story.image("new", Behaviour::Healthy);
    story.deploy(&new);
    story.pass(3);
    assert_eq!(story.in_service().len(), 2);
    story.until(Story::stable);
    assert_eq!(story.in_service(), vec![new; 4]);
}

#[test]
fn with_no_way_to_move_ecs_says_so_and_waits() {
    let mut story = Story::new(Plan {
        deployment: DeploymentConfiguration {
            minimum_healthy_percent: 100,
            maximum_percent: 100,
            ..DeploymentConfiguration::default()
        },
        ..Plan::default()
    });
    let new = story.image("new", Behaviour::Healthy);
    story.deploy(&new);
    story.pass(3600);
    assert_eq!(story.status(), "IN_PROGRESS");
    assert_eq!(story.in_service(), [story.old.clone(), story.old.clone()]);
    assert!(story.messages()[0].contains("Update the minimumHealthyPercent"));
}

#[test]
fn without_a_load_balancer_a_task_counts_after_forty_seconds() {
    let mut story = Story::new(Plan {
        balanced: false,
        ..Plan::default()
    });
    let new = story.image("new", Behaviour::Healthy);
    story.deploy(&new);
    let running = story.until(|s| s.in_service().contains(&new));
    let done = story.until(Story::stable);
    assert!(running >= 30 && done >= 40, "{running} s, {done} s");
    assert_eq!(story.in_service(), [new.clone(), new]);
}

#[test]
fn an_image_that_is_gone_cannot_be_pulled() {
    let mut story = Story::new(Plan {
        deployment: DeploymentConfiguration {
            circuit_breaker: CircuitBreaker::OFF,
            ..DeploymentConfiguration::default()
        },
        ..Plan::default()
    });
    let missing = format!("{}/shop:never-pushed", story.cloud.home().registry());
    let arn = story.register(&missing);
    story.update(json!({ "taskDefinition": arn }));
    story.pass(45);
    let stopped = story.tasks("STOPPED");
    assert_eq!(stopped[0]["stopCode"], "TaskFailedToStart");
    let reason = stopped[0]["stoppedReason"].as_str().unwrap();
    assert!(reason.starts_with("CannotPullContainerError"), "{reason}");
    assert!(reason.contains("never-pushed"));
    assert_eq!(story.in_service(), [story.old.clone(), story.old.clone()]);
    assert!(
        story
            .log
            .events()
            .iter()
            .any(|event| matches!(&event.what, What::TaskFailedToStart { .. }))
    );
}
