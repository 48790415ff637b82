//! A change is merged, and its image crashes at start.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "bad-image-crashes",
    title: "a change is merged whose every gate is green, and its image crashes at start",
    needs: &[Needs::Staging],
    challenges: &[
        PromiseId::GreenMeansServing,
        PromiseId::FailedDeployRestores,
        PromiseId::FailureSaysWhatServes,
        PromiseId::SmokeDetects,
        PromiseId::StagingServesMerge,
        PromiseId::AlwaysEnds,
    ],
    play: |director| {
        director.merge_to_staging("first")?;
        let sha = director.merge("crashes")?;
        director.stage.fault('B', "its image crashes at start");
        director.await_runs_of(&sha)
    },
};
