//! APIs that misbehave.

use lockkeeper_world::app::Behaviour;
use lockkeeper_world::cloud::{ImageRef, Manifest, Upload};
use lockkeeper_world::event::What;
use lockkeeper_world::outage::{Ailment, Api, Outage};
use serde_json::json;

use crate::story::{Plan, Story, facts, secs};

fn strike(story: &mut Story, operation: &str, ailment: Ailment) {
    story.cloud.outages.add(Outage {
        api: Api::Ecs,
        operation: Some(operation.to_owned()),
        ailment,
        from: story.now,
        until: story.now + secs(90),
        count: Some(1),
    });
}

#[test]
fn a_refused_request_does_nothing_and_a_lost_answer_has_done_it() {
    let mut story = Story::new(Plan::default());
    let new = story.image("new", Behaviour::Healthy);
    let image = format!("{}/shop@{new}", story.cloud.home().registry());
    let arn = story.register(&image);
    let input = json!({ "cluster": "shops", "service": "shop-web", "taskDefinition": arn });
    let refusals = [
        (Ailment::Throttled, "ThrottlingException", 400),
        (Ailment::ServerError, "ServerException", 503),
    ];
    for (ailment, code, status) in refusals {
        strike(&mut story, "UpdateService", ailment);
        let error = story
            .try_call(Api::Ecs, "UpdateService", input.clone())
            .unwrap_err();
        assert_eq!((error.code.as_str(), error.http_status), (code, status));
        assert_eq!(story.describe()["deployments"].as_array().unwrap().len(), 1);
    }
    strike(&mut story, "UpdateService", Ailment::LostAnswer);
    let caller = story.caller.clone();
    let reply = story.cloud.call(
        story.now,
        &mut story.log,
        &caller,
        Api::Ecs,
        "UpdateService",
        &input,
    );
    assert_eq!(reply.ailment, Some(Ailment::LostAnswer));
    assert!(reply.result.is_ok());
    assert_eq!(story.describe()["deployments"].as_array().unwrap().len(), 2);
    let told: Vec<_> = story
        .log
        .events()
        .iter()
        .filter_map(|event| match &event.what {
            What::ApiCalled {
                operation,
                error,
                ailment,
                ..
            } if operation == "UpdateService" => Some((error.clone(), *ailment)),
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), 3);
    assert_eq!(told[2], (None, Some(Ailment::LostAnswer)));
}

#[test]
fn a_push_can_lose_its_answer_and_only_within_its_outage() {
    let mut story = Story::new(Plan::default());
    let to = format!("{}/shop:v1", story.cloud.home().registry());
    let to = ImageRef::parse(&to).unwrap();
    let upload = Upload {
        manifest: Manifest::build("v1", b"{}"),
        config: b"{}".to_vec(),
        facts: facts("v1", Behaviour::Healthy),
    };
    story.cloud.outages.add(Outage {
        api: Api::Ecr,
        operation: Some("Push".to_owned()),
        ailment: Ailment::LostAnswer,
        from: story.now,
        until: story.now + secs(90),
        count: None,
    });
    let caller = story.caller.clone();
    let push = |story: &mut Story| {
        let (cloud, log) = (&mut story.cloud, &mut story.log);
        cloud.registry_push(story.now, log, &caller, &to, upload.clone())
    };
    let lost = push(&mut story);
    assert_eq!(lost.ailment, Some(Ailment::LostAnswer));
    assert!(lost.result.is_ok());
    story.pass(90);
    let again = push(&mut story);
    assert_eq!(again.ailment, None);
    assert!(again.result.is_ok());
    let events = story.log.events().iter();
    let moved =
        events.filter(|event| matches!(&event.what, What::TagPut { tag, .. } if tag == "v1"));
    assert_eq!(moved.count(), 1, "the second push changed nothing");
}
