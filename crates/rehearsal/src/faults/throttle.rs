//! An API refuses every request as one too many.

use lockkeeper_world::outage::Ailment;

use super::outage::SECONDS;
use super::{Class, Kind, Subject};

pub(super) const KIND: Kind = Kind {
    name: "throttle",
    class: Class::A,
    about: "an API throttles every request for x seconds",
    subject: Subject::Api,
    amount: Some(SECONDS),
    strike: |fault, _, stage| {
        fault.break_api(stage, Ailment::Throttled, "throttles every request");
        Ok(())
    },
};
