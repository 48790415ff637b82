//! A good change is merged.

use std::time::Duration;

use lockkeeper_policy::PromiseId;
use lockkeeper_world::outage::{Ailment, Api, Outage};

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "merge-to-staging",
    title: "a good change is merged",
    needs: &[Needs::Staging],
    challenges: &[
        PromiseId::StagingServesMerge,
        PromiseId::GoodChangeArrives,
        PromiseId::ProductionApproved,
        PromiseId::PermissionsSuffice,
    ],
    play: |director| {
        director.begin()?;
        director.merge_to_staging("first")?;
        Ok(())
    },
};

pub(super) const FAULTS: Scenario = Scenario {
    id: "merge-under-faults",
    title: "a good change is merged; the answer to the update is lost once, and ECS throttles for a minute",
    needs: &[Needs::Staging],
    challenges: &[
        PromiseId::StagingServesMerge,
        PromiseId::GreenMeansServing,
        PromiseId::AlwaysEnds,
    ],
    play: |director| {
        director.begin()?;
        let sha = director.merge("first")?;
        let Some(run) = director.staging_run(&sha) else {
            return Ok(());
        };
        let now = director.stage.now();
        director
            .stage
            .fault('A', "the answer to the first UpdateService is lost");
        director.stage.world.cloud.outages.add(Outage {
            api: Api::Ecs,
            operation: Some("UpdateService".into()),
            ailment: Ailment::LostAnswer,
            from: now,
            until: now + Duration::from_secs(6 * 3600),
            count: Some(1),
        });
        if director.until_updated(run)? {
            let now = director.stage.now();
            director
                .stage
                .fault('A', "ECS throttles every call for 60 s");
            director.stage.world.cloud.outages.add(Outage {
                api: Api::Ecs,
                operation: None,
                ailment: Ailment::Throttled,
                from: now + Duration::from_secs(5),
                until: now + Duration::from_secs(65),
                count: None,
            });
        }
        director.until_over(run)
    },
};
