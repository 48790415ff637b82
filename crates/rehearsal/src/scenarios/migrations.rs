//! The database is migrated before a version serves, and something goes wrong then.

use std::time::Duration;

use lockkeeper_policy::PromiseId;
use lockkeeper_world::app::Behaviour;
use lockkeeper_world::event::What;

use super::{Needs, Scenario};

const NEEDS: &[Needs] = &[
    Needs::Staging,
    Needs::Production,
    Needs::Tag,
    Needs::Migration,
];

pub(super) const FAILS: Scenario = Scenario {
    id: "migration-fails",
    title: "a migration that went well on staging fails in production, and goes well when it is tried again",
    needs: NEEDS,
    challenges: &[
        PromiseId::MigratedFirst,
        PromiseId::FailureSaysWhatServes,
        PromiseId::GreenMeansServing,
        PromiseId::AlwaysEnds,
    ],
    play: |director| {
        let tag = {
            let sha = director.merge_to_staging("first")?;
            director.tag(&sha)
        };
        let Some(digest) = director.digest_of(&tag) else {
            return Ok(());
        };
        director.begin()?;
        let fault = "in production a row stands in the way of the migration";
        director.stage.fault('B', fault);
        let images = &mut director.stage.world.cloud.images;
        images.set_command_fails(&digest, true);
        let run = director.dispatch(&tag)?;
        director.approve_until_over(run)?;
        let images = &mut director.stage.world.cloud.images;
        images.set_command_fails(&digest, false);
        let again = director.dispatch(&tag)?;
        director.approve_until_over(again)
    },
};

pub(super) const CANCELLED: Scenario = Scenario {
    id: "migration-cancelled",
    title: "a deploy to production is cancelled while its migration runs, and dispatched again at once",
    needs: NEEDS,
    challenges: &[
        PromiseId::MigratedFirst,
        PromiseId::FailureSaysWhatServes,
        PromiseId::AlwaysEnds,
    ],
    play: |director| {
        let sha = director.merge_to_staging("first")?;
        director.begin()?;
        let tag = director.tag(&sha);
        let run = director.dispatch(&tag)?;
        if director.until_asked(run)? {
            director.review(run, true)?;
        }
        let migrates = director.until_event(run, |event| {
            matches!(event.what, What::TaskRun { .. })
                && event.caller.is_some_and(|caller| caller.run == run)
        })?;
        if migrates {
            director.wait(Duration::from_secs(5))?;
            director.cancel(run);
        }
        director.until_over(run)?;
        let again = director.dispatch(&tag)?;
        director.approve_until_over(again)
    },
};

pub(super) const OLD_CODE: Scenario = Scenario {
    id: "old-code-new-schema",
    title: "production is migrated, the new version never becomes ready there, and the old one serves on the new schema",
    needs: NEEDS,
    challenges: &[
        PromiseId::MigratedFirst,
        PromiseId::FailedDeployRestores,
        PromiseId::FailureSaysWhatServes,
        PromiseId::AlwaysEnds,
    ],
    play: |director| {
        let sha = director.merge_to_staging("first")?;
        director.begin()?;
        let tag = director.tag(&sha);
        if let Some(digest) = director.digest_of(&tag) {
            let fault = "in production its readiness never comes, after a migration that went well";
            director.stage.fault('B', fault);
            let images = &mut director.stage.world.cloud.images;
            images.set_behaviour(&digest, Behaviour::NeverReady);
        }
        director.deploy_to_production(&tag)?;
        Ok(())
    },
};
