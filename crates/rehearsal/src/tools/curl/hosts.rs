//! Who answers a request: the users' application, GitHub's API, the runner's token service.

use std::time::Duration;

use lockkeeper_world::cloud::WebAnswer;
use lockkeeper_world::ids::JobId;
use lockkeeper_world::outage::Ailment;
use serde_json::{Value, json};

use super::super::Desk;
use super::options::Plan;
use super::url::Url;

/// The host of `ACTIONS_ID_TOKEN_REQUEST_URL`, with the path `/token/<job>`.
const TOKENS: &str = "oidc.actions.invalid";
const GITHUB: &str = "api.github.com";

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// 6
    NoSuchHost,
    /// 7
    Refused,
    /// 28
    TimedOut,
    /// 52
    Empty,
}

/// How long a request to this host takes when all is well.
pub(super) fn latency(desk: &Desk<'_>, url: &Url) -> Duration {
    let durations = desk.world.durations();
    if url.host == GITHUB {
        durations.github_answer
    } else {
        durations.http_answer
    }
}

/// Sends the request; says how much later than usual its outcome is seen.
pub(super) fn ask(desk: &mut Desk<'_>, plan: &Plan, url: &Url) -> (Outcome, Duration) {
    match url.host.as_str() {
        GITHUB => github(desk, plan, url),
        TOKENS => (token(desk, plan, url), Duration::ZERO),
        "localhost" | "127.0.0.1" | "0.0.0.0" => {
            let text = format!("{}: nothing listens on the runner; refused", url.text);
            desk.not_modelled(text);
            (Outcome::Refused, Duration::ZERO)
        }
        host => {
            let now = desk.world.now();
            let world = &mut *desk.world;
            let source = Some(desk.caller);
            let answer = world
                .cloud
                .request(now, &mut world.log, source, host, &url.path);
            let outcome = match answer {
                WebAnswer::Answered { status, body, .. } => page(status, "application/json", body),
                WebAnswer::Unavailable { status, body } => page(status, "text/html", body),
                WebAnswer::Refused => {
                    desk.not_modelled(format!("{host}: no such host in this world"));
                    Outcome::NoSuchHost
                }
            };
            (outcome, Duration::ZERO)
        }
    }
}

fn page(status: u16, content_type: &str, body: String) -> Outcome {
    Outcome::Answer {
        status,
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        body: body.into_bytes(),
    }
}

/// The secret that `Authorization` carries.
fn secret(plan: &Plan) -> &str {
    let header = plan
        .headers
        .iter()
        .rev()
        .find(|(name, _)| name == "authorization");
    header.map_or("", |(_, value)| {
        value
            .split_once(' ')
            .map_or("", |(_, secret)| secret.trim())
    })
}

fn github(desk: &mut Desk<'_>, plan: &Plan, url: &Url) -> (Outcome, Duration) {
    let body: Option<Value> = plan
        .data
        .as_ref()
        .and_then(|bytes| serde_json::from_slice(bytes).ok());
    let now = desk.world.now();
    let world = &mut *desk.world;
    let reply = world.hub.rest(
        now,
        &mut world.log,
        Some(desk.caller),
        secret(plan),
        &plan.method,
        &url.path,
        body.as_ref(),
    );
    let late = match reply.ailment {
        Some(Ailment::LostAnswer) => return (Outcome::Empty, Duration::ZERO),
        Some(Ailment::Slow(late)) => late,
        _ => Duration::ZERO,
    };
    let text = match reply.body {
        Value::Null => String::new(),
        body => format!(
            "{}\n",
            serde_json::to_string_pretty(&body).unwrap_or_default()
        ),
    };
    let mut headers = reply.headers;
    headers.push((
        "content-type".to_owned(),
        "application/json; charset=utf-8".to_owned(),
    ));
    let outcome = Outcome::Answer {
        status: reply.status,
        headers,
        body: text.into_bytes(),
    };
    (outcome, late)
}

fn token(desk: &mut Desk<'_>, plan: &Plan, url: &Url) -> Outcome {
    let path = url.path.split('?').next().unwrap_or_default();
    let job = path
        .strip_prefix("/token/")
        .and_then(|job| job.parse().ok())
        .map(JobId);
    let now = desk.world.now();
    let hub = &desk.world.hub;
    let json =
        |status, value: Value| page(status, "application/json; charset=utf-8", value.to_string());
    let Some(job) = job.filter(|job| hub.token_for(*job) == secret(plan)) else {
        return json(401, json!({ "message": "Unauthorized" }));
    };
    match hub.oidc_token(now, job, url.parameter("audience").as_deref()) {
        Ok(token) => json(200, json!({ "value": token })),
        Err(refused) => json(403, json!({ "message": refused.to_string() })),
    }
}
