//! An image that was well on staging is no good in production.

use lockkeeper_policy::PromiseId;
use lockkeeper_world::app::Behaviour;

use super::{Needs, Scenario};
use crate::director::{Director, PlayError};

const CHALLENGES: &[PromiseId] = &[
    PromiseId::GreenMeansServing,
    PromiseId::FailedDeployRestores,
    PromiseId::FailureSaysWhatServes,
    PromiseId::SmokeDetects,
    PromiseId::ProductionApproved,
    PromiseId::AlwaysEnds,
];

pub(super) const NEVER_READY: Scenario = Scenario {
    id: "bad-image-production",
    title: "an image that was well on staging never becomes ready in production",
    needs: &[Needs::Staging, Needs::Production],
    challenges: CHALLENGES,
    play: |director| {
        let fault = "in production its readiness never comes: the database there is another one";
        deploy(director, Behaviour::NeverReady, fault)
    },
};

pub(super) const CRASHES: Scenario = Scenario {
    id: "bad-image-production-crashes",
    title: "an image that was well on staging crashes at start in production",
    needs: &[Needs::Staging, Needs::Production],
    challenges: CHALLENGES,
    play: |director| {
        let fault = "in production it crashes at start: a setting is missing there";
        deploy(director, Behaviour::CrashesAtStart, fault)
    },
};

fn deploy(director: &mut Director<'_>, behaviour: Behaviour, fault: &str) -> Result<(), PlayError> {
    let sha = director.merge_to_staging("first")?;
    let tag = director.tag(&sha);
    if let Some(digest) = director.digest_of(&tag) {
        director.stage.fault('B', fault);
        let images = &mut director.stage.world.cloud.images;
        images.set_behaviour(&digest, behaviour);
    }
    director.begin()?;
    director.deploy_to_production(&tag)?;
    Ok(())
}
