//! The production environment does not ask anybody.

use lockkeeper_names::{EnvironmentName, Login};
use lockkeeper_policy::PromiseId;
use lockkeeper_world::World;
use lockkeeper_world::hub::EnvironmentSettings;

use super::{Needs, Scenario};
use crate::director::{Director, PlayError};

pub(super) const MISSING: Scenario = Scenario {
    id: "environment-missing",
    title: "the production environment was never created (or was renamed), and production is dispatched",
    needs: &[Needs::Staging, Needs::Production],
    challenges: &[PromiseId::UngatedFailsClosed],
    play: |director| {
        dispatch_after(director, |world, actor, environment| {
            let now = world.now();
            let deleted = world
                .hub
                .delete_environment(now, &mut world.log, actor, &environment);
            deleted.is_ok()
        })
    },
};

pub(super) const UNPROTECTED: Scenario = Scenario {
    id: "environment-unprotected",
    title: "somebody removes the reviewers of the production environment, and production is dispatched",
    needs: &[Needs::Staging, Needs::Production],
    challenges: &[PromiseId::UngatedFailsClosed],
    play: |director| {
        dispatch_after(director, |world, actor, environment| {
            let (now, open) = (world.now(), EnvironmentSettings::default());
            let changed = world
                .hub
                .set_environment(now, &mut world.log, actor, environment, open);
            changed.is_ok()
        })
    },
};

/// Merges, changes each environment of production, then deploys there. With GitHub's defaults
/// there may be nothing to change.
fn dispatch_after(
    director: &mut Director<'_>,
    change: impl Fn(&mut World, &Login, EnvironmentName) -> bool,
) -> Result<(), PlayError> {
    let sha = director.merge_to_staging("first")?;
    let actor = director.operator();
    for environment in director.production_environments() {
        let name = environment.to_string();
        if !change(&mut director.stage.world, &actor, environment) {
            director
                .stage
                .stimulus(&actor, format!("finds no environment {name}"));
        }
    }
    let tag = director.tag(&sha);
    director.begin()?;
    director.deploy_to_production(&tag)?;
    Ok(())
}
