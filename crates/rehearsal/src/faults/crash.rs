//! An image whose process ends at once.

use lockkeeper_world::app::Behaviour;

use super::{Class, Kind, Subject};

pub(super) const KIND: Kind = Kind {
    name: "crash",
    class: Class::B,
    about: "the image crashes at start",
    subject: Subject::Version,
    amount: None,
    strike: |fault, aim, stage| {
        let text = "crashes at start".to_owned();
        fault.spoil(aim, stage, Behaviour::CrashesAtStart, &text);
        Ok(())
    },
};
