//! Somebody pushes an image past staging and asks production for it.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};
use crate::survey::stray_image;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "tag-never-staged",
    title: "an image of a commit on the branch was built on a laptop and pushed; production is asked for its tag, and the reviewer approves",
    needs: &[Needs::Production, Needs::Tag],
    challenges: &[
        PromiseId::ProductionPromotesStaging,
        PromiseId::ProductionApproved,
    ],
    play: |director| {
        let sha = director.merge("first")?;
        if let Some(run) = director.staging_run(&sha) {
            let actor = director.operator();
            director.stage.stimulus(
                &actor,
                format!("cancels run {run} before it has done anything"),
            );
            director.stage.cancel(run, &actor, "cancelled by hand").ok();
            director.until_over(run)?;
        }
        let tag = director.tag(&sha);
        let actor = director.operator();
        director.stage.stimulus(
            &actor,
            format!("pushes an image built on a laptop as {tag}"),
        );
        stray_image(director.stage, director.survey, &sha, &tag);
        director.begin()?;
        director.deploy_to_production(&tag)?;
        Ok(())
    },
};
