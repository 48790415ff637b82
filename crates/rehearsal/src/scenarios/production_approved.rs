//! A change goes to production the way it should.

use std::time::Duration;

use lockkeeper_policy::PromiseId;
use lockkeeper_world::outage::{Ailment, Api, Outage};

use super::{Needs, Scenario};

const CHALLENGES: &[PromiseId] = &[
    PromiseId::GoodChangeArrives,
    PromiseId::ProductionApproved,
    PromiseId::ApprovalShowsDigest,
    PromiseId::ProductionPromotesStaging,
    PromiseId::AlwaysEnds,
];

pub(super) const SCENARIO: Scenario = Scenario {
    id: "production-approved",
    title: "a change that staging served is dispatched to production; the reviewer takes 20 minutes and approves",
    needs: &[Needs::Staging, Needs::Production],
    challenges: CHALLENGES,
    play: |director| {
        let sha = director.merge_to_staging("first")?;
        director.begin()?;
        let run = director.dispatch(&director.tag(&sha))?;
        if director.until_asked(run)? {
            director.wait(Duration::from_secs(20 * 60))?;
            director.review(run, true)?;
        }
        director.approve_until_over(run)
    },
};

pub(super) const FAULTS: Scenario = Scenario {
    id: "production-under-faults",
    title: "an approved change goes to production while ECS and GitHub answer with errors for a while",
    needs: &[Needs::Staging, Needs::Production],
    challenges: &[
        PromiseId::PermissionsSuffice,
        PromiseId::PermissionsIsolated,
        PromiseId::PermissionsUsed,
        PromiseId::GreenMeansServing,
        PromiseId::ProductionApproved,
        PromiseId::FailedDeployRestores,
        PromiseId::FailureSaysWhatServes,
        PromiseId::AlwaysEnds,
    ],
    play: |director| {
        let sha = director.merge_to_staging("first")?;
        director.begin()?;
        let run = director.dispatch(&director.tag(&sha))?;
        if director.until_asked(run)? {
            let now = director.stage.now();
            director.stage.fault(
                'A',
                "GitHub's API answers with errors for 30 s, ECS for 45 s",
            );
            for (api, from, until) in [(Api::GitHub, 0, 30), (Api::Ecs, 20, 65)] {
                let outage = Outage {
                    api,
                    operation: None,
                    ailment: Ailment::ServerError,
                    from: now + Duration::from_secs(from),
                    until: now + Duration::from_secs(until),
                    count: None,
                };
                match api {
                    Api::GitHub => director.stage.world.hub.outages.add(outage),
                    _ => director.stage.world.cloud.outages.add(outage),
                }
            }
            director.review(run, true)?;
        }
        director.approve_until_over(run)
    },
};
