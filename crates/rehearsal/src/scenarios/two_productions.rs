//! Two production runs, both approved at the same moment.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "two-productions",
    title: "two versions are dispatched to production one after the other, and whatever asks is approved at once",
    needs: &[Needs::Staging, Needs::Production],
    challenges: &[
        PromiseId::OneAtATime,
        PromiseId::GreenMeansServing,
        PromiseId::ProductionApproved,
    ],
    play: |director| {
        let first = director.merge_to_staging("first")?;
        let second = director.merge_to_staging("second")?;
        director.begin()?;
        let older = director.dispatch(&director.tag(&first))?;
        // Where nobody is asked, the older one is left to change the service.
        if !director.until_updated(older)? && director.stage.asks(older) {
            director.review(older, true)?;
        }
        let newer = director.dispatch(&director.tag(&second))?;
        if director.until_asked(newer)? {
            director.review(newer, true)?;
        }
        director.approve_until_over(older)?;
        director.approve_until_over(newer)
    },
};
