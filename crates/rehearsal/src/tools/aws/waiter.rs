//! `aws <service> wait`: asks until an answer says that it is over.

use std::time::Duration;

use serde_json::Value;

use super::exchange::Fault;
use super::failure::Failure;
use super::query::Query;
use super::table::{Acceptor, AcceptorState, Matcher, Waiter};

pub(super) struct Waiting {
    name: String,
    waiter: &'static Waiter,
    attempts: u32,
    last_matched: Option<&'static Acceptor>,
}

pub(super) enum Verdict {
    Again(Duration),
    Over(Result<(), Failure>),
}

impl Waiting {
    pub(super) fn new(name: &str, waiter: &'static Waiter) -> Self {
        Waiting {
            name: name.to_owned(),
            waiter,
            attempts: 0,
            last_matched: None,
        }
    }

    pub(super) fn judge(&mut self, answer: &Result<Value, Fault>) -> Verdict {
        self.attempts += 1;
        let fail = |reason: String| {
            let text = format!("Waiter {} failed: {reason}", self.name);
            Verdict::Over(Err(Failure::general(text)))
        };
        if let Err(Fault::Silence(text)) = answer {
            return Verdict::Over(Err(Failure::general(text.clone())));
        }
        let mut state = None;
        for acceptor in &self.waiter.acceptors {
            match matches(acceptor, answer) {
                Ok(true) => {
                    self.last_matched = Some(acceptor);
                    state = Some(acceptor.state);
                    break;
                }
                Ok(false) => {}
                Err(text) => return Verdict::Over(Err(Failure::general(text))),
            }
        }
        match (state, answer) {
            (Some(AcceptorState::Success), _) => return Verdict::Over(Ok(())),
            (Some(AcceptorState::Failure), _) => {
                let why = self.last_matched.map_or_else(String::new, explanation);
                return fail(format!(
                    "Waiter encountered a terminal failure state: {why}"
                ));
            }
            (None, Err(Fault::Refused { error, .. })) => {
                return fail(format!(
                    "An error occurred ({}): {}",
                    error.code, error.message
                ));
            }
            _ => {}
        }
        if self.attempts < self.waiter.max_attempts {
            return Verdict::Again(Duration::from_secs(self.waiter.delay));
        }
        match self.last_matched {
            None => fail("Max attempts exceeded".to_owned()),
            Some(acceptor) => fail(format!(
                "Max attempts exceeded. Previously accepted state: {}",
                explanation(acceptor)
            )),
        }
    }
}

fn matches(acceptor: &Acceptor, answer: &Result<Value, Fault>) -> Result<bool, String> {
    let expected = &acceptor.expected;
    let search = || match (answer, &acceptor.argument) {
        (Ok(answer), Some(argument)) => Query::compile(argument)?.search(answer).map(Some),
        _ => Ok(None),
    };
    Ok(match acceptor.matcher {
        Matcher::Path => search()?.is_some_and(|found| found == *expected),
        Matcher::PathAll => search()?.is_some_and(|found| {
            let items = found.as_array().map_or(&[][..], Vec::as_slice);
            !items.is_empty() && items.iter().all(|item| item == expected)
        }),
        Matcher::PathAny => search()?.is_some_and(|found| {
            let items = found.as_array().map_or(&[][..], Vec::as_slice);
            items.iter().any(|item| item == expected)
        }),
        Matcher::Status => {
            let status = match answer {
                Ok(_) => 200,
                Err(Fault::Refused { error, .. }) => error.http_status,
                Err(Fault::Silence(_)) => 0,
            };
            expected.as_u64() == Some(u64::from(status))
        }
        Matcher::Error => match answer {
            Err(Fault::Refused { error, .. }) => expected == error.code.as_str(),
            _ => false,
        },
    })
}

fn explanation(acceptor: &Acceptor) -> String {
    let argument = acceptor.argument.as_deref().unwrap_or_default();
    let expected = super::request::python::str(&acceptor.expected);
    match acceptor.matcher {
        Matcher::Path => {
            format!("For expression \"{argument}\" we matched expected path: \"{expected}\"")
        }
        Matcher::PathAll => format!(
            "For expression \"{argument}\" all members matched excepted path: \"{expected}\""
        ),
        Matcher::PathAny => format!(
            "For expression \"{argument}\" we matched expected path: \"{expected}\" at least once"
        ),
        Matcher::Status => format!("Matched expected HTTP status code: {expected}"),
        Matcher::Error => format!("Matched expected service error code: {expected}"),
    }
}
