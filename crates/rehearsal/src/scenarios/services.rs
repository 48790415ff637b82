//! Services that are not as the pipeline likes them.

use lockkeeper_policy::PromiseId;
use lockkeeper_world::event::ServiceKey;
use serde_json::{Value, json};

use super::{Needs, Scenario};
use crate::director::{Director, PlayError};

const CHALLENGES: &[PromiseId] = &[
    PromiseId::GreenMeansServing,
    PromiseId::FailedDeployRestores,
    PromiseId::FailureSaysWhatServes,
    PromiseId::AlwaysEnds,
];

pub(super) const NO_BREAKER: Scenario = Scenario {
    id: "no-circuit-breaker",
    title: "staging's service has no circuit breaker, and an image that crashes at start is merged",
    needs: &[Needs::Staging],
    challenges: CHALLENGES,
    play: |director| {
        director.merge_to_staging("first")?;
        director.begin()?;
        let text = "turns the circuit breaker of staging's service off";
        change(director, staging, text, &breaker_off())?;
        let sha = director.merge("crashes")?;
        director.stage.fault('B', "its image crashes at start");
        director.await_runs_of(&sha)
    },
};

pub(super) const NO_TASKS: Scenario = Scenario {
    id: "scaled-to-zero-staging",
    title: "somebody scales staging to zero, and a good change is merged",
    needs: &[Needs::Staging],
    challenges: CHALLENGES,
    play: |director| {
        director.begin()?;
        let text = "scales staging's service to zero";
        change(director, staging, text, &json!({ "desiredCount": 0 }))?;
        director.merge_to_staging("first")?;
        Ok(())
    },
};

pub(super) const NO_TASKS_IN_PRODUCTION: Scenario = Scenario {
    id: "scaled-to-zero-production",
    title: "somebody scales production to zero, and a version that staging served is dispatched to it",
    needs: &[Needs::Staging, Needs::Production],
    challenges: CHALLENGES,
    play: |director| {
        let sha = director.merge_to_staging("first")?;
        director.begin()?;
        let text = "scales production's service to zero";
        change(director, production, text, &json!({ "desiredCount": 0 }))?;
        director.deploy_to_production(&director.tag(&sha))?;
        Ok(())
    },
};

pub(super) const BASE_CHANGED: Scenario = Scenario {
    id: "base-changed",
    title: "while the reviewer thinks, somebody rolls production back by hand; then the reviewer approves",
    needs: &[Needs::Staging, Needs::Production],
    challenges: &[PromiseId::StaleApprovalRefused],
    play: |director| {
        let Some(service) = production(director) else {
            return Ok(());
        };
        let before = director.task_definition(&service)?;
        let first = director.merge_to_staging("first")?;
        director.deploy_to_production(&director.tag(&first))?;
        let second = director.merge_to_staging("second")?;
        director.begin()?;
        let run = director.dispatch(&director.tag(&second))?;
        if director.until_asked(run)? && director.task_definition(&service)? != before {
            let text = "rolls production back by hand, to the task definition before";
            director.change_service(&service, text, &json!({ "taskDefinition": before }))?;
            director.wait(std::time::Duration::from_secs(20 * 60))?;
            director.review(run, true)?;
            director.approve_until_over(run)?;
        } else {
            director.until_over(run)?;
        }
        Ok(())
    },
};

pub(super) const OVERTAKEN: Scenario = Scenario {
    id: "deploy-overtaken",
    title: "a minute after a deploy changed staging, somebody puts the version before back by hand",
    needs: &[Needs::Staging],
    challenges: CHALLENGES,
    play: |director| {
        let Some(service) = staging(director) else {
            return Ok(());
        };
        let before = director.task_definition(&service)?;
        director.begin()?;
        let sha = director.merge("first")?;
        let Some(run) = director.staging_run(&sha) else {
            return Ok(());
        };
        if director.until_updated(run)? {
            director.wait(std::time::Duration::from_secs(60))?;
            let text = "puts the task definition before back by hand";
            director.change_service(&service, text, &json!({ "taskDefinition": before }))?;
        }
        director.until_over(run)
    },
};

fn staging(director: &Director<'_>) -> Option<ServiceKey> {
    director.survey.staging.clone()
}

fn production(director: &Director<'_>) -> Option<ServiceKey> {
    director.survey.production_service.clone()
}

fn change(
    director: &mut Director<'_>,
    which: fn(&Director<'_>) -> Option<ServiceKey>,
    text: &str,
    change: &Value,
) -> Result<(), PlayError> {
    match which(director) {
        Some(service) => director.change_service(&service, text, change),
        None => Ok(()),
    }
}

fn breaker_off() -> Value {
    json!({
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": { "enable": false, "rollback": false }
        }
    })
}
