//! A change is merged, and its image never becomes ready.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "bad-image-never-ready",
    title: "a change is merged whose every gate is green, and its image never becomes ready",
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
        let sha = director.merge("never-ready")?;
        director.stage.fault('B', "its image never becomes ready");
        director.await_runs_of(&sha)
    },
};
