//! `sleep`: virtual time passes.

use std::time::Duration;

use super::{Desk, Invocation, Need, Progress, Tool};

struct Sleep {
    slept: bool,
}

pub(super) fn start(_: &Invocation) -> Box<dyn Tool> {
    Box::new(Sleep { slept: false })
}

impl Tool for Sleep {
    fn resume(&mut self, desk: &mut Desk<'_>) -> Result<Progress, Need> {
        if self.slept {
            return Ok(Progress::Done(0));
        }
        if desk.call.args().is_empty() {
            desk.err("sleep: missing operand\nTry 'sleep --help' for more information.\n");
            return Ok(Progress::Done(1));
        }
        let mut total = Duration::ZERO;
        for arg in desk.call.args() {
            match interval(arg) {
                Some(part) => total += part,
                None => {
                    let text = format!(
                        "sleep: invalid time interval '{arg}'\nTry 'sleep --help' for more information.\n"
                    );
                    desk.err(text);
                    return Ok(Progress::Done(1));
                }
            }
        }
        self.slept = true;
        Ok(Progress::Sleep(total))
    }
}

/// A number with an optional `s`, `m`, `h` or `d`, as coreutils reads it; a year at most.
pub(crate) fn interval(text: &str) -> Option<Duration> {
    let year = 365.0 * 86_400.0;
    let (number, unit) = match text.as_bytes().last()? {
        b's' => (&text[..text.len() - 1], 1.0),
        b'm' => (&text[..text.len() - 1], 60.0),
        b'h' => (&text[..text.len() - 1], 3600.0),
        b'd' => (&text[..text.len() - 1], 86_400.0),
        _ => (text, 1.0),
    };
    if number == "infinity" || number == "inf" {
        return Some(Duration::from_secs_f64(year));
    }
    let seconds = number
        .parse::<f64>()
        .ok()
        .filter(|n| n.is_finite() && *n >= 0.0)?
        * unit;
    Some(Duration::from_secs_f64(seconds.min(year)))
}
