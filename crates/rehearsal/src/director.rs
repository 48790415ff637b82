//! What a scenario can have people do, and wait for.

use std::collections::BTreeMap;
use std::time::Duration;

use lockkeeper_names::{CommitSha, EnvironmentName, ImageDigest, Login, WorkflowFile};
use lockkeeper_world::event::{Event, What};
use lockkeeper_world::hub::{RunFilter, RunStatus};
use lockkeeper_world::ids::{JobId, PullNumber, RunId};

use crate::calendar;
use crate::cast::{self, DEVELOPER, OPERATOR, REVIEWER};
use crate::engine::EngineError;
use crate::memory::Past;
use crate::schedule::Schedule;
use crate::stage::{PullRequestFrom, Stage};
use crate::survey::Survey;

/// Why a scenario could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlayError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The story needs something that this pipeline does not have; in words.
    #[error("{0}")]
    NotPlayable(String),
}

/// How long a person watches a run before giving up.
const PATIENCE: Duration = Duration::from_secs(3 * 3600);

pub(crate) struct Director<'a> {
    pub(crate) stage: &'a mut Stage,
    pub(crate) survey: &'a Survey,
    /// What the story has done that others may have done too; none when it is on its own.
    pub(crate) past: Option<Past<'a>>,
    /// What strikes once the story's own part has begun.
    pub(crate) schedule: Option<&'a Schedule>,
    /// How many events there were when it did.
    pub(crate) begun: Option<usize>,
}

impl<'a> Director<'a> {
    /// One that plays by itself, without a schedule.
    pub(crate) fn new(stage: &'a mut Stage, survey: &'a Survey) -> Self {
        Self {
            stage,
            survey,
            past: None,
            schedule: None,
            begun: None,
        }
    }
}

impl Director<'_> {
    /// The story's own part begins: what comes before is there to get to it. The faults of a
    /// schedule are counted from here, and nothing is shared with other stories any more.
    pub(crate) fn begin(&mut self) -> Result<(), PlayError> {
        if let Some(schedule) = self.schedule {
            self.past = None;
            self.begun = Some(self.stage.world.log.events().len());
            let order = schedule.order.as_deref();
            self.stage
                .arm(schedule.seed.into(), order, &schedule.faults)?;
        }
        Ok(())
    }

    fn commit(&self, name: &str) -> Result<CommitSha, PlayError> {
        let found = self.stage.repository.change(name).cloned();
        found.ok_or_else(|| PlayError::NotPlayable(format!("no commit is called {name}")))
    }

    /// The repository's first commit, which serves when a story begins.
    pub(crate) fn root(&self) -> CommitSha {
        self.stage.repository.root.clone()
    }

    pub(crate) fn operator(&self) -> Login {
        cast::login(OPERATOR)
    }

    /// Opens a pull request and waits for its checks.
    pub(crate) fn propose(
        &mut self,
        name: &str,
        from: PullRequestFrom,
    ) -> Result<PullNumber, PlayError> {
        let sha = self.commit(name)?;
        let actor = cast::login(match from {
            PullRequestFrom::SameRepository => DEVELOPER,
            PullRequestFrom::Fork => cast::STRANGER,
        });
        self.stage.stimulus(
            &actor,
            format!("opens a pull request with commit {} ({name})", sha.short()),
        );
        let pull = self
            .stage
            .open_pull(&sha, &actor, from)
            .map_err(|refused| PlayError::NotPlayable(refused.why))?;
        self.stage.run_until(PATIENCE, |stage| {
            let mut runs = stage
                .world
                .hub
                .runs(&Default::default())
                .into_iter()
                .filter(|run| run.pull == Some(pull));
            runs.all(|run| run.status == RunStatus::Completed)
        })?;
        Ok(pull)
    }

    /// Tries to merge; what was refused is part of the story.
    pub(crate) fn try_merge(&mut self, pull: PullNumber) -> Option<CommitSha> {
        let actor = self.operator();
        self.stage
            .stimulus(&actor, format!("merges pull request #{pull}"));
        self.stage.merge_pull(pull, &actor).ok()
    }

    /// Merges a good change whose checks passed before the story begins, without waiting for what
    /// that starts.
    pub(crate) fn merge(&mut self, name: &str) -> Result<CommitSha, PlayError> {
        let sha = self.commit(name)?;
        self.stage.brings(Some(sha.clone()), None)?;
        let actor = self.operator();
        self.stage.stimulus(
            &actor,
            format!(
                "merges commit {} ({name}), whose checks passed",
                sha.short()
            ),
        );
        let merged = self
            .stage
            .merge_checked(&sha, &cast::login(DEVELOPER), &actor);
        merged.map_err(|refused| {
            PlayError::NotPlayable(format!(
                "GitHub did not let the change `{name}` merge: {}",
                refused.why
            ))
        })
    }

    /// Merges and waits until staging's run is over.
    pub(crate) fn merge_to_staging(&mut self, name: &str) -> Result<CommitSha, PlayError> {
        let sha = self.commit(name)?;
        self.act(format!("merge {name}"), |director| {
            let sha = director.merge(name)?;
            director.await_runs_of(&sha)
        })?;
        Ok(sha)
    }

    /// Does something that other stories may begin with too.
    fn act(
        &mut self,
        name: String,
        play: impl FnOnce(&mut Director<'_>) -> Result<(), PlayError>,
    ) -> Result<(), PlayError> {
        let survey = self.survey;
        let alone = |stage: &mut Stage| play(&mut Director::new(stage, survey));
        match &mut self.past {
            Some(past) => past.act(self.stage, name, alone),
            None => alone(self.stage),
        }
    }

    /// Waits until every run of a pushed commit is over.
    pub(crate) fn await_runs_of(&mut self, sha: &CommitSha) -> Result<(), PlayError> {
        let pushed = |stage: &Stage| {
            let runs = stage.world.hub.runs(&Default::default());
            let of_push = runs
                .into_iter()
                .filter(|run| run.trigger == "push" && run.sha == *sha);
            of_push
                .filter(|run| run.status != RunStatus::Completed)
                .map(|run| run.id)
                .collect::<Vec<_>>()
        };
        loop {
            self.stage.run_until(PATIENCE, |stage| {
                let open = pushed(stage);
                open.is_empty() || open.iter().any(|run| stage.asks(*run))
            })?;
            let open = pushed(self.stage);
            let asking: Vec<RunId> = open
                .into_iter()
                .filter(|run| self.stage.asks(*run))
                .collect();
            if asking.is_empty() {
                return Ok(());
            }
            for run in asking {
                self.review(run, true)?;
            }
        }
    }

    /// Whether a run was started by a merge: its reviewer says yes whenever it asks.
    fn is_of_merge(&self, run: RunId) -> bool {
        let run = self.stage.world.hub.run(run);
        run.is_some_and(|run| run.trigger == "push")
    }

    /// The run that a push of this commit started on staging.
    pub(crate) fn staging_run(&self, sha: &CommitSha) -> Option<RunId> {
        let files = &self.survey.deploys_staging;
        let runs = self.stage.world.hub.runs(&Default::default());
        let found = runs.into_iter().find(|run| {
            run.trigger == "push" && run.sha == *sha && files.contains(&run.workflow.to_string())
        });
        found.map(|run| run.id)
    }

    /// The tag by which an operator asks for a commit's image.
    pub(crate) fn tag(&self, sha: &CommitSha) -> String {
        self.survey.tag_of(sha)
    }

    /// Dispatches the production workflow for a tag, in the deploy window if there is one.
    pub(crate) fn dispatch(&mut self, tag: &str) -> Result<RunId, PlayError> {
        self.until_window(true)?;
        self.dispatch_now(tag)
    }

    /// Waits until nothing new may go to production any more.
    pub(crate) fn until_window_closes(&mut self) -> Result<(), PlayError> {
        self.until_window(false)
    }

    fn until_window(&mut self, open: bool) -> Result<(), PlayError> {
        let Some(window) = &self.survey.policy.environments.production.window else {
            return Ok(());
        };
        let now = self.stage.now();
        match calendar::next(window, now, open) {
            Some(at) if at > now => Ok(self.stage.pass(at)?),
            Some(_) => Ok(()),
            None => Err(PlayError::NotPlayable(
                "the deploy window never opens or closes".into(),
            )),
        }
    }

    /// Dispatches the production workflow for a tag, whatever the time.
    pub(crate) fn dispatch_now(&mut self, tag: &str) -> Result<RunId, PlayError> {
        let Some(production) = &self.survey.production else {
            return Err(PlayError::NotPlayable(
                "no workflow deploys to production".into(),
            ));
        };
        let file = WorkflowFile::parse(&production.file)
            .map_err(|error| PlayError::NotPlayable(error.to_string()))?;
        let digest = self.digest_of(tag);
        let commit = digest.as_ref().and_then(|digest| self.built_from(digest));
        self.stage.brings(commit, digest)?;
        let actor = self.operator();
        let mut inputs: BTreeMap<String, String> = production.other_inputs.clone();
        if let Some(input) = &production.tag_input {
            inputs.insert(input.clone(), tag.to_owned());
        }
        self.stage
            .stimulus(&actor, format!("dispatches {file} for the tag {tag}"));
        self.stage
            .dispatch(&file, &inputs, &actor)
            .map_err(|refused| PlayError::NotPlayable(refused.why))
    }

    /// Waits until a run asks for a review, or is over. True when it asks.
    pub(crate) fn until_asked(&mut self, run: RunId) -> Result<bool, PlayError> {
        self.stage
            .run_until(PATIENCE, |stage| stage.asks(run) || stage.is_over(run))?;
        Ok(self.stage.asks(run))
    }

    pub(crate) fn review(&mut self, run: RunId, approved: bool) -> Result<(), PlayError> {
        let reviewer = cast::login(REVIEWER);
        let pending = self.stage.world.hub.pending_deployments(run);
        for pending in pending {
            let word = if approved { "approves" } else { "rejects" };
            self.stage.stimulus(
                &reviewer,
                format!(
                    "{word} the deployment of run {run} to {}",
                    pending.environment
                ),
            );
            let comment = if approved {
                "Looks right."
            } else {
                "Not today."
            };
            let now = self.stage.now();
            let world = &mut self.stage.world;
            world
                .hub
                .review(
                    now,
                    &mut world.log,
                    run,
                    &pending.environment,
                    &reviewer,
                    approved,
                    comment,
                )
                .map_err(|refused| PlayError::NotPlayable(refused.why))?;
        }
        Ok(())
    }

    /// Approves whenever the run asks, until it is over.
    pub(crate) fn approve_until_over(&mut self, run: RunId) -> Result<(), PlayError> {
        while self.until_asked(run)? {
            self.review(run, true)?;
        }
        Ok(())
    }

    /// Dispatches, approves and waits for the end.
    pub(crate) fn deploy_to_production(&mut self, tag: &str) -> Result<RunId, PlayError> {
        self.act(format!("deploy {tag}"), |director| {
            let run = director.dispatch(tag)?;
            director.approve_until_over(run)
        })?;
        let filter = RunFilter::default();
        let newest = self
            .stage
            .world
            .hub
            .runs(&filter)
            .into_iter()
            .find(|run| run.trigger == "workflow_dispatch");
        newest
            .map(|run| run.id)
            .ok_or_else(|| PlayError::NotPlayable("no run was dispatched".into()))
    }

    /// Waits for an event that a run caused; false when the run ended without it.
    pub(crate) fn until_event(
        &mut self,
        run: RunId,
        wanted: impl Fn(&Event) -> bool,
    ) -> Result<bool, PlayError> {
        let mut seen = 0;
        let mut met = false;
        loop {
            self.stage.run_until(PATIENCE, |stage| {
                let events = stage.world.log.events();
                met |= events[seen..].iter().any(&wanted);
                seen = events.len();
                met || stage.is_over(run) || stage.asks(run)
            })?;
            if met || !self.is_of_merge(run) || !self.stage.asks(run) {
                return Ok(met);
            }
            self.review(run, true)?;
        }
    }

    /// Waits until a run has changed a service.
    pub(crate) fn until_updated(&mut self, run: RunId) -> Result<bool, PlayError> {
        self.until_event(run, |event| {
            matches!(event.what, What::ServiceUpdated { .. })
                && event.caller.is_some_and(|caller| caller.run == run)
        })
    }

    pub(crate) fn wait(&mut self, time: Duration) -> Result<(), PlayError> {
        let end = self.stage.now() + time;
        self.stage.pass(end)?;
        Ok(())
    }

    pub(crate) fn cancel(&mut self, run: RunId) {
        let actor = self.operator();
        self.stage.stimulus(&actor, format!("cancels run {run}"));
        self.stage.fault('C', "a run is cancelled");
        self.stage.cancel(run, &actor, "cancelled by hand").ok();
    }

    pub(crate) fn until_over(&mut self, run: RunId) -> Result<(), PlayError> {
        match self.is_of_merge(run) {
            true => self.approve_until_over(run),
            false => {
                self.stage.run_until(PATIENCE, |stage| stage.is_over(run))?;
                Ok(())
            }
        }
    }

    /// The environments that production's jobs name.
    pub(crate) fn production_environments(&self) -> Vec<EnvironmentName> {
        self.survey
            .production
            .as_ref()
            .map(|production| production.environments.clone())
            .unwrap_or_default()
    }

    /// The digest that a tag of the service's repository names now.
    pub(crate) fn digest_of(&self, tag: &str) -> Option<ImageDigest> {
        self.stage
            .world
            .log
            .events()
            .iter()
            .rev()
            .find_map(|event| match &event.what {
                What::TagPut {
                    repository,
                    tag: put,
                    digest,
                    ..
                } if *repository == self.survey.repository && put == tag => Some(digest.clone()),
                _ => None,
            })
    }
}

impl Director<'_> {
    /// The commit that an image was built from.
    fn built_from(&self, wanted: &ImageDigest) -> Option<CommitSha> {
        let events = self.stage.world.log.events();
        events.iter().rev().find_map(|event| match &event.what {
            What::ImagePushed { digest, commit, .. } if digest == wanted => commit.clone(),
            _ => None,
        })
    }
}

impl Stage {
    pub(crate) fn is_over(&self, run: RunId) -> bool {
        self.world
            .hub
            .run(run)
            .is_none_or(|run| run.status == RunStatus::Completed)
    }

    /// Whether a run waits for a reviewer.
    pub(crate) fn asks(&self, run: RunId) -> bool {
        !self.is_over(run)
            && !self.world.hub.pending_deployments(run).is_empty()
            && self.jobs_running(run).is_empty()
    }

    fn jobs_running(&self, run: RunId) -> Vec<JobId> {
        let jobs = self.world.hub.jobs_of(run);
        jobs.into_iter()
            .filter(|job| {
                self.world
                    .hub
                    .job(*job)
                    .is_some_and(|job| matches!(job.state.as_str(), "queued" | "in_progress"))
            })
            .collect()
    }
}
