//! `aws-actions/configure-aws-credentials`: a role's session by the job's identity token, or
//! static keys.

use std::time::Duration;

use lockkeeper_world::cloud::{ApiCaller, Reply};
use lockkeeper_world::outage::{Ailment, Api};
use serde_json::{Value, json};

use super::{Bench, Model, Progress};

/// Attempts at STS, as the action makes by default.
const ATTEMPTS: u32 = 12;

/// More would take weeks.
const MOST_ATTEMPTS: u32 = 24;

#[derive(Default)]
struct Credentials {
    attempt: u32,
    slow: bool,
}

pub(super) fn start() -> Box<dyn Model> {
    Box::new(Credentials::default())
}

impl Model for Credentials {
    fn resume(&mut self, bench: &mut Bench<'_>) -> Progress {
        let Some(region) = bench.input("aws-region").map(str::to_owned) else {
            return Progress::Failed("Input required and not supplied: aws-region".into());
        };
        if self.attempt == 0 {
            self.attempt = 1;
            return Progress::Sleep(bench.world.durations().aws_credentials);
        }
        let role = bench.input("role-to-assume").map(str::to_owned);
        let key = bench.input("aws-access-key-id").map(str::to_owned);
        match (role, key) {
            (Some(role), None) => self.by_token(bench, &role, &region),
            (role, Some(key)) => {
                if let Some(role) = role {
                    bench.not_modelled(format!("assuming {role} with static keys: the keys themselves are used"));
                }
                let secret = bench.input("aws-secret-access-key").unwrap_or_default().to_owned();
                let session = bench.input("aws-session-token").unwrap_or_default().to_owned();
                self.finish(bench, &region, &key, &secret, &session)
            }
            (None, None) => Progress::Failed(
                "Credentials could not be loaded, please check your action inputs: Could not load credentials from any providers".into(),
            ),
        }
    }
}

impl Credentials {
    fn by_token(&mut self, bench: &mut Bench<'_>, role: &str, region: &str) -> Progress {
        let now = bench.world.now();
        let audience = bench
            .input("audience")
            .unwrap_or("sts.amazonaws.com")
            .to_owned();
        let token = match bench.world.hub.oidc_token(now, bench.job, Some(&audience)) {
            Ok(token) => token,
            Err(_) => {
                return Progress::Failed(
                    "It looks like you might be trying to authenticate with OIDC. Did you mean to set the `id-token` permission? Credentials could not be loaded".into(),
                );
            }
        };
        let name = bench
            .input("role-session-name")
            .unwrap_or("GitHubActions")
            .to_owned();
        let seconds = bench
            .input("role-duration-seconds")
            .and_then(|text| text.parse::<u32>().ok())
            .unwrap_or(3600);
        let input = json!({ "RoleArn": role, "RoleSessionName": name, "WebIdentityToken": token, "DurationSeconds": seconds });
        let caller = ApiCaller {
            access_key: None,
            source: Some(bench.caller),
            region: region.parse().ok(),
        };
        let reply = call(bench, &caller, "AssumeRoleWithWebIdentity", &input);
        if let (Some(Ailment::Slow(time)), false) = (reply.ailment, self.slow) {
            self.slow = true;
            return Progress::Sleep(time);
        }
        let lost = reply.ailment == Some(Ailment::LostAnswer);
        match reply.result {
            Ok(answer) if !lost => {
                let text = |member: &str| {
                    answer["Credentials"][member]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned()
                };
                let (key, secret, session) = (
                    text("AccessKeyId"),
                    text("SecretAccessKey"),
                    text("SessionToken"),
                );
                bench.effects.log.push(format!(
                    "Authenticated as assumedRoleId {}",
                    answer["AssumedRoleUser"]["AssumedRoleId"]
                        .as_str()
                        .unwrap_or_default()
                ));
                self.finish(bench, region, &key, &secret, &session)
            }
            outcome => {
                let attempts = bench
                    .input("retry-max-attempts")
                    .and_then(|text| text.parse().ok());
                let retries = bench.input("disable-retry") != Some("true");
                if retries && self.attempt < attempts.unwrap_or(ATTEMPTS).min(MOST_ATTEMPTS) {
                    // Up to 50 ms that are doubled each time: the middle of what the action draws.
                    let delay = Duration::from_millis(25 << (self.attempt - 1));
                    self.attempt += 1;
                    return Progress::Sleep(delay);
                }
                let why = outcome.err().map_or_else(
                    || "the connection was closed".to_owned(),
                    |error| error.message,
                );
                Progress::Failed(format!("Could not assume role with OIDC: {why}"))
            }
        }
    }

    fn finish(
        &mut self,
        bench: &mut Bench<'_>,
        region: &str,
        key: &str,
        secret: &str,
        session: &str,
    ) -> Progress {
        let caller = ApiCaller {
            access_key: Some(key.to_owned()),
            source: Some(bench.caller),
            region: region.parse().ok(),
        };
        let account = match call(bench, &caller, "GetCallerIdentity", &json!({})) {
            Reply {
                result: Ok(answer),
                ailment,
            } if ailment != Some(Ailment::LostAnswer) => {
                answer["Account"].as_str().unwrap_or_default().to_owned()
            }
            Reply { result, .. } => {
                self.attempt += 1;
                let why = result.err().map_or_else(
                    || "the connection was closed".to_owned(),
                    |error| error.message,
                );
                return match self.attempt <= ATTEMPTS {
                    true => Progress::Sleep(Duration::from_millis(50 << self.attempt.min(8))),
                    false => Progress::Failed(format!(
                        "The security token included in the request is invalid: {why}"
                    )),
                };
            }
        };
        let allowed = bench
            .input("allowed-account-ids")
            .unwrap_or_default()
            .to_owned();
        if !allowed.is_empty() && !allowed.split(',').any(|id| id.trim() == account) {
            return Progress::Failed(format!(
                "The account ID of the provided credentials ({account}) does not match any of the expected account IDs: {allowed}"
            ));
        }
        bench.effects.masks.push(secret.to_owned());
        if !session.is_empty() {
            bench.effects.masks.push(session.to_owned());
        }
        let mut env = vec![
            ("AWS_DEFAULT_REGION", region),
            ("AWS_REGION", region),
            ("AWS_ACCESS_KEY_ID", key),
            ("AWS_SECRET_ACCESS_KEY", secret),
        ];
        if !session.is_empty() {
            env.push(("AWS_SESSION_TOKEN", session));
        }
        bench.effects.env = env
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        bench
            .effects
            .outputs
            .insert("aws-account-id".into(), account);
        Progress::Done
    }
}

fn call(bench: &mut Bench<'_>, caller: &ApiCaller, operation: &str, input: &Value) -> Reply {
    let now = bench.world.now();
    bench.world.cloud.call(
        now,
        &mut bench.world.log,
        caller,
        Api::Sts,
        operation,
        input,
    )
}
