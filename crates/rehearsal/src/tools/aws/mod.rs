//! `aws`: the AWS command line, version 2, for what the world answers.
//!
//! [`command`] reads the words (with [`request`], against the [`table`] of AWS's APIs) into what
//! must be asked; [`exchange`] asks, with retries; [`pages`] and [`waiter`] ask on; [`query`] and
//! [`output`] write the answer. Nothing is asked before the whole command line is understood.

mod answer;
mod command;
mod configure;
mod exchange;
mod failure;
mod output;
mod pages;
mod paths;
mod query;
mod request;
mod session;
mod table;
mod waiter;
pub(crate) mod wire;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use self::command::{Ask, Command, Display, Shows};
use self::exchange::{Exchange, Fault, Step};
use self::failure::{Failure, Stop};
use self::output::Format;
use self::request::globals;
use self::waiter::Verdict;
use super::{Desk, Invocation, Need, Progress, Tool};

pub(super) fn start(_: &Invocation) -> Box<dyn Tool> {
    Box::new(Aws {
        state: State::Fresh,
    })
}

struct Aws {
    state: State,
}

enum State {
    Fresh,
    Asking(Box<Ask>),
    /// Everything is written; the exit code.
    Over(i32),
}

impl Tool for Aws {
    fn resume(&mut self, desk: &mut Desk<'_>) -> Result<Progress, Need> {
        match &mut self.state {
            State::Fresh => match command::read(desk) {
                Err(Stop::Need(need)) => return Err(need),
                Err(Stop::Fail(failure)) => self.state = State::Over(report(&failure, desk)),
                Ok(Command::Print(text, exit)) => {
                    desk.out(text);
                    self.state = State::Over(exit);
                }
                Ok(Command::Ask(ask)) => self.state = State::Asking(ask),
            },
            State::Over(exit) => return Ok(Progress::Done(*exit)),
            State::Asking(ask) => {
                return Ok(match ask.go_on(desk) {
                    Ok(Some(pause)) => Progress::Sleep(pause),
                    Ok(None) => Progress::Done(0),
                    Err(failure) => Progress::Done(report(&failure, desk)),
                });
            }
        }
        Ok(Progress::Sleep(desk.world.durations().aws_start))
    }
}

fn report(failure: &Failure, desk: &mut Desk<'_>) -> i32 {
    let format = globals::error_format(desk.call);
    desk.err(failure.text(&format));
    failure.exit
}

impl Ask {
    /// Goes on to the next pause; none when the command is over.
    fn go_on(&mut self, desk: &mut Desk<'_>) -> Result<Option<Duration>, Failure> {
        loop {
            let answer = match self.exchange.step(&mut self.client, desk) {
                Step::Sleep(pause) => return Ok(Some(pause)),
                Step::Answer(answer) => {
                    answer.map(|answer| answer::ordered(self.service, self.operation, answer))
                }
            };
            let failed = |fault: Fault| fault.failure(self.name);
            match &mut self.shows {
                Shows::Answer(display) => {
                    let text = display.whole(self.name, answer.map_err(failed)?)?;
                    desk.out(text);
                    return Ok(None);
                }
                Shows::Password => {
                    desk.out(password(&answer.map_err(failed)?)?);
                    return Ok(None);
                }
                Shows::Pages(display, pages) => {
                    let page = pages.take(answer.map_err(failed)?)?;
                    let format = display.format.clone()?;
                    if format == Format::Text {
                        desk.out(display.whole(self.name, page.value)?);
                    }
                    if !page.last {
                        self.exchange = Exchange::new(self.name, pages.input());
                        continue;
                    }
                    let text = match (format, pages.rest()) {
                        (Format::Text, None) => String::new(),
                        (Format::Text, Some(rest)) => display.whole(self.name, rest)?,
                        _ => display.whole(self.name, pages.whole())?,
                    };
                    desk.out(text);
                    return Ok(None);
                }
                Shows::Waiter(waiting, input) => match waiting.judge(&answer) {
                    Verdict::Over(end) => return end.map(|()| None),
                    Verdict::Again(pause) => {
                        self.exchange = Exchange::new(self.name, input.clone());
                        return Ok(Some(pause));
                    }
                },
            }
        }
    }
}

impl Display {
    fn whole(&self, title: &str, value: Value) -> Result<String, Failure> {
        let format = self.format.clone()?;
        let value = match &self.query {
            Some(query) => query.search(&value).map_err(Failure::general)?,
            None => value,
        };
        Ok(format.write(title, &value))
    }
}

fn password(answer: &Value) -> Result<String, Failure> {
    let token = answer["authorizationData"][0]["authorizationToken"].as_str();
    let decoded = token.and_then(|token| BASE64.decode(token).ok());
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    match text.as_ref().and_then(|text| text.split_once(':')) {
        Some((_, password)) => Ok(format!("{password}\n")),
        None => Err(Failure::general("list index out of range")),
    }
}
