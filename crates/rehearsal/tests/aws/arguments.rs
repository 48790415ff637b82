//! What is wrong with a command line is said before anything is asked.

use proptest::prelude::*;

use crate::bench::Bench;

const PARAMETERS: &str = "An error occurred (ParamValidation): ";
const USAGE: &str = "usage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]";

fn first_line(message: &str) -> &str {
    message
        .strip_prefix(PARAMETERS)
        .unwrap_or(message)
        .lines()
        .next()
        .unwrap_or_default()
}

#[test]
fn argument_errors_exit_with_252_and_ask_nothing() {
    for (line, expected) in [
        (
            "aws ecs update-service --force-new-deployment",
            "the following arguments are required: --service",
        ),
        ("aws", "the following arguments are required: command"),
        ("aws ecs", "the following arguments are required: operation"),
        ("aws ecx", "argument command: Found invalid choice 'ecx'"),
        (
            "aws ecs describe-service --cluster shops",
            "argument operation: Found invalid choice 'describe-service'",
        ),
        (
            "aws ecr batch-get-image --repository-name shop --image-ids",
            "Parameter validation failed:",
        ),
        (
            "aws ecs describe-services --cluster --services a",
            "argument --cluster: expected one argument",
        ),
        (
            "aws sts get-caller-identity --output xml",
            "argument --output: Found invalid choice 'xml'",
        ),
        (
            "aws ecs run-task --task-definition a --network-configuration '{bad'",
            "Error parsing parameter '--network-configuration': Invalid JSON: Expecting property \
             name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (
            "aws ecr describe-images --repository-name shop --image-ids latest",
            "Error parsing parameter '--image-ids': Expected: '=', received: 'EOF' for input:",
        ),
        (
            "aws ecr describe-images --repository-name shop --image-ids tag=x",
            "Parameter validation failed:",
        ),
        (
            "aws ecs describe-services --services a --cli-input-json file://none.json",
            "Error parsing parameter '--cli-input-json': Unable to load paramfile \
             file://none.json: [Errno 2] No such file or directory: 'none.json'",
        ),
        (
            "aws ecs list-tasks --no-paginate --max-items 3",
            "Cannot specify --no-paginate along with pagination arguments: --max-items",
        ),
        (
            "aws ecs list-tasks --max-items many",
            "argument --max-items: invalid int value: 'many'",
        ),
    ] {
        let mut bench = Bench::new();
        let (exit, message) = bench.fails(line);
        assert_eq!((exit, first_line(&message)), (252, expected), "{line}");
        assert_eq!(
            bench
                .world
                .log
                .events()
                .iter()
                .filter(|e| e.caller.is_some())
                .count(),
            0
        );
    }
}

#[test]
fn usage_comes_with_what_the_argument_parser_says() {
    let (_, message) = Bench::new().fails("aws ecs update-service");
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines[1..3], ["", USAGE]);
    assert_eq!(lines.last(), Some(&"  aws <command> <subcommand> help"));

    let ended = Bench::new().sh("aws ecs list-clusters --bad value --worse");
    assert_eq!(ended.exit, 252);
    assert!(
        ended.err.starts_with(&format!("\n{USAGE}\n")),
        "{}",
        ended.err
    );
    assert!(
        ended
            .err
            .ends_with("\n\naws: [ERROR]: Unknown options: --bad, --worse, value\n")
    );
}

#[test]
fn near_misses_are_suggested() {
    let (_, message) = Bench::new().fails("aws ecs describe-servces --services a");
    assert!(
        message.contains("Maybe you meant:\n\n  * describe-services"),
        "{message}"
    );
}

#[test]
fn the_model_names_each_wrong_parameter() {
    let (exit, message) = Bench::new().fails(
        "aws ecs register-task-definition --family f \
         --container-definitions '[{\"name\": 3, \"imag\": \"x\"}]'",
    );
    assert_eq!(exit, 252);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(
        lines[0],
        format!("{PARAMETERS}Parameter validation failed:")
    );
    assert!(lines[1].starts_with(
        "Unknown parameter in containerDefinitions[0]: \"imag\", must be one of: name, image, "
    ));
    assert_eq!(
        lines[2],
        "Invalid type for parameter containerDefinitions[0].name, value: 3, type: <class 'int'>, \
         valid types: <class 'str'>"
    );
}

#[test]
fn a_bad_query_is_found_at_once_and_a_failing_one_at_the_end() {
    let mut bench = Bench::new();
    let (exit, message) = bench.fails("aws sts get-caller-identity --query 'a['");
    assert_eq!(exit, 252);
    assert!(message.starts_with(&format!("{PARAMETERS}Bad value for --query a[: ")));
    assert_eq!(bench.calls("GetCallerIdentity"), 0);
    let (exit, message) = bench.fails("aws sts get-caller-identity --query length(Nothing)");
    assert_eq!(exit, 255);
    assert_eq!(
        message,
        "In function length(), invalid type for value: None, expected one of: \
         ['string', 'array', 'object'], received: \"null\""
    );
    assert_eq!(bench.calls("GetCallerIdentity"), 1);
}

#[test]
fn region_and_credentials() {
    let list = "aws ecs list-clusters";
    let (exit, message) = Bench::new().unset("AWS_REGION").fails(list);
    assert_eq!(
        (exit, message.as_str()),
        (
            253,
            "An error occurred (NoRegion): You must specify a region. You can also configure \
             your region by running \"aws configure\"."
        )
    );
    let (exit, message) = Bench::new().set("AWS_REGION", "").fails(list);
    assert_eq!(
        (exit, message.as_str()),
        (255, "Invalid endpoint: https://ecs..amazonaws.com")
    );
    let mut bench = Bench::new()
        .unset("AWS_ACCESS_KEY_ID")
        .unset("AWS_SECRET_ACCESS_KEY");
    let (exit, message) = bench.fails(list);
    assert_eq!(
        (exit, message.as_str()),
        (
            253,
            "An error occurred (NoCredentials): Unable to locate credentials. You can configure \
             credentials by running \"aws login\"."
        )
    );
    assert_eq!(bench.calls("ListClusters"), 0);
    let (exit, message) = Bench::new().unset("AWS_SECRET_ACCESS_KEY").fails(list);
    assert_eq!(
        (exit, message.as_str()),
        (
            255,
            "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY"
        )
    );
    let (exit, message) = Bench::new().fails("aws ecs list-clusters --profile staging");
    assert_eq!(
        (exit, message.as_str()),
        (255, "The config profile (staging) could not be found")
    );
    // A made-up key is the service's to refuse.
    let mut bench = Bench::new().set("AWS_ACCESS_KEY_ID", "AKIANOBODY");
    assert_eq!(bench.fails(list).0, 254);
}

#[test]
fn a_role_s_key_needs_its_token() {
    let mut bench = Bench::new();
    let place = bench.world.cloud.home().clone();
    let key = "ASIAEXAMPLEEXAMPLE02";
    bench
        .world
        .cloud
        .use_access_key(&place.account, "session", key);
    let mut bench = bench.set("AWS_ACCESS_KEY_ID", key);
    let (exit, message) = bench.fails("aws ecs list-clusters");
    assert_eq!(exit, 254);
    assert!(
        message.contains("(UnrecognizedClientException)"),
        "{message}"
    );
    bench
        .set("AWS_SESSION_TOKEN", "any")
        .ok("aws ecs list-clusters");
}

#[test]
fn errors_in_other_forms() {
    let line = "aws ecs describe-services --cluster none --services a";
    let (exit, message) = Bench::new().fails(line);
    assert_eq!(exit, 254);
    assert!(
        message.starts_with(
            "An error occurred (ClusterNotFoundException) when calling the DescribeServices \
             operation: "
        ),
        "{message}"
    );
    let ended = Bench::new().sh(&format!("{line} --cli-error-format json"));
    let error: serde_json::Value = serde_json::from_str(&ended.err).unwrap();
    assert_eq!(error["Code"], "ClusterNotFoundException");
    let legacy = Bench::new()
        .set("AWS_CLI_ERROR_FORMAT", "legacy")
        .fails("aws ecs update-service");
    assert!(
        legacy
            .1
            .starts_with("the following arguments are required: --service")
    );
}

#[test]
fn what_is_not_modelled_says_so() {
    for (line, exit) in [
        ("aws s3 ls s3://bucket", 254),
        (
            "aws ecs execute-command --cluster a --task b --command c --interactive",
            254,
        ),
        ("aws ecs create-capacity-provider --name x", 254),
        (
            "aws ecs describe-services --generate-cli-skeleton output",
            255,
        ),
    ] {
        let mut bench = Bench::new();
        let (code, message) = bench.fails(line);
        assert_eq!(code, exit, "{line}");
        assert!(message.contains("lockkeeper"), "{line}: {message}");
        assert!(!bench.not_modelled().is_empty(), "{line}");
    }
    let mut bench = Bench::new();
    bench.ok("aws --debug sts get-caller-identity");
    assert_eq!(bench.not_modelled(), ["aws --debug"]);
}

/// Words that real command lines are made of, and some that none should be.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "ecs",
            "ecr",
            "sts",
            "elbv2",
            "wait",
            "configure",
            "set",
            "get",
            "s3",
            "describe-services",
            "update-service",
            "run-task",
            "list-tasks",
            "describe-images",
            "services-stable",
            "get-login-password",
            "get-caller-identity",
            "help",
            "--",
            "-",
            "--cluster",
            "--cluster=shops",
            "shops",
            "--services",
            "--service",
            "shop-web",
            "--query",
            "services[0].[status]",
            "length(@)",
            "--output",
            "text",
            "table",
            "yaml",
            "--max-items",
            "2",
            "--starting-token",
            "--image-ids",
            "imageTag=live",
            "imageTag=a,b,c={",
            "--repository-name",
            "shop",
            "--network-configuration",
            "awsvpcConfiguration={subnets=[a",
            "--overrides",
            "{\"a\":[",
            "--tags",
            "key=",
            "file://x",
            "fileb://x",
            "file://$HOME/${",
            "--cli-input-json",
            "{}",
            "--version",
            "--no-paginate",
            "--force",
            "--desired-count",
            "-1",
            "--page-size",
            "0",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ]
}

proptest! {
    #[test]
    fn any_command_line_ends_in_a_way_of_the_cli(words in prop::collection::vec(word(), 0..9)) {
        let mut argv = vec!["aws".to_owned()];
        argv.extend(words);
        let ended = Bench::new().run(&argv);
        prop_assert!([0, 1, 252, 253, 254, 255].contains(&ended.exit), "{argv:?}: {ended:?}");
        prop_assert_eq!(ended.err.is_empty(), ended.exit <= 1);
    }
}
