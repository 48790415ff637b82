//! An API answers every request with a server error.

use lockkeeper_world::outage::Ailment;

use super::outage::SECONDS;
use super::{Class, Kind, Subject};

pub(super) const KIND: Kind = Kind {
    name: "error",
    class: Class::A,
    about: "an API answers every request with a 5xx for x seconds",
    subject: Subject::Api,
    amount: Some(SECONDS),
    strike: |fault, _, stage| {
        fault.break_api(
            stage,
            Ailment::ServerError,
            "answers every request with a server error",
        );
        Ok(())
    },
};
