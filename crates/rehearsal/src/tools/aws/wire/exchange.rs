//! One request of an installed program, from its sending to its answer.

use std::time::Duration;

use lockkeeper_world::cloud::Reply;
use lockkeeper_world::outage::Ailment;

use super::http::{HttpRequest, HttpResponse};
use super::{Asked, read, write};
use crate::tools::{Desk, Need, Progress, Tool};

/// How long botocore waits for an answer unless it is told otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Exchange(Phase);

#[derive(Default)]
enum Phase {
    #[default]
    Outward,
    Ask(Box<Asked>),
    /// What the program gets; nothing where it sees its connection close.
    Inward(Option<HttpResponse>),
}

impl Tool for Exchange {
    fn resume(&mut self, desk: &mut Desk<'_>) -> Result<Progress, Need> {
        // Told apart by its place in the story, so that it is the same in each.
        let number = desk.world.log.events().len();
        let request_id = format!("00000000-0000-4000-8000-{number:012x}");
        match std::mem::take(&mut self.0) {
            Phase::Outward => {
                let bytes = desk.stdin()?;
                self.0 = match HttpRequest::read(&bytes) {
                    Ok(request) => match read(&request, &request_id) {
                        Ok(asked) => Phase::Ask(Box::new(asked)),
                        Err(response) => {
                            desk.not_modelled(format!(
                                "a request of the AWS CLI that no modelled API has: refused with {}",
                                response.status
                            ));
                            Phase::Inward(Some(response))
                        }
                    },
                    Err(_) => Phase::Inward(None),
                };
                Ok(Progress::Sleep(desk.world.durations().aws_request))
            }
            Phase::Ask(mut asked) => {
                asked.caller.source = Some(desk.caller);
                let now = desk.world.now();
                let world = &mut *desk.world;
                let Reply { result, ailment } = world.cloud.call(
                    now,
                    &mut world.log,
                    &asked.caller,
                    asked.api,
                    asked.name,
                    &asked.input,
                );
                let response = write(&asked, &result, &request_id);
                let (response, late) = match ailment {
                    Some(Ailment::LostAnswer) => (None, Duration::ZERO),
                    Some(Ailment::Slow(late)) if late >= PATIENCE => {
                        self.0 = Phase::Inward(None);
                        return Ok(Progress::Sleep(PATIENCE));
                    }
                    Some(Ailment::Slow(late)) => (Some(response), late),
                    _ => (Some(response), Duration::ZERO),
                };
                self.0 = Phase::Inward(response);
                Ok(Progress::Sleep(desk.world.durations().aws_answer + late))
            }
            Phase::Inward(response) => {
                if let Some(response) = response {
                    desk.stdout.extend_from_slice(&response.bytes());
                }
                Ok(Progress::Done(0))
            }
        }
    }
}
