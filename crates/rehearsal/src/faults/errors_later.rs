//! An image that answers with errors after a while.

use std::time::Duration;

use lockkeeper_world::app::Behaviour;

use super::{Amount, Class, Kind, Subject};

pub(super) const KIND: Kind = Kind {
    name: "errors",
    class: Class::B,
    about: "the image answers with errors from x seconds after its start",
    subject: Subject::Version,
    amount: Some(Amount {
        // What shows later is beyond: no deployment can wait for it.
        usual: 90,
        most: 3600,
    }),
    strike: |fault, aim, stage| {
        let text = format!(
            "answers with errors from {} s after its start",
            fault.seconds()
        );
        fault.spoil(
            aim,
            stage,
            Behaviour::ErrorsAfter(Duration::from_secs(fault.seconds())),
            &text,
        );
        Ok(())
    },
};
