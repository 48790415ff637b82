//! What a tag names changes while the reviewer thinks.

use std::time::Duration;

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};
use crate::survey::stray_image;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "digest-changed",
    title: "while the reviewer thinks, somebody pushes another image under the same tag; then the reviewer approves",
    needs: &[Needs::Staging, Needs::Production, Needs::Tag],
    challenges: &[
        PromiseId::StaleApprovalRefused,
        PromiseId::ProductionPromotesStaging,
    ],
    play: |director| {
        let sha = director.merge_to_staging("first")?;
        director.begin()?;
        let tag = director.tag(&sha);
        let run = director.dispatch(&tag)?;
        if director.until_asked(run)? {
            director.wait(Duration::from_secs(10 * 60))?;
            let actor = director.operator();
            director.stage.stimulus(
                &actor,
                format!("deletes the tag {tag} and pushes another image under it"),
            );
            stray_image(director.stage, director.survey, &sha, &tag);
            director.review(run, true)?;
        }
        director.approve_until_over(run)
    },
};
