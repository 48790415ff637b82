//! A rollback is needed while an older run still waits for its reviewer.

use std::time::Duration;

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "rollback-past-waiting",
    title: "a production run waits for its reviewer; an hour later a rollback is dispatched and approved",
    needs: &[Needs::Staging, Needs::Production, Needs::Tag],
    challenges: &[PromiseId::RollbackNotBlocked, PromiseId::RollbackRestores],
    play: |director| {
        let root = director.root();
        let first = director.merge_to_staging("first")?;
        director.deploy_to_production(&director.tag(&first))?;
        let second = director.merge_to_staging("second")?;
        director.begin()?;
        let waiting = director.dispatch(&director.tag(&second))?;
        director.until_asked(waiting)?;
        director.wait(Duration::from_secs(3600))?;
        let back = director.dispatch(&director.tag(&root))?;
        director.approve_until_over(back)
    },
};
