//! Two merges in short order, the first of which is slow.

use std::time::Duration;

use lockkeeper_policy::PromiseId;
use lockkeeper_world::outage::{Ailment, Api, Outage};

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "two-merges",
    title: "two changes are merged in short order, and the older one's run is held up before it deploys",
    needs: &[Needs::Staging],
    challenges: &[
        PromiseId::StagingServesMerge,
        PromiseId::NeverBackwards,
        PromiseId::OneAtATime,
        PromiseId::GreenMeansServing,
    ],
    play: |director| {
        director.begin()?;
        let first = director.merge("first")?;
        // The older run's first request to the registry is slow, and the newer one overtakes it.
        let now = director.stage.now();
        director.stage.fault(
            'A',
            "the image registry answers the older run's first request 50 s late",
        );
        director.stage.world.cloud.outages.add(Outage {
            api: Api::Ecr,
            operation: None,
            ailment: Ailment::Slow(Duration::from_secs(50)),
            from: now,
            until: now + Duration::from_secs(60),
            count: Some(1),
        });
        director.wait(Duration::from_secs(5))?;
        let second = director.merge("second")?;
        director.await_runs_of(&first)?;
        director.await_runs_of(&second)
    },
};
