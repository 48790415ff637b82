//! What a job is given of the repository's secrets, and what a pull request's code can reach.

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_workflow as wf;
use lockkeeper_world::event::What;
use lockkeeper_world::hub::Access;
use lockkeeper_world::ids::{JobId, RunId};

use super::Stage;
use super::flow::Given;
use super::strand::MAIN;

impl Stage {
    /// The secrets that a job is given, with their values.
    pub(super) fn secrets_of(&self, job: JobId) -> BTreeMap<String, String> {
        let from_fork = self
            .world
            .hub
            .job(job)
            .and_then(|job| self.world.hub.run(job.run))
            .is_some_and(|run| run.from_fork);
        let mut secrets = BTreeMap::new();
        if !from_fork {
            let given = self.jobs.get(&job).and_then(|play| {
                let flow = self.runs.get(&play.run)?.flows.get(play.flow)?;
                Some(flow.secrets.clone())
            });
            // Secrets of the job's environment win over those that a call passes.
            let names = match given {
                Some(Given::Only(passed)) => {
                    secrets = passed;
                    self.world.hub.environment_secret_names(job)
                }
                _ => self.world.hub.secret_names(job),
            };
            for name in names {
                if let Some(value) = self.secrets.get(name.as_str()) {
                    secrets.insert(name.to_string(), value.clone());
                }
            }
        }
        secrets.insert("GITHUB_TOKEN".to_owned(), self.world.hub.token_for(job));
        secrets
    }

    /// The secrets that a job of one of a run's workflows can pass on when it calls another.
    pub(super) fn secrets_of_flow(&self, run: RunId, flow: usize) -> BTreeMap<String, String> {
        if self.world.hub.run(run).is_some_and(|run| run.from_fork) {
            return BTreeMap::new();
        }
        let flow = self.runs.get(&run).and_then(|play| play.flows.get(flow));
        match flow.map(|flow| &flow.secrets) {
            Some(Given::Only(passed)) => passed.clone(),
            _ => {
                let names = self.world.hub.repository_secret_names().iter();
                let values = names.filter_map(|name| {
                    let value = self.secrets.get(name.as_str())?;
                    Some((name.to_string(), value.clone()))
                });
                values.collect()
            }
        }
    }

    /// Records what a pull request's code can reach in this job.
    pub(super) fn note_credentials(&mut self, job: JobId) {
        let Some(play) = self.jobs.get(&job) else {
            return;
        };
        let Some(record) = self.world.hub.run(play.run) else {
            return;
        };
        if !record.trigger.starts_with("pull_request") && record.trigger != "merge_group" {
            return;
        }
        // With `pull_request_target` the base branch's code runs, unless the job fetches the other.
        let foreign = record.trigger == "pull_request_target";
        let text = play
            .definition()
            .map(|definition| &play.loaded.text[definition.place.span.clone()])
            .unwrap_or_default();
        if foreign
            && !text.contains("pull_request.head")
            && !text.contains("head_ref")
            && !text.contains("refs/pull/")
        {
            return;
        }
        let mut reachable = BTreeSet::new();
        if let Some(job) = self.world.hub.job(job) {
            if job.permissions.of("id-token") == Access::Write {
                reachable.insert("an identity token for AWS (`id-token: write`)".to_owned());
            }
            let writes: Vec<&str> = job
                .permissions
                .0
                .iter()
                .filter(|(scope, access)| **access == Access::Write && scope.as_str() != "id-token")
                .map(|(scope, _)| scope.as_str())
                .collect();
            if !writes.is_empty() {
                reachable.insert(format!("a token that may write ({})", writes.join(", ")));
            }
        }
        let given = self.secrets_of(job);
        for name in secrets_named(play.definition(), &play.loaded.workflow) {
            if name != "GITHUB_TOKEN" && given.contains_key(&name) {
                reachable.insert(format!("the secret `{name}`"));
            }
        }
        let run = play.run;
        for what in reachable {
            let what = What::CredentialReachable { run, job, what };
            let caller = self.caller(job, MAIN);
            self.world.log.push(self.world.now(), caller, what);
        }
    }
}

/// Every secret that a job's templates name, and those of its workflow's `env`.
pub(crate) fn secrets_named(job: Option<&wf::Job>, workflow: &wf::Workflow) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut take = |template: &wf::Template| found.extend(template.secrets());
    workflow.env.templates().for_each(&mut take);
    let Some(job) = job else { return found };
    let pairs = [&job.env, &job.outputs];
    pairs.iter().flat_map(|p| p.templates()).for_each(&mut take);
    job.services.whole.iter().for_each(&mut take);
    for container in job.services.values().chain(&job.container) {
        container.env.templates().for_each(&mut take);
        if let Some(given) = &container.credentials {
            let parts = [&given.username, &given.password, &given.whole];
            parts.into_iter().flatten().for_each(&mut take);
        }
    }
    if let Some(call) = &job.call {
        call.with.templates().for_each(&mut take);
        if let wf::CallSecrets::Given(passed) = &call.secrets {
            passed.templates().for_each(&mut take);
        }
    }
    if let Some(condition) = &job.if_ {
        found.extend(wf::secrets(&condition.value.references()));
    }
    for step in &job.steps {
        secrets_of_step(step, &mut found);
    }
    found
}

fn secrets_of_step(step: &wf::Step, found: &mut BTreeSet<String>) {
    let mut take = |template: &wf::Template| found.extend(template.secrets());
    step.env.templates().chain(&step.name).for_each(&mut take);
    match &step.kind {
        wf::StepKind::Run { script, .. } => take(script),
        wf::StepKind::Uses { with, .. } => with.templates().for_each(&mut take),
        wf::StepKind::Parallel { steps } => {
            steps.iter().for_each(|step| secrets_of_step(step, found));
        }
        wf::StepKind::Wait { .. } | wf::StepKind::WaitAll | wf::StepKind::Cancel { .. } => {}
    }
    if let Some(condition) = &step.if_ {
        found.extend(wf::secrets(&condition.value.references()));
    }
}
