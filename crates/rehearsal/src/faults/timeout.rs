//! The time of a job is up.

use super::{Class, Kind, Subject};

pub(super) const KIND: Kind = Kind {
    name: "timeout",
    class: Class::C,
    about: "the job's `timeout-minutes` are over, as after steps that took long",
    subject: Subject::Run,
    amount: None,
    strike: |_, aim, stage| {
        let Some(job) = aim.job.filter(|job| stage.is_running(*job)) else {
            return Ok(());
        };
        let class = stage.class_of_end(aim);
        let text = "the time of a job is up (`timeout-minutes`)";
        stage.fault(class.letter(), text);
        stage.job_timed_out(job)
    },
};
