//! Somebody cancels a run.

use super::{Class, Kind, Subject};
use crate::cast::{OPERATOR, login};

pub(super) const KIND: Kind = Kind {
    name: "cancel",
    class: Class::C,
    about: "the run is cancelled",
    subject: Subject::Run,
    amount: None,
    strike: |_, aim, stage| {
        let Some(run) = aim.run.filter(|run| !stage.is_over(*run)) else {
            return Ok(());
        };
        let class = stage.class_of_end(aim);
        let actor = login(OPERATOR);
        stage.stimulus(&actor, format!("cancels run {run}"));
        stage.fault(class.letter(), format!("run {run} is cancelled"));
        stage.cancel(run, &actor, "cancelled by hand").ok();
        Ok(())
    },
};
