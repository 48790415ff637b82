//! How calls end: at once, late, or because something is not modelled.

use std::time::Duration;

use super::arguments::Misuse;
use super::{Desk, Progress};

/// Keeps the end of a call while its answer is on the way.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    kept: Option<(Vec<u8>, Vec<u8>, i32)>,
}

impl Ending {
    /// Ends with this code, with the output so far, after `late`.
    pub(crate) fn after(&mut self, desk: &mut Desk<'_>, late: Duration, code: i32) -> Progress {
        if late.is_zero() {
            return Progress::Done(code);
        }
        let out = std::mem::take(&mut desk.stdout);
        let err = std::mem::take(&mut desk.stderr);
        self.kept = Some((out, err, code));
        Progress::Sleep(late)
    }

    /// The end that was kept, once its time has come.
    pub(crate) fn due(&mut self, desk: &mut Desk<'_>) -> Option<Progress> {
        let (out, err, code) = self.kept.take()?;
        desk.stdout.extend(out);
        desk.stderr.extend(err);
        Some(Progress::Done(code))
    }
}

/// Refuses what the real tool would do and the model cannot: in the report, and with an error.
pub(crate) fn not_modelled(desk: &mut Desk<'_>, what: &str, code: i32) -> Progress {
    desk.not_modelled(format!("{what}: refused"));
    desk.err(format!("lockkeeper: {what} is not modelled\n"));
    Progress::Done(code)
}

/// Refuses a command line that cannot be read.
pub(crate) fn misused(desk: &mut Desk<'_>, command: &str, misuse: &Misuse, code: i32) -> Progress {
    match misuse {
        Misuse::Unknown(option) => not_modelled(desk, &format!("{command} {option}"), code),
        Misuse::NoValue(option) => {
            desk.err(format!("{command}: flag needs an argument: {option}\n"));
            Progress::Done(code)
        }
    }
}
