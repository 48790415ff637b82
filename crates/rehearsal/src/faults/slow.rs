//! An API takes its time for one answer.

use std::time::Duration;

use lockkeeper_world::outage::Ailment;

use super::outage::SECONDS;
use super::{Class, Kind, Subject, api_name};

pub(super) const KIND: Kind = Kind {
    name: "slow",
    class: Class::A,
    about: "an API answers the next request x seconds late",
    subject: Subject::Api,
    amount: Some(SECONDS),
    strike: |fault, _, stage| {
        let Some(api) = fault.api else { return Ok(()) };
        let text = format!(
            "{} answers the next request {} s late",
            api_name(api),
            fault.seconds()
        );
        let late = Duration::from_secs(fault.seconds());
        fault.break_next(stage, Ailment::Slow(late), text);
        Ok(())
    },
};
