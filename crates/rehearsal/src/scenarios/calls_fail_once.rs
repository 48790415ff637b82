//! Each kind of AWS call fails once.

use std::time::Duration;

use lockkeeper_policy::PromiseId;
use lockkeeper_world::outage::{Ailment, Api, Outage};

use super::{Needs, Scenario};
use crate::director::Director;

pub(super) const STAGING: Scenario = Scenario {
    id: "calls-fail-once",
    title: "a good change is merged while each kind of call to ECS and ECR is refused once, first throttled, then with a 5xx",
    needs: &[Needs::Staging],
    challenges: &[
        PromiseId::GoodChangeArrives,
        PromiseId::StagingServesMerge,
        PromiseId::GreenMeansServing,
        PromiseId::AlwaysEnds,
    ],
    play: |director| {
        director.begin()?;
        let text = "each kind of call to ECS and ECR is throttled once";
        once(director, text, Ailment::Throttled);
        director.merge_to_staging("first")?;
        let text =
            "each kind of call to ECS and ECR is answered once with an error of the server's";
        once(director, text, Ailment::ServerError);
        director.merge_to_staging("second")?;
        Ok(())
    },
};

pub(super) const PRODUCTION: Scenario = Scenario {
    id: "answers-lost-once",
    title: "a good change goes to production while the answer to each kind of call to ECS and ECR is lost once, and two of GitHub's API fail",
    needs: &[Needs::Staging, Needs::Production],
    challenges: &[
        PromiseId::GoodChangeArrives,
        PromiseId::GreenMeansServing,
        PromiseId::ProductionApproved,
        PromiseId::AlwaysEnds,
    ],
    play: |director| {
        let text = "the answer to each kind of call to ECS and ECR is lost once";
        once(director, text, Ailment::LostAnswer);
        let sha = director.merge_to_staging("first")?;
        director.begin()?;
        once(director, text, Ailment::LostAnswer);
        let text = "GitHub's API answers once with an error of the server's, and once refuses for its rate limit";
        director.stage.fault('A', text);
        let now = director.stage.now();
        for ailment in [Ailment::ServerError, Ailment::Throttled] {
            director.stage.world.hub.outages.add(Outage {
                api: Api::GitHub,
                operation: None,
                ailment,
                from: now,
                until: now + Duration::from_secs(6 * 3600),
                count: Some(1),
            });
        }
        director.deploy_to_production(&director.tag(&sha))?;
        Ok(())
    },
};

/// What deploys ask of AWS.
const OPERATIONS: &[(Api, &str)] = &[
    (Api::Ecs, "DescribeServices"),
    (Api::Ecs, "DescribeTaskDefinition"),
    (Api::Ecs, "DescribeTasks"),
    (Api::Ecs, "ListTasks"),
    (Api::Ecs, "RegisterTaskDefinition"),
    (Api::Ecs, "UpdateService"),
    (Api::Ecr, "BatchGetImage"),
    (Api::Ecr, "DescribeImages"),
    (Api::Ecr, "GetAuthorizationToken"),
    (Api::Ecr, "PutImage"),
];

fn once(director: &mut Director<'_>, text: &str, ailment: Ailment) {
    let now = director.stage.now();
    director.stage.fault('A', text);
    for (api, operation) in OPERATIONS {
        director.stage.world.cloud.outages.add(Outage {
            api: *api,
            operation: Some((*operation).to_owned()),
            ailment,
            from: now,
            until: now + Duration::from_secs(6 * 3600),
            count: Some(1),
        });
    }
}
