//! `curl`: requests to the users' application, to GitHub's API and to the runner's token service,
//! with curl's own rules of failing and retrying.

mod hosts;
mod options;
mod url;
mod write_out;

use std::time::Duration;

use lockkeeper_world::Instant;

use super::ending::{misused, not_modelled};
use super::{Desk, Invocation, Need, Progress, Tool, oci};
use hosts::Outcome;
use options::{Plan, Transfer, Unfit};
use write_out::Facts;

/// Where one transfer is.
#[derive(Debug, Default)]
enum State {
    /// Its next attempt has not begun.
    #[default]
    Waiting,
    /// Its request is on the way.
    Sent,
    /// Its outcome is known; what it leaves must still be written.
    Over(Outcome),
}

#[derive(Default)]
struct Curl {
    plan: Option<Plan>,
    transfer: usize,
    state: State,
    retries: u32,
    /// Of the first attempt, for `--retry-max-time`.
    began: Option<Instant>,
    /// Of this attempt.
    asked: Option<Instant>,
    code: i32,
}

pub(super) fn start(_: &Invocation) -> Box<dyn Tool> {
    Box::new(Curl::default())
}

impl Tool for Curl {
    fn resume(&mut self, desk: &mut Desk<'_>) -> Result<Progress, Need> {
        let plan = match &self.plan {
            Some(plan) => plan.clone(),
            None => {
                let plan = match options::read(desk) {
                    Ok(plan) => plan,
                    Err(Unfit::Need(need)) => return Err(need),
                    Err(Unfit::Misuse(misuse)) => return Ok(misused(desk, "curl", &misuse, 2)),
                    Err(Unfit::NotModelled(what)) => return Ok(not_modelled(desk, &what, 2)),
                    Err(Unfit::Wrong(code, text)) => {
                        desk.err(text);
                        return Ok(Progress::Done(code));
                    }
                };
                if plan.version {
                    desk.out("curl 8.5.0 (x86_64-pc-linux-gnu) libcurl/8.5.0 OpenSSL/3.0.13\n");
                    return Ok(Progress::Done(0));
                }
                self.plan.insert(plan).clone()
            }
        };
        while let Some(transfer) = plan.transfers.get(self.transfer) {
            match std::mem::take(&mut self.state) {
                State::Waiting => {
                    self.state = State::Sent;
                    self.began.get_or_insert(desk.world.now());
                    self.asked = Some(desk.world.now());
                    let usual = hosts::latency(desk, &transfer.url);
                    let limit = limit(&plan);
                    return Ok(Progress::Sleep(
                        limit.map_or(usual, |limit| usual.min(limit)),
                    ));
                }
                State::Sent => {
                    let usual = hosts::latency(desk, &transfer.url);
                    if limit(&plan).is_some_and(|limit| limit < usual) {
                        self.state = State::Over(Outcome::TimedOut);
                        continue;
                    }
                    let (outcome, late) = hosts::ask(desk, &plan, &transfer.url);
                    let room = limit(&plan).map(|limit| limit - usual);
                    let (outcome, late) = match room {
                        Some(room) if room < late => (Outcome::TimedOut, room),
                        _ => (outcome, late),
                    };
                    self.state = State::Over(outcome);
                    if !late.is_zero() {
                        return Ok(Progress::Sleep(late));
                    }
                }
                State::Over(outcome) => {
                    // Kept until it is written: writing may ask the process and come back here.
                    self.state = State::Over(outcome.clone());
                    let code = self.write(desk, &plan, transfer, &outcome)?;
                    if let Some(wait) = self.retry(desk, &plan, &outcome, code) {
                        self.retries += 1;
                        self.state = State::Waiting;
                        return Ok(Progress::Sleep(wait));
                    }
                    self.finish(desk, &plan, transfer, &outcome, code);
                    self.code = code;
                    self.transfer += 1;
                    self.retries = 0;
                    self.began = None;
                    self.state = State::Waiting;
                }
            }
        }
        Ok(Progress::Done(self.code))
    }
}

/// The time for one attempt.
fn limit(plan: &Plan) -> Option<Duration> {
    let seconds = plan.max_time.filter(|seconds| *seconds > 0.0)?;
    Some(Duration::from_secs_f64(seconds))
}

/// The exit code of an outcome, and its message.
fn verdict(plan: &Plan, transfer: &Transfer, outcome: &Outcome) -> (i32, String) {
    let url = &transfer.url;
    match outcome {
        Outcome::Answer { status, .. } if plan.fail && *status >= 400 => {
            (22, format!("The requested URL returned error: {status}"))
        }
        Outcome::Answer { .. } => (0, String::new()),
        Outcome::NoSuchHost => (6, format!("Could not resolve host: {}", url.host)),
        Outcome::Refused => (
            7,
            format!(
                "Failed to connect to {} port {} after 0 ms: Couldn't connect to server",
                url.host, url.port
            ),
        ),
        Outcome::TimedOut => {
            let millis = plan.max_time.unwrap_or_default() * 1000.0;
            (
                28,
                format!("Operation timed out after {millis:.0} milliseconds with 0 bytes received"),
            )
        }
        Outcome::Empty => (52, "Empty reply from server".to_owned()),
    }
}

impl Curl {
    /// Writes headers and body where they go, and says how the attempt ended.
    fn write(
        &mut self,
        desk: &mut Desk<'_>,
        plan: &Plan,
        transfer: &Transfer,
        outcome: &Outcome,
    ) -> Result<i32, Need> {
        let (code, _) = verdict(plan, transfer, outcome);
        let Outcome::Answer {
            status,
            headers,
            body,
        } = outcome
        else {
            return Ok(code);
        };
        let mut head = format!("HTTP/2 {status} \r\n");
        for (name, value) in headers {
            head.push_str(&format!("{}: {value}\r\n", name.to_ascii_lowercase()));
        }
        head.push_str("\r\n");
        let mut content = Vec::new();
        if plan.include {
            content.extend_from_slice(head.as_bytes());
        }
        if plan.method != "HEAD" {
            content.extend_from_slice(body);
        }
        let withheld = code == 22 && !plan.fail_with_body;
        if withheld {
            content.clear();
            if plan.include {
                content.extend_from_slice(head.as_bytes());
            }
        }
        if let Some(path) = &plan.dump_header
            && path != "-"
            && desk.write(path, head.clone().into_bytes())?.is_err()
        {
            return Ok(23);
        }
        match &transfer.output {
            // Without a byte there is no file.
            Some(_) if withheld && content.is_empty() => {}
            Some(path) if path == "/dev/null" => {}
            Some(path) => {
                let written = match plan.create_directories {
                    true => desk.write_with_parents(path, content)?,
                    false => desk.write(path, content)?,
                };
                if let Err(error) = written {
                    desk.err(format!(
                        "Warning: Failed to open the file {path}: {}\n",
                        oci::lower(error)
                    ));
                    return Ok(23);
                }
            }
            None => {
                if plan.dump_header.as_deref() == Some("-") {
                    desk.out(&head);
                }
                desk.stdout.extend(content);
            }
        }
        Ok(code)
    }

    /// How long to wait before another attempt, if there is to be one.
    fn retry(
        &mut self,
        desk: &mut Desk<'_>,
        plan: &Plan,
        outcome: &Outcome,
        code: i32,
    ) -> Option<Duration> {
        let left = plan
            .retries
            .checked_sub(self.retries)
            .filter(|left| *left > 0)?;
        let why = match (outcome, code) {
            (Outcome::TimedOut | Outcome::NoSuchHost, _) => "timeout",
            (Outcome::Refused, _) if plan.retry_refused => "connection refused",
            (
                Outcome::Answer {
                    status: 408 | 429 | 500 | 502 | 503 | 504,
                    ..
                },
                0 | 22,
            ) => "HTTP error",
            (_, code) if code != 0 && plan.retry_all => "(retrying all errors)",
            _ => return None,
        };
        // Doubled each time, up to ten minutes.
        let seconds = plan
            .retry_delay
            .unwrap_or_else(|| (1u64 << self.retries.min(10)).min(600));
        let after = match outcome {
            Outcome::Answer { headers, .. } => headers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
                .and_then(|(_, value)| value.parse::<u64>().ok()),
            _ => None,
        };
        let seconds = after.map_or(seconds, |after| after.max(seconds));
        if let (Some(most), Some(began)) = (plan.retry_max_time, self.began) {
            let so_far = desk.world.now().since(began);
            if so_far + Duration::from_secs(seconds) > Duration::from_secs(most) {
                return None;
            }
        }
        if !plan.silent {
            let (s, ies) = (
                plural(seconds, "", "s"),
                plural(u64::from(left), "y", "ies"),
            );
            desk.err(format!(
                "Warning: Problem: {why}. Will retry in {seconds} second{s}. {left} retr{ies} left.\n"
            ));
        }
        Some(Duration::from_secs(seconds))
    }

    fn finish(
        &mut self,
        desk: &mut Desk<'_>,
        plan: &Plan,
        transfer: &Transfer,
        outcome: &Outcome,
        code: i32,
    ) {
        let (_, mut message) = verdict(plan, transfer, outcome);
        if code == 23 {
            message = "Failure writing output to destination".to_owned();
        }
        if code != 0 && plan.show_errors {
            desk.err(format!("curl: ({code}) {message}\n"));
        }
        let Some(format) = &plan.write_out else {
            return;
        };
        let (status, content_type, size) = match outcome {
            Outcome::Answer {
                status,
                headers,
                body,
            } => {
                let found = headers.iter().find(|(name, _)| name == "content-type");
                (
                    *status,
                    found.map_or("", |(_, value)| value.as_str()),
                    body.len(),
                )
            }
            _ => (0, "", 0),
        };
        let asked = self.asked.unwrap_or(desk.world.now());
        let (out, err) = write_out::render(
            format,
            &Facts {
                status,
                exit_code: code,
                message: &message,
                url: &transfer.url.text,
                scheme: &transfer.url.scheme,
                method: &plan.method,
                content_type,
                size,
                seconds: desk.world.now().since(asked).as_secs_f64(),
            },
        );
        desk.out(out);
        desk.err(err);
    }
}

fn plural<'t>(count: u64, one: &'t str, many: &'t str) -> &'t str {
    if count == 1 { one } else { many }
}
