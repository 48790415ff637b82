//! The model against the AWS CLI itself, where `LOCKKEEPER_AWS_CLI` names a version 2 of 2026:
//! both ask equal worlds, and must print the same and end alike.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use lockkeeper_world::cloud::ApiCaller;
use lockkeeper_world::outage::Api;
use serde_json::{Value, json};

use crate::bench::{Bench, Ended, KEY};

/// Answers one request from the world.
fn answer(mut stream: TcpStream, bench: &mut Bench) {
    stream.set_nonblocking(false).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 65_536];
    let (head, body) = loop {
        let got = stream.read(&mut buffer).unwrap();
        if got == 0 {
            return;
        }
        bytes.extend_from_slice(&buffer[..got]);
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
            .unwrap_or(0);
        if bytes.len() >= end + 4 + length {
            let original = String::from_utf8_lossy(&bytes[..end]).into_owned();
            break (original, bytes[end + 4..end + 4 + length].to_vec());
        }
    };
    let target = head
        .lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("x-amz-target")
                .then(|| value.trim().to_owned())
        })
        .unwrap();
    let (service, operation) = target.split_once('.').unwrap();
    let api = match service {
        "AmazonEC2ContainerServiceV20141113" => Api::Ecs,
        _ => Api::Ecr,
    };
    let input: Value = serde_json::from_slice(&body).unwrap();
    let caller = ApiCaller {
        access_key: Some(KEY.to_owned()),
        ..ApiCaller::default()
    };
    let now = bench.world.now();
    let world = &mut bench.world;
    let reply = world
        .cloud
        .call(now, &mut world.log, &caller, api, operation, &input);
    let (status, body) = match reply.result {
        Ok(answer) => (200, answer),
        Err(error) => (
            error.http_status,
            json!({ "__type": error.code, "message": error.message }),
        ),
    };
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
}

/// Runs the real CLI against the bench's world.
fn real(cli: &Path, bench: &mut Bench, words: &[String], home: &Path) -> Ended {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    std::fs::write(
        home.join("config"),
        "[default]\ncli_timestamp_format = iso8601\n",
    )
    .unwrap();
    let mut child = Command::new(cli)
        .args(&words[1..])
        .env_clear()
        .envs(&bench.env)
        .env("HOME", home)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_CONFIG_FILE", home.join("config"))
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .env("AWS_RETRY_MODE", "standard")
        .env("AWS_PAGER", "")
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    loop {
        match server.accept() {
            Ok((stream, _)) => answer(stream, bench),
            Err(_) if child.try_wait().unwrap().is_some() => break,
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(2)),
        }
    }
    let output = child.wait_with_output().unwrap();
    Ended {
        exit: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        took: std::time::Duration::ZERO,
    }
}

/// Output without instants: the model's processes take virtual time, the CLI's take none.
fn timeless(out: &str) -> String {
    let mut parts = out.split("2026-03-0");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || "T:.+-".contains(c));
        text.push_str("(then)");
        text.push_str(rest);
    }
    text
}

/// Messages without what versions put around them.
fn message(err: &str) -> String {
    let text = err.trim().trim_start_matches("aws: [ERROR]: ");
    let text = text
        .strip_prefix("An error occurred (ParamValidation): ")
        .unwrap_or(text);
    match text.split_once("\n\nusage: ") {
        Some((message, _)) => message.trim().to_owned(),
        None => text.to_owned(),
    }
}

fn first_difference(model: &Ended, cli: &Ended) -> String {
    let texts = [
        (model.out.clone(), cli.out.clone()),
        (message(&model.err), message(&cli.err)),
    ];
    for (model, cli) in texts {
        let mut lines = cli.lines();
        for line in model.lines().chain(["<end>"]) {
            let other = lines.next().unwrap_or("<end>");
            if line != other {
                return format!("  model: {line}\n  cli:   {other}");
            }
        }
    }
    String::new()
}

const LINES: &[&str] = &[
    "aws ecs describe-services --cluster shops --services shop-web",
    "aws ecs describe-services --cluster shops --services shop-web --output text",
    "aws ecs describe-services --cluster shops --services shop-web none --output text",
    "aws ecs describe-services --cluster shops --services shop-web --output table",
    "aws ecs describe-services --cluster=shops --services=shop-web --query services[0].events --output text",
    "aws ecs describe-services --cluster shops --services shop-web --query 'services[0].{b:status,a:desiredCount}'",
    "aws ecs describe-services --cluster shops --services shop-web --query 'services[?status==`ACTIVE`].[serviceName,runningCount]' --output text",
    "aws ecs describe-services --cluster shops --services shop-web --query 'services[].deployments[].[id,status]' --output table",
    "aws ecs describe-services --cluster shops --services shop-web --query services[0].nothing --output table",
    "aws ecs describe-services --cluster none --services a",
    "aws ecs describe-task-definition --task-definition shop",
    "aws ecs describe-task-definition --task-definition shop:2 --include TAGS --output text",
    "aws ecs describe-task-definition --task-definition shop --output table",
    "aws ecs list-clusters --output yaml-stream",
    "aws ecs list-clusters --output off",
    "aws ecs list-clusters --output xml",
    "aws ecs list-clusters --query clusterArns[0] --output yaml",
    "aws ecs list-clusters --region ''",
    "aws ecs list-clusters --profile nobody",
    "aws ecs list-clusters --cli-error-format json --bad",
    "aws ecs describe-services --cluster none --services a --cli-error-format legacy",
    "aws ecs describe-clusters --clusters shops --query 'clusters[].[clusterName, status]' --output table",
    "aws ecs describe-servces --services a",
    "aws ecs wait service-stable --services a",
    "aws ecz",
    "aws",
    "aws ecs",
    "aws configure get region",
    "aws ecs list-clusters --debugg",
    "aws ecs list-clusters --no-cli",
    "aws ecs list-clusters --max-items x",
    "aws ecs list-clusters --starting-token x",
    "aws ecs list-task-definitions --starting-token None___1",
    "aws ecs list-task-definitions --starting-token a___b",
    "aws ecs list-task-definitions --starting-token a___b___c",
    "aws ecs describe-services --cluster shops --services shop-web --query 'services[0].{d:deploymentConfiguration,n:runningCount,s:status,t:createdAt}' --output yaml",
    "aws ecs describe-task-definition --task-definition shop --query taskDefinition.containerDefinitions --output yaml",
    "aws ecs list-task-definitions --family-prefix shop --sort DESC --max-items 2 --query taskDefinitionArns[1] --output text",
    "aws ecs list-task-definitions --max-items 2",
    "aws ecs list-task-definitions --page-size 1 --output text",
    "aws ecs list-task-definitions --page-size 2 --query length(taskDefinitionArns) --output text",
    "aws ecs list-task-definitions --max-results 1",
    "aws ecs list-task-definitions --no-paginate --max-items 1",
    "aws ecs list-task-definitions --starting-token eyJuZXh0VG9rZW4iOiBudWxsLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAyfQ==",
    "aws ecs list-tasks --cluster shops --service-name shop-web --output table",
    "aws ecs list-clusters --query length(clusterArns)",
    "aws ecs list-clusters --query length(nothing)",
    "aws ecs list-clusters --query 'clusterArns[0] < `1`'",
    "aws ecs list-clusters --query nope(@)",
    "aws ecs list-clusters --query 'keys(@)' --output text",
    "aws ecs list-service-deployments --cluster shops --service shop-web --created-at after=1772442000",
    "aws ecs update-service --cluster shops --service shop-web --task-definition shop:1 --query service.taskDefinition",
    "aws ecs update-service --cluster shops --service shop-web --desired-count 1 --no-enable-execute-command",
    "aws ecs update-service --cluster shops --service shop-web --desired-count x",
    "aws ecs update-service --cluster shops --service shop-web --force",
    "aws ecs update-service --cluster shops --service shop-web --force-new-deployment=true",
    "aws ecs update-service --cluster shops --service shop-web --force-new-deployment true",
    "aws ecs update-service --cluster shops --service shop-web --deployment-configuration maximumPercent=200,minimumHealthyPercent=50,deploymentCircuitBreaker={enable=true,rollback=true}",
    "aws ecs update-service --cluster shops --service shop-web --deployment-configuration '{\"maximumPercent\": \"200\"}'",
    "aws ecs update-service --cluster shops --service shop-web --deployment-configuration maximumPercent=all",
    "aws ecs update-service --cluster shops",
    "aws ecs update-service --cluster --service a",
    "aws ecs run-task --task-definition shop --network-configuration awsvpcConfiguration={subnets=[a,b],securityGroups=[c]",
    "aws ecs run-task --task-definition shop --network-configuration 'awsvpcConfiguration={subnets=[a,b],assign=X}'",
    "aws ecs run-task --task-definition shop --overrides '{\"containerOverrides\": [{\"name\": \"web\", }]}'",
    "aws ecs run-task --task-definition shop --tags key=a,value=b key=c,key=d",
    "aws ecs register-task-definition --cli-input-json file://missing.json",
    "aws ecs register-task-definition --cli-input-json '[1]'",
    "aws ecs register-task-definition --cli-input-json '{bad'",
    "aws ecs register-task-definition --family f --container-definitions '[{\"name\": 3, \"imag\": \"x\"}]'",
    "aws ecs register-task-definition --family f --container-definitions name=web,image=shop,environment=[{name=A,value=B}],portMappings=[{containerPort=80}] --cpu 256 --memory 512 --query taskDefinition.containerDefinitions",
    "aws ecs tag-resource --resource-arn arn:aws:ecs:eu-west-1:123456789012:service/shops/shop-web --tags key=a,value='x y'",
    "aws ecs list-clusters --bad value --worse",
    "aws ecs wait services-stable --cluster shops --services shop-web",
    "aws ecs wait services-stable --cluster shops --services none",
    "aws ecs wait services-stable --cluster none --services none",
    "aws ecr describe-images --repository-name shop --image-ids imageTag=live",
    "aws ecr describe-images --repository-name shop --image-ids imageTag=none",
    "aws ecr describe-images --repository-name shop --image-ids latest",
    "aws ecr describe-images --repository-name shop --image-ids imageTag=live,imageDigest=",
    "aws ecr describe-images --repository-name shop --query 'sort_by(imageDetails,&imagePushedAt)[-1].imageTags[0]' --output text",
    "aws ecr describe-images --repository-name shop --output text",
    "aws ecr describe-repositories",
    "aws ecr list-images --repository-name shop --filter tagStatus=TAGGED --query imageIds[*].imageTag --output text",
    "aws ecr batch-get-image --repository-name shop --image-ids imageTag=live imageTag=none --query failures --output text",
    "aws ecr batch-get-image --repository-name shop --image-ids '[{\"imageTag\": \"live\"}]' --query images[0].imageId.imageTag",
    "aws ecr get-login-password",
    "aws ecr put-image --repository-name shop --image-tag x --image-manifest file://missing",
    "aws ecr describe-images --repository-name s --image-ids",
    "aws ecr batch-check-layer-availability --repository-name a --layer-digests ",
    "aws ecr put-image-tag-mutability --repository-name shop",
];

#[test]
fn the_model_is_as_the_cli_is() {
    let Some(cli) = std::env::var_os("LOCKKEEPER_AWS_CLI") else {
        eprintln!("skipped: LOCKKEEPER_AWS_CLI names no AWS CLI to compare with");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let mut differences = Vec::new();
    for line in LINES {
        let words = Bench::words(line);
        let (mut ours, mut theirs) = (Bench::new(), Bench::new());
        let mut model = ours.run(&words);
        let mut cli = real(Path::new(&cli), &mut theirs, &words, home.path());
        model.out = timeless(&model.out);
        cli.out = timeless(&cli.out);
        let model_is = (model.exit, &model.out, message(&model.err));
        let cli_is = (cli.exit, &cli.out, message(&cli.err));
        if model_is != cli_is {
            differences.push(format!(
                "{line}\n  exit: model {} cli {}\n{}",
                model.exit,
                cli.exit,
                first_difference(&model, &cli)
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        LINES.len(),
        differences.join("\n")
    );
}
