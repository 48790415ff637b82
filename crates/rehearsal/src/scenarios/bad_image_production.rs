//! An image that was well on staging never becomes ready in production.

use lockkeeper_policy::PromiseId;
use lockkeeper_world::app::Behaviour;

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "bad-image-production",
    title: "an image that was well on staging never becomes ready in production",
    needs: &[Needs::Staging, Needs::Production],
    challenges: &[
        PromiseId::GreenMeansServing,
        PromiseId::FailedDeployRestores,
        PromiseId::FailureSaysWhatServes,
        PromiseId::SmokeDetects,
        PromiseId::ProductionApproved,
        PromiseId::AlwaysEnds,
    ],
    play: |director| {
        let sha = director.merge_to_staging("first")?;
        let tag = director.tag(&sha);
        if let Some(digest) = director.digest_of(&tag) {
            director.stage.fault(
                'B',
                "in production its readiness never comes: the database there is another one",
            );
            director
                .stage
                .world
                .cloud
                .images
                .set_behaviour(&digest, Behaviour::NeverReady);
        }
        director.deploy_to_production(&tag)?;
        Ok(())
    },
};
