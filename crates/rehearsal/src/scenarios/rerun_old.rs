//! An old production run is run again after a newer one.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};
use crate::cast::{DEVELOPER, login};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "rerun-old-production",
    title: "two versions went to production; somebody re-runs the older run, and the reviewer approves out of habit",
    needs: &[Needs::Staging, Needs::Production],
    challenges: &[PromiseId::RerunIsInert],
    play: |director| {
        let first = director.merge_to_staging("first")?;
        let older = director.deploy_to_production(&director.tag(&first))?;
        let second = director.merge_to_staging("second")?;
        director.deploy_to_production(&director.tag(&second))?;
        director.begin()?;
        let actor = login(DEVELOPER);
        director
            .stage
            .stimulus(&actor, format!("re-runs all jobs of run {older}"));
        if director.stage.rerun(older, &actor).is_ok() {
            director.approve_until_over(older)?;
        }
        Ok(())
    },
};
