//! A change is merged whose every gate is green, and its image is no good.

use lockkeeper_policy::PromiseId;

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

fn merge(director: &mut Director<'_>, name: &str, fault: &str) -> Result<(), PlayError> {
    director.merge_to_staging("first")?;
    let sha = director.merge(name)?;
    director.stage.fault('B', fault);
    director.await_runs_of(&sha)
}
