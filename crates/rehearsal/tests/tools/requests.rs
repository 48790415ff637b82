use std::time::Duration;

use lockkeeper_world::outage::{Ailment, Api};
use serde_json::Value;

use crate::bench::*;

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn curl_asks_the_application() {
    let mut bench = Bench::new();
    let url = format!("https://{HOST}/health");
    let ended = bench.call(&format!("curl -fsS {url}"));
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert_eq!(parsed(&ended.out)["version"], sha('c').as_str());
    let ended = bench.call(&format!(
        "curl --silent --show-error --output body --write-out %{{http_code}}\\n --max-time 10 {url}"
    ));
    assert_eq!((ended.code, ended.out.as_str()), (0, "200\n"));
    assert_eq!(parsed(bench.text("body"))["status"], "ok");
    let ended = bench.call(&format!(
        "curl -s -o /dev/null -w %{{response_code}}-%{{exitcode}} {url} {url}"
    ));
    assert_eq!(ended.code, 0);
    // `-o` is for the first URL only, `-w` for each.
    assert!(
        ended.out.starts_with("200-0{") && ended.out.ends_with("}200-0"),
        "{}",
        ended.out
    );
    let head = bench.call(&format!("curl -sI {url}"));
    assert!(
        head.out.starts_with("HTTP/2 200") && !head.out.contains("version"),
        "{}",
        head.out
    );
}

#[test]
fn curl_fails_as_curl_does() {
    let mut bench = Bench::new();
    for (line, code, words) in [
        (
            "curl -sS https://nowhere.example.net/",
            6,
            "curl: (6) Could not resolve host: nowhere.example.net",
        ),
        (
            "curl http://localhost:3000/",
            7,
            "Failed to connect to localhost port 3000",
        ),
        (
            "curl -sS --max-time 0.05 https://shop.example.org/",
            28,
            "curl: (28) Operation timed out after 50 milliseconds",
        ),
        (
            "curl --nosuch https://shop.example.org/",
            2,
            "--nosuch is not modelled",
        ),
        ("curl", 2, "no URL specified"),
        (
            "curl ftp://shop.example.org/",
            3,
            "Protocol \"ftp\" not supported",
        ),
    ] {
        let ended = bench.call(line);
        assert_eq!(ended.code, code, "{line}: {}", ended.err);
        assert!(ended.err.contains(words), "{line}: {}", ended.err);
    }
    assert!(
        bench
            .not_modelled()
            .iter()
            .any(|text| text.contains("nowhere.example.net"))
    );
}

/// Takes all targets out of service: the load balancer answers 503.
fn stop_service(bench: &mut Bench) {
    let caller = lockkeeper_world::cloud::ApiCaller {
        access_key: Some(bench.key.clone()),
        ..Default::default()
    };
    let input = serde_json::json!({ "cluster": "shops", "service": "shop-web", "desiredCount": 0 });
    let now = bench.world.now();
    let world = &mut bench.world;
    let reply = world.cloud.call(
        now,
        &mut world.log,
        &caller,
        Api::Ecs,
        "UpdateService",
        &input,
    );
    reply.result.expect("updated");
    bench.world.advance(now + Duration::from_secs(600));
}

#[test]
fn curl_retries_by_its_own_rules() {
    let mut bench = Bench::new();
    stop_service(&mut bench);
    let url = format!("https://{HOST}/health");
    let plain = bench.call(&format!("curl -s -w %{{http_code}} -o /dev/null {url}"));
    assert_eq!((plain.code, plain.out.as_str()), (0, "503"));
    let failed = bench.call(&format!("curl -f {url}"));
    assert_eq!(failed.code, 22);
    assert!(failed.out.is_empty());
    assert!(
        failed
            .err
            .contains("curl: (22) The requested URL returned error: 503"),
        "{}",
        failed.err
    );
    let with_body = bench.call(&format!("curl -sS --fail-with-body {url}"));
    assert_eq!(with_body.code, 22);
    assert!(with_body.out.contains("503 Service"), "{}", with_body.out);

    let doubled = bench.call(&format!("curl --fail --retry 3 {url}"));
    assert_eq!(doubled.code, 22);
    assert_eq!(doubled.took.as_secs(), 1 + 2 + 4);
    assert!(
        doubled
            .err
            .contains("Will retry in 2 seconds. 2 retries left."),
        "{}",
        doubled.err
    );
    let steady = bench.call(&format!("curl --fail -s --retry 3 --retry-delay 5 {url}"));
    assert_eq!(
        (steady.code, steady.took.as_secs(), steady.err.as_str()),
        (22, 15, "")
    );
    let limited = bench.call(&format!(
        "curl -s --retry 9 --retry-delay 5 --retry-max-time 12 {url}"
    ));
    assert_eq!((limited.code, limited.took.as_secs()), (0, 10));
    // Connections that are refused are not retried unless asked for.
    let refused = bench.call("curl -s --retry 3 http://localhost:1/");
    assert_eq!((refused.code, refused.took.as_secs()), (7, 0));
    let refused = bench.call("curl -s --retry 3 --retry-connrefused http://localhost:1/");
    assert_eq!((refused.code, refused.took.as_secs()), (7, 7));
}

#[test]
fn curl_gets_identity_tokens_and_speaks_to_github() {
    let mut bench = Bench::new();
    let token = bench.env["GH_TOKEN"].clone();
    let url = format!(
        "https://oidc.actions.invalid/token/{}?api-version=2.0&audience=sts.amazonaws.com",
        bench.caller.job
    );
    assert_eq!(bench.call_with(&["curl", "-fs", &url], "").code, 22);
    let ended = bench.call_with(
        &[
            "curl",
            "-fsS",
            "-H",
            &format!("Authorization: bearer {token}"),
            &url,
        ],
        "",
    );
    assert_eq!(ended.code, 0, "{}", ended.err);
    let claims =
        lockkeeper_world::oidc::verify(parsed(&ended.out)["value"].as_str().unwrap()).unwrap();
    assert_eq!(claims.get("aud"), Some("sts.amazonaws.com"));

    let header = format!("Authorization: Bearer {token}");
    let runs = "https://api.github.com/repos/example/shop/actions/runs";
    let ended = bench.call_with(&["curl", "-sS", "-H", &header, runs], "");
    assert_eq!(parsed(&ended.out)["total_count"], 1);
    bench.outage(Api::GitHub, None, Ailment::LostAnswer, 1);
    let lost = bench.call_with(&["curl", "-sS", "-H", &header, runs], "");
    assert_eq!(lost.code, 52, "{}", lost.err);
    bench.outage(Api::GitHub, None, Ailment::Slow(Duration::from_secs(40)), 1);
    let late = bench.call_with(&["curl", "-sS", "-m", "10", "-H", &header, runs], "");
    assert_eq!((late.code, late.took.as_secs()), (28, 10));
    let data = r#"{"ref":"nosuch"}"#;
    let dispatch =
        "https://api.github.com/repos/example/shop/actions/workflows/deploy.yml/dispatches";
    let refused = bench.call_with(
        &[
            "curl",
            "-s",
            "-w",
            "%{http_code}",
            "-H",
            &header,
            "-d",
            data,
            dispatch,
        ],
        "",
    );
    assert!(refused.out.ends_with("422"), "{}", refused.out);
}

#[test]
fn gh_api_reads_filters_and_fails() {
    let mut bench = Bench::new();
    let run = bench.caller.run;
    let ended = bench.call(&format!(
        "gh api repos/example/shop/actions/runs/{run} --jq .status"
    ));
    assert_eq!((ended.code, ended.out.as_str()), (0, "in_progress\n"));
    let ended =
        bench.call("gh api repos/{owner}/{repo}/actions/runs -q .workflow_runs[]|{id,event}");
    assert_eq!(
        ended.out,
        format!("{{\"id\":{run},\"event\":\"workflow_dispatch\"}}\n")
    );
    let ended = bench.call(
        "gh api --method GET /repos/example/shop/actions/runs -f status=waiting -F per_page=1",
    );
    assert_eq!(parsed(&ended.out)["total_count"], 0);

    let missing = bench.call("gh api repos/example/shop/environments/production");
    assert_eq!(
        (missing.code, missing.err.as_str()),
        (1, "gh: Not Found (HTTP 404)\n")
    );
    assert_eq!(parsed(&missing.out)["message"], "Not Found");
    let unknown = bench.call("gh api repos/example/shop/nosuch");
    assert_eq!(unknown.code, 1);
    assert!(
        bench
            .not_modelled()
            .iter()
            .any(|text| text.contains("nosuch"))
    );

    bench.outage(Api::GitHub, None, Ailment::ServerError, 1);
    let down = bench.call(&format!("gh api repos/example/shop/actions/runs/{run}"));
    assert_eq!(
        (down.code, down.err.as_str()),
        (1, "gh: Server Error (HTTP 502)\n")
    );
    bench.outage(Api::GitHub, None, Ailment::LostAnswer, 1);
    let lost = bench.call(&format!("gh api repos/example/shop/actions/runs/{run}"));
    assert_eq!(lost.code, 1);
    assert!(lost.err.ends_with(": EOF\n"), "{}", lost.err);
    bench.outage(Api::GitHub, None, Ailment::Slow(Duration::from_secs(7)), 1);
    let late = bench.call(&format!(
        "gh api repos/example/shop/actions/runs/{run} --silent"
    ));
    assert_eq!(
        (late.code, late.took.as_secs(), late.out.as_str()),
        (0, 7, "")
    );

    bench.env.insert("GH_TOKEN".into(), "ghs_wrong".into());
    let bad = bench.call("gh api repos/example/shop");
    assert_eq!(bad.err, "gh: Bad credentials (HTTP 401)\n");
    bench.env.clear();
    assert_eq!(bench.call("gh api repos/example/shop").code, 4);
}

#[test]
fn gh_api_follows_pages() {
    let mut bench = Bench::new();
    let statuses = "gh api repos/example/shop/deployments -f ref=main -F auto_merge=false -f required_contexts[] -f environment=production";
    for _ in 0..3 {
        let made = bench.call(&format!("{statuses} --jq .id"));
        assert_eq!(made.code, 0, "{}{}", made.out, made.err);
    }
    let all = bench.call("gh api --paginate repos/example/shop/deployments?per_page=1");
    let all = parsed(&all.out);
    assert_eq!(all.as_array().map(Vec::len), Some(3), "{all}");
    let ids = bench.call("gh api --paginate repos/example/shop/deployments?per_page=2 --jq .[].id");
    assert_eq!(ids.out.lines().count(), 3);
}

#[test]
fn gh_runs_and_workflows() {
    let mut bench = Bench::new();
    let run = bench.caller.run;
    let listed = bench
        .call("gh run list --workflow deploy.yml --json databaseId,status --jq .[0].databaseId");
    assert_eq!((listed.code, listed.out), (0, format!("{run}\n")));
    let viewed = bench.call(&format!("gh run view {run} --json jobs,conclusion"));
    assert_eq!(
        parsed(&viewed.out)["jobs"][0]["name"],
        "deploy",
        "{}",
        viewed.err
    );
    let wrong = bench.call(&format!("gh run view {run} --json nosuch"));
    assert_eq!(wrong.code, 1);
    assert!(
        wrong.err.contains("Unknown JSON field: \"nosuch\""),
        "{}",
        wrong.err
    );
    let cancelled = bench.call(&format!("gh run cancel {run}"));
    assert_eq!(cancelled.code, 0, "{}", cancelled.err);
    assert!(cancelled.out.contains("Request to cancel workflow"));
    let refused = bench.call("gh workflow run nosuch.yml --ref main -f image_tag=v1");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("HTTP 404"), "{}", refused.err);
    assert_eq!(bench.call("gh pr view 1").code, 1);
    assert!(
        bench
            .not_modelled()
            .iter()
            .any(|text| text.contains("gh pr view"))
    );
}

#[test]
fn a_hostile_expression_does_not_take_the_controller_with_it() {
    let mut bench = Bench::new();
    let deep = format!("{}.{}", "(".repeat(20_000), ")".repeat(20_000));
    let ended = bench.call_with(&["gh", "api", "repos/example/shop", "--jq", &deep], "");
    assert!(ended.code == 0 || ended.code == 1, "{}", ended.err);
    for expression in ["{", "nosuch", ".full_name | error", "$ENV", "env.HOME"] {
        let line = ["gh", "api", "repos/example/shop", "--jq", expression];
        let ended = bench.call_with(&line, "");
        let is_secret = ended.out.contains("/root") || ended.out.contains("/home");
        assert!(!is_secret, "the controller's environment is not the step's");
    }
}

#[test]
fn an_unfinished_curl_tells_the_code_000() {
    let mut bench = Bench::new();
    let ended = bench.call("curl --silent --show-error --output b --write-out %{http_code} --max-time 10 https://nowhere.example.net/");
    assert_eq!((ended.code, ended.out.as_str()), (6, "000"));
    assert!(!bench.files.contains_key(std::path::Path::new("b")));
}
