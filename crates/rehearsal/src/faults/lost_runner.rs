//! The machine of a job is gone.

use super::{Class, Kind, Subject};

pub(super) const KIND: Kind = Kind {
    name: "lose-runner",
    class: Class::D,
    about: "the job's runner is lost",
    subject: Subject::Run,
    amount: None,
    strike: |fault, aim, stage| {
        let Some(job) = aim.job.filter(|job| stage.is_running(*job)) else {
            return Ok(());
        };
        stage.fault(fault.class().letter(), "the runner of a job is lost");
        stage.lose_runner(job)
    },
};
