//! A request is carried out, and its answer never arrives.

use lockkeeper_world::outage::Ailment;

use super::{Class, Kind, Subject, api_name};

pub(super) const KIND: Kind = Kind {
    name: "lose",
    class: Class::A,
    about: "an API carries out the next request, and its answer is lost",
    subject: Subject::Api,
    amount: None,
    strike: |fault, _, stage| {
        let Some(api) = fault.api else { return Ok(()) };
        let text = format!(
            "{} carries out the next request, and its answer is lost",
            api_name(api)
        );
        fault.break_next(stage, Ailment::LostAnswer, text);
        Ok(())
    },
};
