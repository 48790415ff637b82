//! A run that was cancelled half way is run again.

use lockkeeper_policy::PromiseId;
use lockkeeper_world::event::What;

use super::{Needs, Scenario};
use crate::cast::{DEVELOPER, login};

pub(super) const SCENARIO: Scenario = Scenario {
    id: "rerun-staging",
    title: "a merge's run is cancelled once its image is in the registry, and somebody re-runs it",
    needs: &[Needs::Staging],
    challenges: &[
        PromiseId::GoodChangeArrives,
        PromiseId::StagingServesMerge,
        PromiseId::GreenMeansServing,
        PromiseId::AlwaysEnds,
    ],
    play: |director| {
        director.begin()?;
        let sha = director.merge("first")?;
        let Some(run) = director.staging_run(&sha) else {
            return Ok(());
        };
        let pushed = director.until_event(run, |event| {
            let by_run = event.caller.is_some_and(|caller| caller.run == run);
            by_run && matches!(event.what, What::TagPut { .. })
        })?;
        if pushed {
            director.cancel(run);
        }
        director.until_over(run)?;
        let actor = login(DEVELOPER);
        director
            .stage
            .stimulus(&actor, format!("re-runs all jobs of run {run}"));
        if director.stage.rerun(run, &actor).is_ok() {
            director.until_over(run)?;
        }
        Ok(())
    },
};
