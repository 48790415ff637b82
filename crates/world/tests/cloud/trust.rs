//! Who may take on which role.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lockkeeper_world::app::{Behaviour, ImageFacts};
use lockkeeper_world::clock::START;
use lockkeeper_world::cloud::{ApiCaller, Cloud, ImageRef, Mutability, Role};
use lockkeeper_world::event::What;
use lockkeeper_world::oidc::{self, Claims};
use lockkeeper_world::outage::Api;
use lockkeeper_world::{Instant, Log};
use serde_json::{Map, Value, json};

const ACCOUNT: &str = "123456789012";
const PROVIDER: &str =
    "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";

fn key(claim: &str) -> String {
    format!("token.actions.githubusercontent.com:{claim}")
}

fn allow(condition: Value) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": { "Federated": PROVIDER },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    })
}

struct Desk {
    cloud: Cloud,
    log: Log,
    now: Instant,
}

impl Desk {
    fn new(statements: Value) -> Self {
        let mut cloud = Cloud::default();
        let account = ACCOUNT.parse().unwrap();
        cloud.trust_github(&account, &["sts.amazonaws.com"]);
        let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        cloud.create_role(Role::new(account, "deploy".parse().unwrap(), policy));
        Self {
            cloud,
            log: Log::default(),
            now: START,
        }
    }

    fn call(&mut self, caller: &ApiCaller, operation: &str, input: Value) -> Result<Value, String> {
        self.cloud
            .call(self.now, &mut self.log, caller, Api::Sts, operation, &input)
            .result
            .map_err(|error| format!("{}: {}", error.code, error.message))
    }

    fn assume(&mut self, token: &str, seconds: u64) -> Result<Value, String> {
        let input = json!({
            "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/deploy"),
            "RoleSessionName": "deploy-run",
            "WebIdentityToken": token,
            "DurationSeconds": seconds,
        });
        self.call(&ApiCaller::default(), "AssumeRoleWithWebIdentity", input)
    }

    fn trusts(&mut self, claims: Value) -> bool {
        let answer = self.assume(&token(claims), 900);
        if let Err(error) = &answer {
            let denied = "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity";
            assert_eq!(error, denied);
        }
        answer.is_ok()
    }
}

fn token(more: Value) -> String {
    let mut claims: Map<String, Value> = Map::new();
    claims.insert("aud".into(), "sts.amazonaws.com".into());
    claims.extend(more.as_object().unwrap().clone());
    oidc::issue(&Claims(claims))
}

fn environment_and_branch() -> Value {
    json!([allow(json!({ "StringEquals": {
        key("aud"): "sts.amazonaws.com",
        key("sub"): ["repo:o/r:environment:production", "repo:o@1/r@2:environment:production"],
        key("ref"): "refs/heads/main",
    } }))])
}

#[test]
fn subject_and_ref_must_both_fit() {
    let mut desk = Desk::new(environment_and_branch());
    let main = "refs/heads/main";
    let sub = "repo:o/r:environment:production";
    assert!(desk.trusts(json!({ "sub": sub, "ref": main })));
    assert!(desk.trusts(json!({ "sub": "repo:o@1/r@2:environment:production", "ref": main })));
    assert!(!desk.trusts(json!({ "sub": sub, "ref": "refs/heads/topic" })));
    assert!(
        !desk.trusts(json!({ "sub": sub })),
        "an absent claim does not fit"
    );
    assert!(!desk.trusts(json!({ "sub": "repo:o/r:ref:refs/heads/main", "ref": main })));
    assert!(!desk.trusts(json!({ "sub": "repo:o/r:environment:Production", "ref": main })));
}

#[test]
fn patterns_denials_and_traps() {
    let like = |pattern: &str| allow(json!({ "StringLike": { key("sub"): pattern } }));
    let mut desk = Desk::new(json!([like("repo:o/r:*")]));
    assert!(desk.trusts(json!({ "sub": "repo:o/r:pull_request" })));
    assert!(!desk.trusts(json!({ "sub": "repo:o/rr:pull_request" })));

    let mut deny = allow(json!({ "StringLike": { key("sub"): "*:pull_request" } }));
    deny["Effect"] = json!("Deny");
    let mut desk = Desk::new(json!([like("repo:o/r:*"), deny]));
    assert!(!desk.trusts(json!({ "sub": "repo:o/r:pull_request" })));
    assert!(desk.trusts(json!({ "sub": "repo:o/r:environment:staging" })));

    let all = allow(json!({ "ForAllValues:StringEquals": { key("environment"): "production" } }));
    let mut desk = Desk::new(json!([all]));
    assert!(
        desk.trusts(json!({ "sub": "repo:evil/evil:pull_request" })),
        "an absent claim fits"
    );

    let strange = allow(json!({ "StringMatches": { key("ref"): 1 } }));
    let mut desk = Desk::new(json!([strange]));
    assert!(
        !desk.trusts(json!({ "sub": "repo:o/r:x", "ref": "1" })),
        "not understood: not trusted"
    );
    let named = desk.log.events().iter().any(|event| {
        matches!(&event.what, What::NotModelled { text, .. } if text.contains("StringMatches"))
    });
    assert!(named);
}

#[test]
fn tokens_must_be_githubs_fresh_and_meant_for_sts() {
    let mut desk = Desk::new(environment_and_branch());
    let good = json!({ "sub": "repo:o/r:environment:production", "ref": "refs/heads/main" });
    let forged = token(good.clone()).replace('0', "1");
    assert!(
        desk.assume(&forged, 900)
            .unwrap_err()
            .starts_with("InvalidIdentityToken")
    );
    let mut elsewhere = good.clone();
    elsewhere["aud"] = json!("https://github.com/o");
    let error = desk.assume(&token(elsewhere), 900).unwrap_err();
    assert_eq!(error, "InvalidIdentityToken: Incorrect token audience");
    let mut stale = good.clone();
    stale["exp"] = json!(START.millis() / 1000);
    assert!(
        desk.assume(&token(stale), 900)
            .unwrap_err()
            .starts_with("ExpiredTokenException")
    );
    assert!(
        desk.assume(&token(good.clone()), 7200)
            .unwrap_err()
            .contains("MaxSessionDuration")
    );
    assert!(
        desk.assume(&token(good), 60)
            .unwrap_err()
            .starts_with("ValidationError")
    );
}

#[test]
fn a_session_is_who_it_says_until_it_expires() {
    let mut desk = Desk::new(environment_and_branch());
    let good = json!({ "sub": "repo:o/r:environment:production", "ref": "refs/heads/main" });
    let session = desk.assume(&token(good), 900).unwrap();
    assert_eq!(
        session["Credentials"]["Expiration"],
        "2026-03-02T09:15:00+00:00"
    );
    let caller = ApiCaller {
        access_key: session["Credentials"]["AccessKeyId"]
            .as_str()
            .map(str::to_owned),
        ..ApiCaller::default()
    };
    let who = desk.call(&caller, "GetCallerIdentity", json!({})).unwrap();
    assert_eq!(
        who["Arn"],
        format!("arn:aws:sts::{ACCOUNT}:assumed-role/deploy/deploy-run")
    );
    desk.now = START + Duration::from_secs(900);
    let error = desk
        .call(&caller, "GetCallerIdentity", json!({}))
        .unwrap_err();
    assert!(error.starts_with("ExpiredToken: "), "{error}");
    let mut ask = |key: Option<&str>, api, operation: &str| {
        let caller = ApiCaller {
            access_key: key.map(str::to_owned),
            ..caller.clone()
        };
        let input = json!({});
        let reply = desk
            .cloud
            .call(desk.now, &mut desk.log, &caller, api, operation, &input);
        reply.result.unwrap_err().code
    };
    let expired = caller.access_key.as_deref();
    assert_eq!(
        ask(expired, Api::Ecs, "ListClusters"),
        "ExpiredTokenException"
    );
    assert_eq!(
        ask(Some("AKIANOBODY"), Api::Ecr, "ListImages"),
        "UnrecognizedClientException"
    );
    assert_eq!(
        ask(None, Api::Ecs, "ListClusters"),
        "MissingAuthenticationToken"
    );
}

#[test]
fn a_registry_login_outlives_the_session_that_asked_for_it() {
    let mut desk = Desk::new(environment_and_branch());
    let place = desk.cloud.home().clone();
    let repository = "shop".parse().unwrap();
    let facts = ImageFacts {
        commit: None,
        behaviour: Behaviour::Healthy,
        vulnerable: false,
    };
    let (cloud, log) = (&mut desk.cloud, &mut desk.log);
    cloud
        .create_repository(START, &place, &repository, Mutability::Mutable)
        .unwrap();
    let tags = ["v1".parse().unwrap()];
    let digest = cloud
        .put_image(START, log, &place, &repository, &tags, "v1", facts)
        .unwrap();
    let good = json!({ "sub": "repo:o/r:environment:production", "ref": "refs/heads/main" });
    let session = desk.assume(&token(good), 900).unwrap();
    let caller = ApiCaller {
        access_key: session["Credentials"]["AccessKeyId"]
            .as_str()
            .map(str::to_owned),
        ..ApiCaller::default()
    };
    let ask = |desk: &mut Desk| {
        let (input, operation) = (json!({}), "GetAuthorizationToken");
        desk.cloud
            .call(
                desk.now,
                &mut desk.log,
                &caller,
                Api::Ecr,
                operation,
                &input,
            )
            .result
    };
    let answer = ask(&mut desk).unwrap();
    let data = answer["authorizationData"][0]["authorizationToken"].as_str();
    let pair = STANDARD.decode(data.unwrap()).unwrap();
    let password = String::from_utf8(pair).unwrap()["AWS:".len()..].to_owned();
    desk.now = START + Duration::from_secs(1000);
    assert_eq!(ask(&mut desk).unwrap_err().code, "ExpiredTokenException");
    let host = place.registry();
    let login = desk.cloud.registry_login(desk.now, &host, "AWS", &password);
    let image = ImageRef::parse(&format!("{host}/shop:v1")).unwrap();
    let pulled = desk
        .cloud
        .registry_pull(desk.now, &mut desk.log, &login.unwrap(), &image);
    assert_eq!(pulled.result.unwrap().digest, digest);
}

#[test]
fn static_keys_take_on_roles_that_trust_their_account() {
    let trust = |principal: &str| {
        json!([{
            "Effect": "Allow",
            "Principal": { "AWS": principal },
            "Action": "sts:AssumeRole",
        }])
    };
    let input = json!({
        "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/deploy"),
        "RoleSessionName": "by-hand",
    });
    for (principal, trusted) in [
        ("arn:aws:iam::123456789012:root", true),
        ("123456789012", true),
        ("arn:aws:iam::123456789012:user/ci", true),
        ("arn:aws:iam::123456789012:user/other", false),
        ("arn:aws:iam::210987654321:root", false),
    ] {
        let mut desk = Desk::new(trust(principal));
        let caller = ApiCaller {
            access_key: Some(
                desk.cloud
                    .create_access_key(&ACCOUNT.parse().unwrap(), "ci"),
            ),
            ..ApiCaller::default()
        };
        let answer = desk.call(&caller, "AssumeRole", input.clone());
        assert_eq!(answer.is_ok(), trusted, "{principal}: {answer:?}");
    }
}

/// The cases of others, where they are at hand.
#[test]
fn trust_policies_as_others_expect_them() {
    let Some(cases) = crate::shared::cases("iam-policy") else {
        return;
    };
    let mut played = 0;
    for case in &cases {
        let Some(policy) = case.get("trustPolicy") else {
            continue;
        };
        let request = &case["request"];
        if request["action"] != "sts:AssumeRoleWithWebIdentity" {
            continue;
        }
        let mut cloud = Cloud::default();
        let account = "111122223333".parse().unwrap();
        cloud.trust_github(&account, &["sts.amazonaws.com"]);
        cloud.create_role(Role::new(
            account,
            "deploy".parse().unwrap(),
            policy.to_string(),
        ));
        let mut claims = Map::new();
        for (name, value) in request["context"].as_object().unwrap() {
            if let Some(claim) = name.strip_prefix("token.actions.githubusercontent.com:") {
                claims.insert(claim.to_owned(), value.clone());
            }
        }
        let input = json!({
            "RoleArn": request["resource"],
            "RoleSessionName": "case",
            "WebIdentityToken": oidc::issue(&Claims(claims)),
        });
        let mut log = Log::default();
        let reply = cloud.call(
            START,
            &mut log,
            &ApiCaller::default(),
            Api::Sts,
            "AssumeRoleWithWebIdentity",
            &input,
        );
        let allowed = case["expect"] == "Allow";
        assert_eq!(
            reply.result.is_ok(),
            allowed,
            "{}: {:?}",
            case["id"],
            reply.result
        );
        played += 1;
    }
    assert!(played > 0);
}
