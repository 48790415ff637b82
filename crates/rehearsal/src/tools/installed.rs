//! What installed programs do in the place of modelled tools: they run, send requests, and wait.

use std::time::Duration;

use super::aws::wire::Exchange;
use super::{Desk, Invocation, Need, Program, Progress, Tool};
use crate::real::RealTool;

/// The call itself, from the start of the program to its end.
struct Run {
    program: Program,
    /// Until it has started.
    real: Option<RealTool>,
}

pub(crate) fn run(real: &RealTool, program: Program) -> Box<dyn Tool> {
    Box::new(Run {
        program,
        real: Some(real.clone()),
    })
}

impl Tool for Run {
    fn resume(&mut self, desk: &mut Desk<'_>) -> Result<Progress, Need> {
        match self.real.take() {
            Some(real) => Ok(Progress::Sleep(real.start_up(&desk.world.durations()))),
            None => Ok(Progress::Done(desk.run(&self.program)?)),
        }
    }
}

/// A wait of the program's own.
struct Pause(Option<Duration>);

pub(crate) fn pause(call: &Invocation) -> Box<dyn Tool> {
    let nanoseconds = call.args().first().and_then(|text| text.parse().ok());
    Box::new(Pause(Some(Duration::from_nanos(nanoseconds.unwrap_or(0)))))
}

impl Tool for Pause {
    fn resume(&mut self, _: &mut Desk<'_>) -> Result<Progress, Need> {
        Ok(match self.0.take() {
            Some(time) => Progress::Sleep(time),
            None => Progress::Done(0),
        })
    }
}

pub(crate) fn request(_: &Invocation) -> Box<dyn Tool> {
    Box::new(Exchange::default())
}
