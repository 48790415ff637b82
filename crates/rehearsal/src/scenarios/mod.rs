//! Stories that could falsify the promises.
//!
//! A scenario is a file here and a line in [`SCENARIOS`]: what it needs, which promises it
//! challenges, and what people do in it. Its faults are its own.

use lockkeeper_policy::PromiseId;

use crate::director::{Director, PlayError};
use crate::survey::Survey;

mod bad_image_production;
mod bad_images;
mod calls_fail_once;
mod deploy_cancelled;
mod deploy_window;
mod digest_changed;
mod environments;
mod merge_to_staging;
mod migrations;
mod production_approved;
mod production_rejected;
mod pull_request_green;
mod pull_request_red;
mod rerun_old;
mod rollback;
mod rollback_past_waiting;
mod services;
mod staging_rerun;
mod tag_never_staged;
mod two_merges;
mod two_productions;
mod weeks_of_merges;

/// What a scenario needs of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Pulls,
    Staging,
    Production,
    /// A production deploy that takes the tag of an image: rules that name a service want one.
    Tag,
    /// A migration that the rules name.
    Migration,
    /// A deploy window that the rules name.
    Window,
    /// A lifecycle policy of the service's image repository that is known.
    Lifecycle,
}

pub(crate) struct Scenario {
    pub(crate) id: &'static str,
    /// The story in a sentence.
    pub(crate) title: &'static str,
    pub(crate) needs: &'static [Needs],
    pub(crate) challenges: &'static [PromiseId],
    pub(crate) play: fn(&mut Director<'_>) -> Result<(), PlayError>,
}

/// Every scenario, in the order in which they are played and reported.
pub(crate) const SCENARIOS: &[&Scenario] = &[
    &pull_request_green::SCENARIO,
    &pull_request_red::SCENARIO,
    &merge_to_staging::SCENARIO,
    &merge_to_staging::FAULTS,
    &calls_fail_once::STAGING,
    &staging_rerun::SCENARIO,
    &two_merges::SCENARIO,
    &bad_images::CRASHES,
    &bad_images::NEVER_READY,
    &bad_images::FLAPS,
    &bad_images::UNSEEN,
    &services::NO_BREAKER,
    &services::NO_TASKS,
    &services::OVERTAKEN,
    &deploy_cancelled::STAGING,
    &production_approved::SCENARIO,
    &production_approved::FAULTS,
    &calls_fail_once::PRODUCTION,
    &services::NO_TASKS_IN_PRODUCTION,
    &production_rejected::SCENARIO,
    &tag_never_staged::SCENARIO,
    &environments::MISSING,
    &environments::UNPROTECTED,
    &digest_changed::SCENARIO,
    &services::BASE_CHANGED,
    &bad_image_production::NEVER_READY,
    &bad_image_production::CRASHES,
    &two_productions::SCENARIO,
    &deploy_cancelled::PRODUCTION,
    &migrations::FAILS,
    &migrations::CANCELLED,
    &migrations::OLD_CODE,
    &deploy_window::SCENARIO,
    &rerun_old::SCENARIO,
    &rollback_past_waiting::SCENARIO,
    &rollback::SCENARIO,
    &weeks_of_merges::SCENARIO,
];

impl Scenario {
    /// A story of production is told without staging where there is none, and where what production
    /// gets is what was merged and no tag.
    fn builds_for_itself(&self, survey: &Survey) -> bool {
        let production = survey.production.as_ref();
        self.needs.contains(&Needs::Production)
            && survey.policy.services.is_empty()
            && survey.staging.is_none()
            && production.is_some_and(|production| production.tag_input.is_none())
    }

    /// Whether the pipeline has what the story needs.
    pub(crate) fn is_playable(&self, survey: &Survey) -> bool {
        self.needs.iter().all(|need| match need {
            Needs::Pulls => !survey.checks_pulls.is_empty(),
            Needs::Staging => !survey.deploys_staging.is_empty() || self.builds_for_itself(survey),
            Needs::Production => survey.production.is_some(),
            Needs::Tag => {
                let production = survey.production.as_ref();
                !survey.policy.services.is_empty()
                    || production.is_some_and(|production| production.tag_input.is_some())
            }
            Needs::Migration => survey.policy.migrations.is_some(),
            Needs::Window => survey.policy.environments.production.window.is_some(),
            Needs::Lifecycle => survey.lifecycle().is_some(),
        })
    }
}
