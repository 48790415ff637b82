//! One request on its way through outage, authentication and handler to its answer.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::iam::Principal;
use super::{ApiCaller, ApiError, Cloud, Place, Reply};
use crate::event::What;
use crate::ids::Caller;
use crate::outage::Api;
use crate::{Instant, Log};

/// What a handler knows of the request beside its input.
pub(crate) struct Request<'a> {
    pub(crate) now: Instant,
    pub(crate) log: &'a mut Log,
    pub(crate) source: Option<Caller>,
    pub(crate) api: Api,
    pub(crate) place: Place,
    /// Nobody for the one operation that needs no signature.
    pub(crate) principal: Principal,
    pub(crate) access_key: String,
}

impl Request<'_> {
    pub(crate) fn event(&mut self, what: What) {
        self.log.push(self.now, self.source, what);
    }
}

/// Reads an operation's input; a member that this world does not know is refused, never ignored.
pub(crate) fn input<T: DeserializeOwned>(
    api: Api,
    operation: &str,
    value: &Value,
) -> Result<T, ApiError> {
    let mut value = value.clone();
    drop_nulls(&mut value);
    if value.is_null() {
        value = Value::Object(serde_json::Map::new());
    }
    T::deserialize(&value).map_err(|error| {
        let text = error.to_string();
        if text.starts_with("unknown field") {
            return ApiError::not_modelled(format!("{operation}: {text}"));
        }
        let code = match api {
            Api::Ecs | Api::Ecr => "InvalidParameterException",
            Api::Sts | Api::Elbv2 | Api::GitHub => "ValidationError",
        };
        ApiError::new(code, format!("{operation}: {text}"))
    })
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// How a request proves who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By a signature with an access key.
    Signed,
    /// By a registry login, which outlives the session that asked for it.
    Login,
    /// By a token in its input.
    Unsigned,
}

/// Takes a request through the outages and authentication to `handle`, and records it.
pub(crate) fn answer<T>(
    cloud: &mut Cloud,
    (now, log): (Instant, &mut Log),
    caller: &ApiCaller,
    (api, operation, proof): (Api, &str, Proof),
    handle: impl FnOnce(&mut Cloud, &mut Request<'_>) -> Result<T, ApiError>,
) -> Reply<T> {
    let ailment = cloud.outages.hit(now, api, operation);
    let key = caller.access_key.as_deref();
    let identity = match proof {
        Proof::Unsigned => Ok(Principal::nobody(&cloud.home.account)),
        Proof::Signed => cloud.iam.authenticate(Some(now), api, key),
        Proof::Login => cloud.iam.authenticate(None, api, key),
    };
    let name = match &identity {
        Ok(principal) => principal.arn(),
        Err(_) => "anonymous".to_owned(),
    };
    // What a request changes is recorded before the request itself, as its effect is seen first.
    let result = match ailment.and_then(|a| ApiError::of_ailment(api, a)) {
        Some(error) => Err(error),
        None => identity.and_then(|principal| {
            let region = caller.region.clone();
            let mut request = Request {
                now,
                source: caller.source,
                api,
                place: Place {
                    account: principal.account().clone(),
                    region: region.unwrap_or_else(|| cloud.home.region.clone()),
                },
                principal,
                access_key: caller.access_key.clone().unwrap_or_default(),
                log,
            };
            handle(cloud, &mut request)
        }),
    };
    if let Err(error) = &result
        && error.code == ApiError::NOT_MODELLED
    {
        let what = What::NotModelled {
            text: format!("{}: refused", error.message),
            file: None,
            line: caller.source.map(|s| s.line),
        };
        log.push(now, caller.source, what);
    }
    let what = What::ApiCalled {
        api,
        operation: operation.to_owned(),
        principal: name,
        error: result.as_ref().err().map(|error| error.code.clone()),
        ailment,
    };
    log.push(now, caller.source, what);
    Reply { result, ailment }
}
