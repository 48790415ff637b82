//! Production is asked for at times at which nothing new may go there.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "deploy-window",
    title: "a new version is dispatched after the deploy window has closed, another is approved too late, and production is rolled back meanwhile",
    needs: &[Needs::Staging, Needs::Production, Needs::Tag, Needs::Window],
    challenges: &[PromiseId::WindowKept, PromiseId::RollbackRestores],
    play: |director| {
        let root = director.root();
        let first = director.merge_to_staging("first")?;
        director.deploy_to_production(&director.tag(&first))?;
        let second = director.merge_to_staging("second")?;
        director.begin()?;
        let late = director.dispatch(&director.tag(&second))?;
        if director.until_asked(late)? {
            director.until_window_closes()?;
            director.approve_until_over(late)?;
        } else {
            director.until_window_closes()?;
        }
        let outside = director.dispatch_now(&director.tag(&second))?;
        director.approve_until_over(outside)?;
        let back = director.dispatch_now(&director.tag(&root))?;
        director.approve_until_over(back)
    },
};
