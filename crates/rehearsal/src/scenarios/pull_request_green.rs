//! A good change, proposed from the repository and from a fork.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};
use crate::stage::PullRequestFrom;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "pull-request-green",
    title: "a good change is proposed, once from the repository and once from a fork, and merged",
    needs: &[Needs::Pulls],
    challenges: &[PromiseId::PrHasNoCredentials],
    play: |director| {
        director.propose("second", PullRequestFrom::Fork)?;
        let pull = director.propose("first", PullRequestFrom::SameRepository)?;
        director.try_merge(pull);
        Ok(())
    },
};
