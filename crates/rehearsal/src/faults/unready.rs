//! An image that never becomes ready.

use lockkeeper_world::app::Behaviour;

use super::{Class, Kind, Subject};

pub(super) const KIND: Kind = Kind {
    name: "unready",
    class: Class::B,
    about: "the image never becomes ready",
    subject: Subject::Version,
    amount: None,
    strike: |fault, aim, stage| {
        let text = "never becomes ready".to_owned();
        fault.spoil(aim, stage, Behaviour::NeverReady, &text);
        Ok(())
    },
};
