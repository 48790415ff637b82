//! What deploy scripts ask for every day.

use lockkeeper_world::cloud::Role;
use lockkeeper_world::oidc::{self, Claims};
use serde_json::json;

use crate::bench::Bench;

#[test]
fn who_am_i() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.ok("aws sts get-caller-identity --query Account --output text"),
        "123456789012\n"
    );
    let whole = bench.ok("aws sts get-caller-identity");
    assert!(whole.starts_with("{\n    \"UserId\": \"AIDA"), "{whole}");
    assert!(whole.ends_with("\"Arn\": \"arn:aws:iam::123456789012:user/deployer\"\n}\n"));
}

#[test]
fn a_registry_password() {
    let mut bench = Bench::new();
    let password = bench.ok("aws ecr get-login-password --region eu-west-1");
    assert!(password.ends_with('\n') && password.len() > 20 && !password.contains(':'));
    assert_eq!(bench.calls("GetAuthorizationToken"), 1);
}

#[test]
fn a_service_in_one_line_and_in_columns() {
    let mut bench = Bench::new();
    let describe = "aws ecs describe-services --cluster shops --services shop-web";
    assert_eq!(
        bench.ok(&format!(
            "{describe} --query services[0].[runningCount,desiredCount,status] --output text"
        )),
        "2\t2\tACTIVE\n"
    );
    assert_eq!(
        bench.ok(&format!(
            "{describe} --query 'services[0].{{Status:status,Desired:desiredCount}}'"
        )),
        "{\n    \"Status\": \"ACTIVE\",\n    \"Desired\": 2\n}\n"
    );
    assert_eq!(
        bench.ok(&format!(
            "{describe} --query 'services[0].deployments[?status==`PRIMARY`].rolloutState | [0]' \
             --output text"
        )),
        "COMPLETED\n"
    );
    assert_eq!(
        bench.ok(&format!(
            "{describe} --query services[0].nothing --output text"
        )),
        "None\n"
    );
    assert_eq!(
        bench.ok(&format!("{describe} --query services[0].nothing")),
        "null\n"
    );
    assert_eq!(
        bench.ok(&format!(
            "{describe} --query 'services[?status==`GONE`]' --output text"
        )),
        ""
    );
    assert_eq!(bench.ok(&format!("{describe} --output off")), "");
}

#[test]
fn a_new_revision_from_the_live_one() {
    let mut bench = Bench::new();
    let live = bench
        .json("aws ecs describe-task-definition --task-definition shop --query taskDefinition");
    let mut next = live.as_object().unwrap().clone();
    for member in [
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
    ] {
        next.remove(member);
    }
    let json = serde_json::to_string(&next).unwrap();
    bench.files.insert("next.json".into(), json.into_bytes());
    let arn = bench.ok(
        "aws ecs register-task-definition --cli-input-json file://next.json \
         --query taskDefinition.taskDefinitionArn --output text",
    );
    assert_eq!(
        arn,
        "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:4\n"
    );
    let updated = bench.ok(
        "aws ecs update-service --cluster shops --service shop-web --task-definition shop:4 \
         --query service.deployments[*].[status,rolloutState] --output text",
    );
    assert_eq!(updated, "PRIMARY\tIN_PROGRESS\nACTIVE\tCOMPLETED\n");
}

#[test]
fn an_image_gets_a_second_name() {
    let mut bench = Bench::new();
    let manifest = bench.ok(
        "aws ecr batch-get-image --repository-name shop --image-ids imageTag=next \
         --query images[0].imageManifest --output text",
    );
    let argv: Vec<String> = [
        "aws",
        "ecr",
        "put-image",
        "--repository-name",
        "shop",
        "--image-tag",
        "verified",
        "--image-manifest",
        manifest.trim_end(),
        "--query",
        "image.imageId.imageTag",
        "--output",
        "text",
    ]
    .map(str::to_owned)
    .to_vec();
    let put = bench.run(&argv);
    assert_eq!((put.exit, put.out.as_str()), (0, "verified\n"));
    let digest = |tag: &str, bench: &mut Bench| {
        bench.ok(&format!(
            "aws ecr describe-images --repository-name shop --image-ids imageTag={tag} \
             --query imageDetails[0].imageDigest --output text"
        ))
    };
    assert_eq!(digest("next", &mut bench), digest("verified", &mut bench));
    assert_eq!(
        bench.ok(
            "aws ecr batch-get-image --repository-name shop --image-ids imageTag=none \
             --query failures[0].failureCode --output text"
        ),
        "ImageNotFound\n"
    );
}

#[test]
fn tasks_are_listed_and_described() {
    let mut bench = Bench::new();
    let tasks = bench.ok(
        "aws ecs list-tasks --cluster shops --service-name shop-web --desired-status RUNNING \
         --query taskArns[] --output text",
    );
    let arns = tasks.trim_end().replace('\t', " ");
    assert_eq!(arns.split(' ').count(), 2, "{tasks}");
    assert_eq!(
        bench.ok(&format!(
            "aws ecs describe-tasks --cluster shops --tasks {arns} \
             --query tasks[].lastStatus --output text"
        )),
        "RUNNING\tRUNNING\n"
    );
}

#[test]
fn deployments_since_an_instant() {
    let mut bench = Bench::new();
    let list = "aws ecs list-service-deployments --cluster shops --service shop-web \
                --cli-connect-timeout 5 --cli-read-timeout 20 --output json";
    let later = bench.world.now() + std::time::Duration::from_secs(60);
    bench.world.advance(later);
    bench.ok("aws ecs update-service --cluster shops --service shop-web --task-definition shop:2");
    let now = bench.world.now().millis() / 1000;
    let since = |seconds: u64, bench: &mut Bench| {
        let answer = bench.json(&format!("{list} --created-at after={seconds}"));
        answer["serviceDeployments"].as_array().unwrap().len()
    };
    assert_eq!(since(now - 2, &mut bench), 1);
    assert_eq!(since(now + 60, &mut bench), 0);
}

#[test]
fn configured_in_files() {
    let mut bench = Bench::new()
        .unset("AWS_REGION")
        .unset("AWS_ACCESS_KEY_ID")
        .unset("AWS_SECRET_ACCESS_KEY");
    assert_eq!(bench.sh("aws configure get region").exit, 1);
    bench.ok(&format!(
        "aws configure set aws_access_key_id {}",
        crate::bench::KEY
    ));
    bench.ok("aws configure set aws_secret_access_key x");
    bench.ok("aws configure set region eu-west-1");
    assert_eq!(bench.ok("aws configure get region"), "eu-west-1\n");
    let config = &bench.files[std::path::Path::new("/home/runner/.aws/config")];
    assert_eq!(
        String::from_utf8_lossy(config),
        "[default]\nregion = eu-west-1\n"
    );
    assert_eq!(
        bench.ok("aws ecs list-clusters --query length(clusterArns)"),
        "1\n"
    );
}

#[test]
fn its_version() {
    let version = Bench::new().ok("aws --version");
    assert!(version.starts_with("aws-cli/2."), "{version}");
}

/// Without a key: the token is the proof, and what comes back is good for more.
#[test]
fn a_role_for_a_token() {
    let mut bench = Bench::new()
        .unset("AWS_ACCESS_KEY_ID")
        .unset("AWS_SECRET_ACCESS_KEY");
    let account = bench.world.cloud.home().account.clone();
    let provider =
        format!("arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com");
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Federated": provider },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:acme/shop:environment:live",
        } },
    }] });
    let cloud = &mut bench.world.cloud;
    cloud.trust_github(&account, &["sts.amazonaws.com"]);
    let name = "deploy".parse().unwrap();
    cloud.create_role(Role::new(account, name, policy.to_string()));
    let claims = json!({ "aud": "sts.amazonaws.com", "sub": "repo:acme/shop:environment:live" });
    let token = oidc::issue(&Claims(claims.as_object().unwrap().clone()));
    bench.files.insert("token".into(), token.into_bytes());
    let assume = "aws sts assume-role-with-web-identity --role-session-name me \
                  --role-arn arn:aws:iam::123456789012:role/deploy \
                  --web-identity-token file://token --query \
                  Credentials.[AccessKeyId,SecretAccessKey,SessionToken] --output text";
    let keys = bench.ok(assume);
    let names = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ];
    for (name, value) in names.iter().zip(keys.trim_end().split('\t')) {
        bench.env.insert((*name).to_owned(), value.to_owned());
    }
    assert_eq!(
        bench.ok("aws sts get-caller-identity --query Arn --output text"),
        "arn:aws:sts::123456789012:assumed-role/deploy/me\n"
    );
    bench.files.insert("token".into(), b"made up".to_vec());
    assert_eq!(bench.fails(assume).0, 254);
}
