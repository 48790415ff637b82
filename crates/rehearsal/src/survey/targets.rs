//! Which service is staging and which is production, where the rules do not say: by who deploys to
//! it, and by names.

use lockkeeper_world::event::{ServiceKey, What};
use lockkeeper_world::ids::RunId;

use super::Survey;
use super::names::{application, says_production, says_staging};
use crate::stage::Stage;

/// What the watched runs deployed.
pub(super) struct Deploys {
    pub(super) by_merge: Vec<(RunId, ServiceKey)>,
    pub(super) by_dispatch: Vec<(RunId, ServiceKey)>,
}

impl Deploys {
    pub(super) fn learn(&self, survey: &mut Survey, stage: &Stage) {
        let used = |known: &Option<ServiceKey>| {
            let mut all = self.by_merge.iter().chain(&self.by_dispatch);
            known
                .as_ref()
                .is_some_and(|known| all.any(|(_, service)| service == known))
        };
        // Of services that no rule names, each look says anew which is which.
        survey.targets.clear();
        if survey.policy.services.is_empty() {
            survey.staging = None;
            survey.production_service = None;
        }
        if !used(&survey.staging)
            && let Some(found) = self.staging()
        {
            survey
                .targets
                .push(sentence(&found, "the one that is deployed to by merge"));
            survey.staging = Some(found);
        }
        if used(&survey.production_service) {
            return;
        }
        if let Some(found) = self.dispatched(survey, stage) {
            survey
                .targets
                .push(sentence(&found, "the one that is deployed to by dispatch"));
            survey.production_service = Some(found);
        } else if survey.production_service.is_none()
            && let Some(found) = self.merged(survey, stage)
        {
            survey.targets.push(format!(
                "{}/{} is production, as its name or its environment's says: a merge deploys to it",
                found.cluster, found.service
            ));
            survey.production_service = Some(found);
        }
    }

    /// Of the services that merges deploy to, one that is named so before others, and one that is
    /// production last.
    fn staging(&self) -> Option<ServiceKey> {
        let mut services: Vec<&ServiceKey> =
            self.by_merge.iter().map(|(_, service)| service).collect();
        services.sort_by_key(|service| {
            let staging = !is_named(service, says_staging);
            (is_named(service, says_production), staging)
        });
        services.first().map(|service| (*service).clone())
    }

    /// Of the services that dispatches deploy to, one of the application that merges deploy too.
    /// Where rules name services it is taken at their word, else only what speaks of production.
    fn dispatched(&self, survey: &Survey, stage: &Stage) -> Option<ServiceKey> {
        let ruled = !survey.policy.services.is_empty();
        let mut services: Vec<&(RunId, ServiceKey)> = self.by_dispatch.iter().collect();
        services.sort_by_key(|(_, service)| {
            let staging = is_named(service, says_staging);
            (!is_named(service, says_production), staging)
        });
        let found = services.into_iter().find(|(run, service)| {
            let same = survey.staging.as_ref().is_none_or(|staging| {
                application(&staging.service) == application(&service.service)
            });
            ruled || same && (is_named(service, says_production) || is_production(stage, *run))
        });
        found.map(|(_, service)| service.clone())
    }

    /// A service that merges deploy to, and whose name or whose job's environment is production.
    fn merged(&self, survey: &Survey, stage: &Stage) -> Option<ServiceKey> {
        let staging = survey.staging.as_ref()?;
        let same =
            |service: &ServiceKey| application(&staging.service) == application(&service.service);
        let named = self
            .by_merge
            .iter()
            .find(|(_, service)| same(service) && is_named(service, says_production));
        let entered = || {
            self.by_merge
                .iter()
                .find(|(run, service)| service == staging && is_production(stage, *run))
        };
        named.or_else(entered).map(|(_, service)| service.clone())
    }
}

fn sentence(service: &ServiceKey, what: &str) -> String {
    format!(
        "the service {}/{} is {what}",
        service.cluster, service.service
    )
}

fn is_named(service: &ServiceKey, says: fn(&str) -> bool) -> bool {
    says(&service.cluster) || says(&service.service)
}

/// Whether a run's workflow or one of its environments is named production.
fn is_production(stage: &Stage, run: RunId) -> bool {
    speaks_of(stage, run, says_production)
}

/// Whether the name of a run's workflow, or of one of its environments, says so.
pub(super) fn speaks_of(stage: &Stage, run: RunId, says: fn(&str) -> bool) -> bool {
    let events = stage.world.log.events();
    events.iter().any(|event| match &event.what {
        What::RunCreated {
            run: of, workflow, ..
        } => *of == run && says(workflow),
        What::JobQueued {
            run: of,
            environment: Some(name),
            ..
        } => *of == run && says(name),
        _ => false,
    })
}
