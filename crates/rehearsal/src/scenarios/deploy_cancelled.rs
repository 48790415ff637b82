//! A deploy is cancelled when half of it is done.

use std::time::Duration;

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};
use crate::director::{Director, PlayError};

const CHALLENGES: &[PromiseId] = &[
    PromiseId::FailedDeployRestores,
    PromiseId::FailureSaysWhatServes,
    PromiseId::AlwaysEnds,
];

pub(super) const STAGING: Scenario = Scenario {
    id: "deploy-cancelled-staging",
    title: "a deploy to staging is cancelled 20 s after it changed the service",
    needs: &[Needs::Staging],
    challenges: CHALLENGES,
    play: |director| {
        director.begin()?;
        let sha = director.merge("first")?;
        let Some(run) = director.staging_run(&sha) else {
            return Ok(());
        };
        cancel_in_the_middle(director, run)
    },
};

pub(super) const PRODUCTION: Scenario = Scenario {
    id: "deploy-cancelled-production",
    title: "an approved deploy to production is cancelled 20 s after it changed the service",
    needs: &[Needs::Staging, Needs::Production],
    challenges: CHALLENGES,
    play: |director| {
        let sha = director.merge_to_staging("first")?;
        director.begin()?;
        let run = director.dispatch(&director.tag(&sha))?;
        if director.until_asked(run)? {
            director.review(run, true)?;
        }
        cancel_in_the_middle(director, run)
    },
};

fn cancel_in_the_middle(
    director: &mut Director<'_>,
    run: lockkeeper_world::ids::RunId,
) -> Result<(), PlayError> {
    if director.until_updated(run)? {
        director.wait(Duration::from_secs(20))?;
        director.cancel(run);
    }
    director.until_over(run)
}
