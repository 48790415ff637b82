//! One request with its retries, as the CLI's standard retry mode makes them.

use std::time::Duration;

use lockkeeper_world::cloud::{ApiCaller, ApiError, Reply};
use lockkeeper_world::outage::{Ailment, Api};
use serde_json::Value;

use super::failure::Failure;
use crate::tools::Desk;

/// The longest pause between two attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(20);
/// What a command may spend on retries over all its requests, and what each costs.
const RETRY_QUOTA: u32 = 500;
const RETRY_COST: u32 = 5;
const TIMEOUT_COST: u32 = 10;

/// Codes that the CLI takes as throttling.
const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// Other codes and statuses that it takes as passing.
const TRANSIENT: &[&str] = &["RequestTimeout", "RequestTimeoutException"];
const TRANSIENT_STATUS: &[u16] = &[500, 502, 503, 504];

/// Who sends requests to which service, and how often it tries.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) api: Api,
    pub(super) caller: ApiCaller,
    /// The service's address, for messages.
    pub(super) url: String,
    pub(super) read_timeout: Option<u64>,
    pub(super) max_attempts: u32,
    quota: u32,
}

impl Client {
    pub(super) fn new(
        api: Api,
        caller: ApiCaller,
        url: String,
        read_timeout: Option<u64>,
        desk: &Desk<'_>,
    ) -> Result<Client, Failure> {
        let max_attempts = match desk.call.env("AWS_MAX_ATTEMPTS") {
            None => 3,
            Some(text) => match text.trim().parse::<i64>() {
                Ok(count @ 1..) => u32::try_from(count).unwrap_or(u32::MAX),
                Ok(count) => {
                    return Err(Failure::general(format!(
                        "Value provided to \"max_attempts\": {count} must be an integer greater \
                         than or equal to 1."
                    )));
                }
                Err(_) => {
                    let shown = super::request::python::repr(text);
                    return Err(Failure::general(format!(
                        "invalid literal for int() with base 10: {shown}"
                    )));
                }
            },
        };
        Ok(Client {
            api,
            caller,
            url,
            read_timeout,
            max_attempts,
            quota: RETRY_QUOTA,
        })
    }
}

/// Why a request has no answer.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// The service refused; after how many retries, where no more were left.
    Refused {
        error: ApiError,
        retries: Option<u32>,
    },
    /// Nothing came back.
    Silence(String),
}

impl Fault {
    pub(super) fn failure(&self, operation: &str) -> Failure {
        match self {
            Fault::Refused { error, retries } if error.code == ApiError::NOT_MODELLED => {
                let text = format!("lockkeeper's model of AWS: {}", error.message);
                Failure::service(&error.code, operation, &text, *retries)
            }
            Fault::Refused { error, retries } => {
                Failure::service(&error.code, operation, &error.message, *retries)
            }
            Fault::Silence(text) => Failure::general(text.clone()),
        }
    }
}

/// What to do next.
pub(super) enum Step {
    Sleep(Duration),
    Answer(Result<Value, Fault>),
}

enum Phase {
    Outward,
    Ask,
    Inward(Reply),
    GaveUp,
}

/// One request on its way.
pub(super) struct Exchange {
    operation: String,
    input: Value,
    attempt: u32,
    spent: u32,
    phase: Phase,
}

impl Exchange {
    pub(super) fn new(operation: &str, input: Value) -> Self {
        Exchange {
            operation: operation.to_owned(),
            input,
            attempt: 1,
            spent: 0,
            phase: Phase::Outward,
        }
    }

    /// Goes on to the next wait or to the answer.
    pub(super) fn step(&mut self, client: &mut Client, desk: &mut Desk<'_>) -> Step {
        loop {
            match std::mem::replace(&mut self.phase, Phase::Outward) {
                Phase::Outward => {
                    self.phase = Phase::Ask;
                    return Step::Sleep(desk.world.durations().aws_request);
                }
                Phase::Ask => {
                    let now = desk.world.now();
                    let world = &mut *desk.world;
                    let reply = world.cloud.call(
                        now,
                        &mut world.log,
                        &client.caller,
                        client.api,
                        &self.operation,
                        &self.input,
                    );
                    let late = match reply.ailment {
                        Some(Ailment::Slow(late)) => late,
                        _ => Duration::ZERO,
                    };
                    let patience = client.read_timeout.map(Duration::from_secs);
                    if let Some(patience) = patience.filter(|patience| late >= *patience) {
                        self.phase = Phase::GaveUp;
                        return Step::Sleep(patience);
                    }
                    self.phase = Phase::Inward(reply);
                    return Step::Sleep(desk.world.durations().aws_answer + late);
                }
                Phase::Inward(reply) => {
                    let fault = match reply {
                        Reply {
                            ailment: Some(Ailment::LostAnswer),
                            ..
                        } => Fault::Silence(format!(
                            "Connection was closed before we received a valid response from \
                             endpoint URL: \"{}\".",
                            client.url
                        )),
                        Reply {
                            result: Ok(answer), ..
                        } => {
                            client.quota = (client.quota + self.spent.max(1)).min(RETRY_QUOTA);
                            return Step::Answer(Ok(answer));
                        }
                        Reply {
                            result: Err(error), ..
                        } => Fault::Refused {
                            error,
                            retries: None,
                        },
                    };
                    if let Some(step) = self.after(fault, RETRY_COST, client) {
                        return step;
                    }
                }
                Phase::GaveUp => {
                    let text = format!("Read timeout on endpoint URL: \"{}\"", client.url);
                    if let Some(step) = self.after(Fault::Silence(text), TIMEOUT_COST, client) {
                        return step;
                    }
                }
            }
        }
    }

    /// Another attempt after a pause, or the fault for good.
    fn after(&mut self, fault: Fault, cost: u32, client: &mut Client) -> Option<Step> {
        let passing = match &fault {
            Fault::Silence(_) => true,
            Fault::Refused { error, .. } => {
                let code = error.code.as_str();
                THROTTLED.contains(&code)
                    || TRANSIENT.contains(&code)
                    || TRANSIENT_STATUS.contains(&error.http_status)
            }
        };
        // The CLI counts first and looks at the error second: on the last attempt it speaks of
        // used up retries whatever the error is.
        if self.attempt >= client.max_attempts {
            let fault = match fault {
                Fault::Refused { error, .. } => Fault::Refused {
                    error,
                    retries: Some(self.attempt - 1),
                },
                silence => silence,
            };
            return Some(Step::Answer(Err(fault)));
        }
        if !passing || client.quota < cost {
            return Some(Step::Answer(Err(fault)));
        }
        client.quota -= cost;
        self.spent = cost;
        // The CLI draws the pause from zero to this; its middle stands for all.
        let ceiling = 1u64
            .checked_shl(self.attempt - 1)
            .map_or(MAX_BACKOFF, Duration::from_secs)
            .min(MAX_BACKOFF);
        self.attempt += 1;
        self.phase = Phase::Outward;
        Some(Step::Sleep(ceiling / 2))
    }
}
