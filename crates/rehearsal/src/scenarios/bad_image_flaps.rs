//! A change is merged, and the tasks of its image die again and again after a while.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "bad-image-flaps",
    title: "a change is merged whose every gate is green, and the tasks of its image die again and again after a while",
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
        let sha = director.merge("flaps")?;
        director.stage.fault(
            'B',
            "the tasks of its image die again and again after a while",
        );
        director.await_runs_of(&sha)
    },
};
