//! The reviewer says no.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "production-rejected",
    title: "a change is dispatched to production and the reviewer rejects it",
    needs: &[Needs::Staging, Needs::Production],
    challenges: &[PromiseId::ProductionApproved],
    play: |director| {
        let sha = director.merge_to_staging("first")?;
        director.begin()?;
        let run = director.dispatch(&director.tag(&sha))?;
        if director.until_asked(run)? {
            director.review(run, false)?;
        }
        director.until_over(run)
    },
};
