//! What API calls refuse, and how.

use lockkeeper_world::app::Behaviour;
use lockkeeper_world::cloud::{ApiError, HealthCheck, LoadBalancer, ServiceSetup};
use lockkeeper_world::event::What;
use lockkeeper_world::outage::Api;
use serde_json::json;

use crate::story::{Plan, Story, definition, secs};

#[test]
fn errors_have_awss_codes() {
    let mut story = Story::new(Plan::default());
    let cases = [
        (
            "DescribeServices",
            json!({ "services": ["shop-web"] }),
            "ClusterNotFoundException",
        ),
        (
            "UpdateService",
            json!({ "cluster": "shops", "service": "none" }),
            "ServiceNotFoundException",
        ),
        (
            "UpdateService",
            json!({ "cluster": "shops" }),
            "InvalidParameterException",
        ),
        (
            "UpdateService",
            json!({ "cluster": "shops", "service": "shop-web", "taskDefinition": "shop:9" }),
            "ClientException",
        ),
        (
            "UpdateService",
            json!({ "cluster": "shops", "service": "shop-web", "desiredCount": -1 }),
            "InvalidParameterException",
        ),
        (
            "DescribeTaskDefinition",
            json!({ "taskDefinition": "none" }),
            "ClientException",
        ),
        (
            "DescribeTasks",
            json!({ "cluster": "shops", "tasks": [] }),
            "InvalidParameterException",
        ),
        (
            "StopServiceDeployment",
            json!({ "serviceDeploymentArn": "arn:none" }),
            "ServiceDeploymentNotFoundException",
        ),
        (
            "ListTasks",
            json!({ "cluster": "shops", "serviceName": "none" }),
            "ServiceNotFoundException",
        ),
        (
            "DescribeServices",
            json!({ "cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/shops", "services": ["shop-web"] }),
            "ClusterNotFoundException",
        ),
        (
            "UpdateService",
            json!({
                "cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/shops",
                "service": "arn:aws:ecs:us-east-1:123456789012:service/other/shop-web",
            }),
            "ServiceNotFoundException",
        ),
        ("StartTask", json!({}), ApiError::NOT_MODELLED),
        (
            "UpdateService",
            json!({ "cluster": "shops", "service": "shop-web", "capacityProviderStrategy": [] }),
            ApiError::NOT_MODELLED,
        ),
    ];
    for (operation, input, code) in cases {
        assert_eq!(
            story.error(Api::Ecs, operation, input.clone()),
            code,
            "{operation} {input}"
        );
    }
    let missing = json!({ "cluster": "shops", "services": ["none", "shop-web"] });
    let answer = story.ecs("DescribeServices", missing);
    assert_eq!(answer["failures"][0]["reason"], "MISSING");
    assert_eq!(answer["services"].as_array().unwrap().len(), 1);
    let named: Vec<_> = story
        .log
        .events()
        .iter()
        .filter(|event| matches!(event.what, What::NotModelled { .. }))
        .collect();
    assert_eq!(named.len(), 2, "what is not modelled is named: {named:#?}");
}

#[test]
fn another_regions_endpoint_knows_nothing_of_this_one() {
    let mut story = Story::new(Plan::default());
    story.caller.region = Some("eu-west-1".parse().unwrap());
    let input = json!({ "cluster": "shops", "services": ["shop-web"] });
    assert_eq!(
        story.error(Api::Ecs, "DescribeServices", input),
        "ClusterNotFoundException"
    );
    let input = json!({ "repositoryName": "shop" });
    assert_eq!(
        story.error(Api::Ecr, "DescribeImages", input),
        "RepositoryNotFoundException"
    );
}

#[test]
fn a_described_task_definition_registers_again_without_the_nine_members() {
    let mut story = Story::new(Plan::default());
    let input = json!({ "taskDefinition": "shop", "include": ["TAGS"] });
    let described = story.ecs("DescribeTaskDefinition", input);
    assert_eq!(
        described["tags"],
        json!([{ "key": "team", "value": "shop" }])
    );
    let mut copy = described["taskDefinition"].clone();
    assert!(copy.get("tags").is_none());
    assert_eq!(
        story.error(Api::Ecs, "RegisterTaskDefinition", copy.clone()),
        "ParamValidation"
    );
    let members = copy.as_object_mut().unwrap();
    for member in [
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
    ] {
        members.remove(member).unwrap();
    }
    members.insert("tags".into(), described["tags"].clone());
    let again = story.ecs("RegisterTaskDefinition", copy.clone());
    let mut second = again["taskDefinition"].clone();
    assert_eq!(second["revision"], 2);
    assert_eq!(again["tags"], described["tags"]);
    let (first, second) = (copy, second.as_object_mut().unwrap());
    assert_eq!(
        first["containerDefinitions"],
        second["containerDefinitions"]
    );
    assert_eq!(
        first["containerDefinitions"][1]["portMappings"][0]["protocol"],
        "tcp"
    );
}

#[test]
fn task_definitions_that_fargate_refuses() {
    let mut story = Story::new(Plan::default());
    let whole = definition("nginx:1");
    for member in [
        "cpu",
        "memory",
        "networkMode",
        "family",
        "containerDefinitions",
    ] {
        let mut partial = whole.clone();
        partial.as_object_mut().unwrap().remove(member);
        assert_eq!(
            story.error(Api::Ecs, "RegisterTaskDefinition", partial),
            "ClientException",
            "without {member}"
        );
    }
    let arn = story.register("nginx:1");
    story.ecs("DeregisterTaskDefinition", json!({ "taskDefinition": arn }));
    let input = json!({ "cluster": "shops", "service": "shop-web", "taskDefinition": arn });
    assert_eq!(
        story.error(Api::Ecs, "UpdateService", input),
        "ClientException"
    );
    let listed = story.ecs("ListTaskDefinitions", json!({ "familyPrefix": "shop" }));
    assert_eq!(listed["taskDefinitionArns"].as_array().unwrap().len(), 1);
}

#[test]
fn lists_come_in_pages_and_filter() {
    let mut story = Story::new(Plan {
        desired: 5,
        ..Plan::default()
    });
    let input = json!({ "cluster": "shops", "serviceName": "shop-web", "maxResults": 2 });
    let mut seen = Vec::new();
    let mut page = story.ecs("ListTasks", input.clone());
    loop {
        seen.extend(page["taskArns"].as_array().unwrap().iter().cloned());
        let Some(token) = page.get("nextToken").cloned() else {
            break;
        };
        let mut next = input.clone();
        next["nextToken"] = token;
        page = story.ecs("ListTasks", next);
    }
    seen.dedup();
    assert_eq!(seen.len(), 5);

    story.pass(100);
    let asked = story.now.millis() / 1000;
    let new = story.image("new", Behaviour::Healthy);
    story.pass(1);
    story.deploy(&new);
    let input = json!({
        "cluster": "shops",
        "service": "shop-web",
        "createdAt": { "after": asked },
        "status": ["PENDING", "IN_PROGRESS"],
    });
    let listed = story.ecs("ListServiceDeployments", input);
    assert_eq!(listed["serviceDeployments"].as_array().unwrap().len(), 1);
    assert_eq!(
        listed["serviceDeployments"][0]["createdAt"],
        "2026-03-02T09:01:41+00:00"
    );
}

#[test]
fn tags_can_be_set_and_taken_away() {
    let mut story = Story::new(Plan::default());
    let arn = story.describe()["serviceArn"].clone();
    let tags = json!([{ "key": "a", "value": "1" }, { "key": "b", "value": "2" }]);
    story.ecs("TagResource", json!({ "resourceArn": arn, "tags": tags }));
    story.ecs(
        "UntagResource",
        json!({ "resourceArn": arn, "tagKeys": ["a"] }),
    );
    let listed = story.ecs("ListTagsForResource", json!({ "resourceArn": arn }));
    assert_eq!(listed["tags"], json!([{ "key": "b", "value": "2" }]));
}

#[test]
fn each_service_has_a_target_group_of_its_own() {
    let mut story = Story::new(Plan::default());
    let place = story.cloud.home().clone();
    let mut setup = ServiceSetup::new(
        place,
        "staging-shops".parse().unwrap(),
        "shop-web".parse().unwrap(),
        "shop",
    );
    setup.desired_count = 1;
    setup.load_balancer = Some(LoadBalancer {
        target_group: "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop/1"
            .into(),
        container: "web".into(),
        port: 8080,
        health_check: HealthCheck::new("/health"),
        deregistration_delay: secs(30),
    });
    story
        .cloud
        .create_service(story.now, &mut story.log, setup)
        .unwrap();
    let groups = story
        .try_call(Api::Elbv2, "DescribeTargetGroups", json!({}))
        .unwrap();
    let mut healthy = Vec::new();
    for group in groups["TargetGroups"].as_array().unwrap() {
        assert_eq!(group["TargetGroupName"], "shop");
        let input = json!({ "TargetGroupArn": group["TargetGroupArn"] });
        let health = story.try_call(Api::Elbv2, "DescribeTargetHealth", input);
        let rows = health.unwrap()["TargetHealthDescriptions"].clone();
        healthy.push(rows.as_array().unwrap().len());
    }
    healthy.sort_unstable();
    assert_eq!(healthy, [1, 2]);
    let input = json!({ "TargetGroupArn": "arn:none" });
    let code = story.error(Api::Elbv2, "DescribeTargetHealth", input);
    assert_eq!(code, "TargetGroupNotFound");
}

#[test]
fn a_task_of_its_own_runs_and_stops() {
    let mut story = Story::new(Plan::default());
    let good = story.image("good", Behaviour::Healthy);
    let bad = story.image("bad", Behaviour::CrashesAtStart);
    let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"] } });
    let image = |digest: &str| format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/shop{digest}");
    let cases = [
        (
            image(&format!("@{good}")),
            json!(0),
            "EssentialContainerExited",
        ),
        (
            image(&format!("@{bad}")),
            json!(1),
            "EssentialContainerExited",
        ),
        (image(":none"), json!(null), "TaskFailedToStart"),
    ];
    for (image, exit_code, stop_code) in cases {
        let definition = story.register(&image);
        let input = json!({
            "cluster": "shops", "taskDefinition": definition, "launchType": "FARGATE",
            "networkConfiguration": network, "startedBy": "migration",
        });
        let mut input = input;
        input["clientToken"] = definition.as_str().into();
        let ran = story.ecs("RunTask", input.clone());
        // An answer that was lost is asked for again.
        let again = story.ecs("RunTask", input);
        assert_eq!(again["tasks"][0]["taskArn"], ran["tasks"][0]["taskArn"]);
        assert_eq!(ran["failures"], json!([]));
        let arn = ran["tasks"][0]["taskArn"].clone();
        assert_eq!(ran["tasks"][0]["lastStatus"], "PROVISIONING");
        let listed = json!({ "cluster": "shops", "startedBy": "migration" });
        let running = story.ecs("ListTasks", listed);
        assert_eq!(running["taskArns"], json!([arn]));
        let ask = json!({ "cluster": "shops", "tasks": [arn] });
        story.pass(20);
        let early = story.ecs("DescribeTasks", ask.clone());
        assert_ne!(early["tasks"][0]["lastStatus"], "STOPPED");
        story.pass(100);
        let task = &story.ecs("DescribeTasks", ask)["tasks"][0];
        assert_eq!(task["lastStatus"], "STOPPED", "{task}");
        assert_eq!(task["stopCode"], stop_code, "{task}");
        let containers = task["containers"].as_array().unwrap();
        let web = containers.iter().find(|one| one["name"] == "web").unwrap();
        assert_eq!(web["exitCode"], exit_code, "{task}");
    }
    let refused = json!({ "cluster": "shops", "taskDefinition": "shop" });
    assert_eq!(
        story.error(Api::Ecs, "RunTask", refused),
        "InvalidParameterException"
    );
    // Users are still served by the service's own tasks.
    assert!(story.in_service().iter().all(|digest| *digest == story.old));
}
