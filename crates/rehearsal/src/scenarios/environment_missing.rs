//! The production environment does not exist.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "environment-missing",
    title: "the production environment was never created (or was renamed), and production is dispatched",
    needs: &[Needs::Staging, Needs::Production],
    challenges: &[PromiseId::UngatedFailsClosed],
    play: |director| {
        let sha = director.merge_to_staging("first")?;
        let actor = director.operator();
        for environment in director.production_environments() {
            let now = director.stage.now();
            let world = &mut director.stage.world;
            world
                .hub
                .delete_environment(now, &mut world.log, &actor, &environment)
                .ok();
        }
        let tag = director.tag(&sha);
        director.deploy_to_production(&tag)?;
        Ok(())
    },
};
