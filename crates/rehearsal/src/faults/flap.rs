//! An image whose tasks die again and again.

use std::time::Duration;

use lockkeeper_world::app::Behaviour;

use super::{Amount, Class, Kind, Subject};

pub(super) const KIND: Kind = Kind {
    name: "flap",
    class: Class::B,
    about: "tasks of the image die again and again, each after x seconds",
    subject: Subject::Version,
    amount: Some(Amount {
        // What shows later is beyond: no deployment can wait for it.
        usual: 90,
        most: 3600,
    }),
    strike: |fault, aim, stage| {
        let text = format!(
            "dies again and again, each time after {} s",
            fault.seconds()
        );
        fault.spoil(
            aim,
            stage,
            Behaviour::Flapping {
                healthy_for: Duration::from_secs(fault.seconds()),
            },
            &text,
        );
        Ok(())
    },
};
