//! A change goes to production the way it should.

use std::time::Duration;

use lockkeeper_policy::PromiseId;
use lockkeeper_world::outage::{Ailment, Api, Outage};

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "production-approved",
    title: "a change that staging served is dispatched to production, a reviewer takes 20 minutes and approves, and ECS answers with errors for a while",
    needs: &[Needs::Staging, Needs::Production],
    challenges: &[
        PromiseId::GreenMeansServing,
        PromiseId::ProductionApproved,
        PromiseId::ApprovalShowsDigest,
        PromiseId::ProductionPromotesStaging,
        PromiseId::AlwaysEnds,
    ],
    play: |director| {
        let sha = director.merge_to_staging("first")?;
        let run = director.dispatch(&director.tag(&sha))?;
        if director.until_asked(run)? {
            director.wait(Duration::from_secs(20 * 60))?;
            let now = director.stage.now();
            director.stage.fault('A', "ECS answers with errors for 45 s");
            director.stage.world.cloud.outages.add(Outage {
                api: Api::Ecs,
                operation: None,
                ailment: Ailment::ServerError,
                from: now + Duration::from_secs(20),
                until: now + Duration::from_secs(65),
                count: None,
            });
            director.review(run, true)?;
        }
        director.approve_until_over(run)
    },
};
