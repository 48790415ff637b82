//! Production goes back, while staging is broken.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "rollback",
    title: "production serves a new version, staging is broken by the next merge, and production is rolled back to the tag it served before",
    needs: &[Needs::Staging, Needs::Production, Needs::Tag],
    challenges: &[
        PromiseId::RollbackRestores,
        PromiseId::PermissionsSuffice,
        PromiseId::GreenMeansServing,
        PromiseId::ProductionPromotesStaging,
    ],
    play: |director| {
        let root = director.root();
        let first = director.merge_to_staging("first")?;
        director.deploy_to_production(&director.tag(&first))?;
        director.merge_to_staging("never-ready")?;
        director.begin()?;
        director.deploy_to_production(&director.tag(&root))?;
        Ok(())
    },
};
