//! A change is merged whose every gate is green, and its image is no good.

use std::time::Duration;

use lockkeeper_policy::PromiseId;
use lockkeeper_world::outage::{Ailment, Api, Outage};

use super::{Needs, Scenario};
use crate::director::{Director, PlayError};

const CHALLENGES: &[PromiseId] = &[
    PromiseId::GreenMeansServing,
    PromiseId::FailedDeployRestores,
    PromiseId::FailureSaysWhatServes,
    PromiseId::SmokeDetects,
    PromiseId::StagingServesMerge,
    PromiseId::AlwaysEnds,
];

pub(super) const CRASHES: Scenario = Scenario {
    id: "bad-image-crashes",
    title: "a change is merged whose every gate is green, and its image crashes at start",
    needs: &[Needs::Staging],
    challenges: CHALLENGES,
    play: |director| merge(director, "crashes", "its image crashes at start"),
};

pub(super) const NEVER_READY: Scenario = Scenario {
    id: "bad-image-never-ready",
    title: "a change is merged whose every gate is green, and its image never becomes ready",
    needs: &[Needs::Staging],
    challenges: CHALLENGES,
    play: |director| merge(director, "never-ready", "its image never becomes ready"),
};

pub(super) const FLAPS: Scenario = Scenario {
    id: "bad-image-flaps",
    title: "a change is merged whose every gate is green, and the tasks of its image die again and again after a while",
    needs: &[Needs::Staging],
    challenges: CHALLENGES,
    play: |director| {
        let fault = "the tasks of its image die again and again after a while";
        merge(director, "flaps", fault)
    },
};

pub(super) const UNSEEN: Scenario = Scenario {
    id: "bad-image-unseen",
    title: "an image that crashes is merged; the answer to the update is lost, and ECS throttles until it has rolled back",
    needs: &[Needs::Staging],
    challenges: CHALLENGES,
    play: |director| {
        director.merge_to_staging("first")?;
        director.begin()?;
        let sha = director.merge("crashes")?;
        director.stage.fault('B', "its image crashes at start");
        let Some(run) = director.staging_run(&sha) else {
            return Ok(());
        };
        let now = director.stage.now();
        let lost = "the answer to the first UpdateService is lost";
        director.stage.fault('A', lost);
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
            let throttled = "ECS throttles every call for 85 s";
            director.stage.fault('A', throttled);
            director.stage.world.cloud.outages.add(Outage {
                api: Api::Ecs,
                operation: None,
                ailment: Ailment::Throttled,
                from: now + Duration::from_secs(2),
                until: now + Duration::from_secs(87),
                count: None,
            });
        }
        director.until_over(run)
    },
};

fn merge(director: &mut Director<'_>, name: &str, fault: &str) -> Result<(), PlayError> {
    director.merge_to_staging("first")?;
    director.begin()?;
    let sha = director.merge(name)?;
    director.stage.fault('B', fault);
    director.await_runs_of(&sha)
}
