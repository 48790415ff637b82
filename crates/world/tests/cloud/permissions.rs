//! What the sessions of a role may do, and how AWS words that they may not.

use lockkeeper_world::app::Behaviour;
use lockkeeper_world::clock::START;
use lockkeeper_world::cloud::{
    ApiCaller, ImageRef, Manifest, Permissions, Policies, PolicyDocument, Role, Upload,
};
use lockkeeper_world::event::What;
use lockkeeper_world::outage::Api;
use serde_json::{Value, json};

use crate::story::{Plan, Story, definition, facts};

const SERVICE: &str = "arn:aws:ecs:us-east-1:123456789012:service/shops/shop-web";
const ME: &str =
    "User: arn:aws:sts::123456789012:assumed-role/deploy/run is not authorized to perform:";

fn allow(actions: Value, resource: Value) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resource })
}

fn everything() -> Value {
    allow(json!("*"), json!("*"))
}

fn document(statements: Value) -> PolicyDocument {
    PolicyDocument::read(&json!({ "Version": "2012-10-17", "Statement": statements })).unwrap()
}

/// A story told by a session of a role with these policies.
fn story(policies: Policies, session_policy: Option<Value>) -> Story {
    let mut story = Story::new(Plan::default());
    let account: lockkeeper_names::AccountId = "123456789012".parse().unwrap();
    let trust = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow",
        "Principal": { "AWS": "arn:aws:iam::123456789012:user/ci" },
        "Action": "sts:AssumeRole",
    } });
    let mut role = Role::new(
        account.clone(),
        "deploy".parse().unwrap(),
        trust.to_string(),
    );
    role.permissions = Permissions::Policies(policies);
    story.cloud.create_role(role);
    let mut input = json!({
        "RoleArn": "arn:aws:iam::123456789012:role/deploy",
        "RoleSessionName": "run",
    });
    if let Some(policy) = session_policy {
        input["Policy"] = json!(policy.to_string());
    }
    story.caller = ApiCaller {
        access_key: Some(story.cloud.create_access_key(&account, "ci")),
        ..ApiCaller::default()
    };
    let session = story.try_call(Api::Sts, "AssumeRole", input).unwrap();
    let key = session["Credentials"]["AccessKeyId"].as_str();
    story.caller.access_key = key.map(str::to_owned);
    story
}

fn with(statements: Value) -> Story {
    let policies = Policies {
        identity: vec![document(statements)],
        ..Policies::default()
    };
    story(policies, None)
}

fn refused(story: &mut Story, api: Api, operation: &str, input: Value) -> String {
    let error = story.try_call(api, operation, input).unwrap_err();
    format!("{}: {}", error.code, error.message)
}

fn update() -> Value {
    json!({ "cluster": "shops", "service": "shop-web", "forceNewDeployment": true })
}

#[test]
fn what_nothing_allows() {
    let mut story = with(json!([allow(json!("ecs:Describe*"), json!(SERVICE))]));
    let services = json!({ "cluster": "shops", "services": ["shop-web"] });
    story
        .try_call(Api::Ecs, "DescribeServices", services)
        .unwrap();
    assert_eq!(
        refused(&mut story, Api::Ecs, "UpdateService", update()),
        format!(
            "AccessDeniedException: {ME} ecs:UpdateService on resource: {SERVICE} because no \
             identity-based policy allows the ecs:UpdateService action"
        )
    );
    assert_eq!(
        refused(&mut story, Api::Ecs, "ListClusters", json!({})),
        format!(
            "AccessDeniedException: {ME} ecs:ListClusters on resource: * because no \
             identity-based policy allows the ecs:ListClusters action"
        )
    );
    let group = json!({ "TargetGroupArn": "arn:aws:elasticloadbalancing:x" });
    assert_eq!(
        refused(&mut story, Api::Elbv2, "DescribeTargetHealth", group),
        format!(
            "AccessDenied: {ME} elasticloadbalancing:DescribeTargetHealth because no \
             identity-based policy allows the elasticloadbalancing:DescribeTargetHealth action"
        )
    );
    // Everyone may ask who they are.
    story
        .try_call(Api::Sts, "GetCallerIdentity", json!({}))
        .unwrap();
    let judged = story
        .log
        .events()
        .iter()
        .filter_map(|event| match &event.what {
            What::AccessJudged {
                action,
                grants,
                refused,
                ..
            } => Some((action.as_str(), grants.len(), refused.is_some())),
            _ => None,
        });
    let judged: Vec<_> = judged.collect();
    assert_eq!(
        judged[..2],
        [
            ("ecs:DescribeServices", 1, false),
            ("ecs:UpdateService", 0, true)
        ]
    );
}

#[test]
fn what_is_denied_and_what_limits() {
    let mut deny = allow(json!("ecs:UpdateService"), json!("*"));
    deny["Effect"] = json!("Deny");
    let mut story = with(json!([everything(), deny]));
    let said = refused(&mut story, Api::Ecs, "UpdateService", update());
    assert!(
        said.ends_with(&format!(
            "ecs:UpdateService on resource: {SERVICE} with an explicit deny in an identity-based policy"
        )),
        "{said}"
    );

    let limited = Policies {
        identity: vec![document(json!([everything()]))],
        boundary: Some(document(json!([allow(json!("ecr:*"), json!("*"))]))),
        ..Policies::default()
    };
    let said = refused(
        &mut self::story(limited, None),
        Api::Ecs,
        "UpdateService",
        update(),
    );
    assert!(
        said.ends_with("because no permissions boundary allows the ecs:UpdateService action"),
        "{said}"
    );

    let free = Policies {
        identity: vec![document(json!([everything()]))],
        ..Policies::default()
    };
    let session =
        json!({ "Version": "2012-10-17", "Statement": [allow(json!("ecr:*"), json!("*"))] });
    let mut story = self::story(free, Some(session));
    let said = refused(&mut story, Api::Ecs, "UpdateService", update());
    assert!(
        said.ends_with("because no session policy allows the ecs:UpdateService action"),
        "{said}"
    );
}

#[test]
fn conditions_on_what_an_operation_tells() {
    let scoped = |condition: Value| {
        let mut statement = allow(json!("ecs:*"), json!("*"));
        statement["Condition"] = condition;
        with(json!([statement]))
    };
    let cluster = |name: &str| json!({ "ArnEquals": { "ecs:cluster": format!("arn:aws:ecs:us-east-1:123456789012:cluster/{name}") } });
    scoped(cluster("shops"))
        .try_call(Api::Ecs, "ListTasks", json!({ "cluster": "shops" }))
        .unwrap();
    let said = refused(
        &mut scoped(cluster("other")),
        Api::Ecs,
        "ListTasks",
        json!({ "cluster": "shops" }),
    );
    assert!(
        said.contains(
            "on resource: arn:aws:ecs:us-east-1:123456789012:container-instance/shops/* because"
        ),
        "{said}"
    );
    // The runner's address is not known: what depends on it is refused, and named.
    let mut story = scoped(json!({ "IpAddress": { "aws:SourceIp": "0.0.0.0/0" } }));
    refused(&mut story, Api::Ecs, "UpdateService", update());
    assert!(story.log.events().iter().any(|event| {
        matches!(&event.what, What::NotModelled { text, .. } if text.contains("aws:sourceip"))
    }));
}

#[test]
fn roles_are_passed_with_a_permission_of_their_own() {
    let register = allow(
        json!(["ecs:RegisterTaskDefinition", "ecs:TagResource"]),
        json!("*"),
    );
    let body = definition("public.ecr.aws/x/y:1");
    let mut story = with(json!([register.clone()]));
    assert_eq!(
        refused(&mut story, Api::Ecs, "RegisterTaskDefinition", body.clone()),
        format!(
            "AccessDeniedException: {ME} iam:PassRole on resource: \
             arn:aws:iam::123456789012:role/execution because no identity-based policy allows the \
             iam:PassRole action"
        )
    );
    let pass = |service: &str| {
        let mut pass = allow(
            json!("iam:PassRole"),
            json!("arn:aws:iam::*:role/execution"),
        );
        pass["Condition"] = json!({ "StringEquals": { "iam:PassedToService": service } });
        pass
    };
    let mut story = with(json!([register.clone(), pass("ecs-tasks.amazonaws.com")]));
    story
        .try_call(Api::Ecs, "RegisterTaskDefinition", body.clone())
        .unwrap();
    let mut story = with(json!([register, pass("lambda.amazonaws.com")]));
    refused(&mut story, Api::Ecs, "RegisterTaskDefinition", body.clone());
    let mut untagged = body;
    let only = allow(json!("ecs:RegisterTaskDefinition"), json!("*"));
    let mut story = with(json!([only, pass("ecs-tasks.amazonaws.com")]));
    let said = refused(
        &mut story,
        Api::Ecs,
        "RegisterTaskDefinition",
        untagged.clone(),
    );
    assert!(
        said.contains(
            "ecs:TagResource on resource: arn:aws:ecs:us-east-1:123456789012:task-definition/shop:*"
        ),
        "{said}"
    );
    untagged.as_object_mut().unwrap().remove("tags");
    story
        .try_call(Api::Ecs, "RegisterTaskDefinition", untagged)
        .unwrap();
}

#[test]
fn pushing_needs_what_ecr_documents() {
    const PUSH: [&str; 6] = [
        "BatchCheckLayerAvailability",
        "BatchGetImage",
        "CompleteLayerUpload",
        "InitiateLayerUpload",
        "PutImage",
        "UploadLayerPart",
    ];
    let push = |missing: Option<&str>| {
        let actions: Vec<String> = PUSH
            .iter()
            .filter(|action| Some(**action) != missing)
            .map(|action| format!("ecr:{action}"))
            .collect();
        let repository = "arn:aws:ecr:us-east-1:123456789012:repository/shop";
        let mut story = with(json!([allow(json!(actions), json!(repository))]));
        let registry = story.cloud.home().registry();
        let target = ImageRef::parse(&format!("{registry}/shop:new")).unwrap();
        let config = b"{}".to_vec();
        let upload = Upload {
            manifest: Manifest::build("new", &config),
            config,
            facts: facts("new", Behaviour::Healthy),
        };
        let caller = story.caller.clone();
        story
            .cloud
            .registry_push(START, &mut story.log, &caller, &target, upload)
            .result
    };
    push(None).unwrap();
    for missing in PUSH {
        let error = push(Some(missing)).unwrap_err();
        assert_eq!((error.code.as_str(), error.http_status), ("DENIED", 403));
        let named = format!("ecr:{missing} on resource: arn:aws:ecr:");
        assert!(error.message.contains(&named), "{}", error.message);
    }
}
