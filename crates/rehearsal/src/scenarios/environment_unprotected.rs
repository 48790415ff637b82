//! The production environment exists, and asks nobody.

use lockkeeper_policy::PromiseId;
use lockkeeper_world::hub::EnvironmentSettings;

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "environment-unprotected",
    title: "somebody removes the reviewers of the production environment, and production is dispatched",
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
                .set_environment(
                    now,
                    &mut world.log,
                    &actor,
                    environment,
                    EnvironmentSettings::default(),
                )
                .ok();
        }
        let tag = director.tag(&sha);
        director.deploy_to_production(&tag)?;
        Ok(())
    },
};
