//! A good change, proposed from the repository and from a fork.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};
use crate::director::PlayError;
use crate::stage::PullRequestFrom;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "pull-request-green",
    title: "a good change is proposed, once from the repository and once from a fork, and merged",
    needs: &[Needs::Pulls],
    challenges: &[PromiseId::PrHasNoCredentials, PromiseId::GoodChangeArrives],
    play: |director| {
        director.begin()?;
        director.propose("second", PullRequestFrom::Fork)?;
        let pull = director.propose("first", PullRequestFrom::SameRepository)?;
        match director.try_merge(pull) {
            Some(sha) => director.await_runs_of(&sha),
            None => Err(PlayError::NotPlayable(
                "GitHub did not let a good change merge: its required checks did not pass".into(),
            )),
        }
    },
};
