//! An image that answers late.

use std::time::Duration;

use lockkeeper_world::app::Behaviour;

use super::{Amount, Class, Kind, Subject};

pub(super) const KIND: Kind = Kind {
    name: "slow-start",
    class: Class::B,
    about: "the image answers nothing for x seconds after its start",
    subject: Subject::Version,
    amount: Some(Amount {
        usual: 120,
        most: 3600,
    }),
    strike: |fault, aim, stage| {
        let text = format!("answers nothing for {} s after its start", fault.seconds());
        fault.spoil(
            aim,
            stage,
            Behaviour::SlowStart(Duration::from_secs(fault.seconds())),
            &text,
        );
        Ok(())
    },
};
