//! Changes that fail one gate each, and that somebody tries to merge all the same.

use lockkeeper_policy::PromiseId;

use super::{Needs, Scenario};
use crate::cast::{DEVELOPER, login};
use crate::commits::Gate;
use crate::promises::wanted_gates;
use crate::stage::PullRequestFrom;

pub(super) const SCENARIO: Scenario = Scenario {
    id: "pull-request-red",
    title: "for each gate of the rules, a change that fails it is proposed, and somebody tries to merge it; then somebody pushes to the branch directly",
    needs: &[Needs::Pulls],
    challenges: &[PromiseId::MergeGated, PromiseId::PrHasNoCredentials],
    play: |director| {
        director.begin()?;
        for gate in wanted_gates(&director.survey.policy) {
            let name = match gate {
                Gate::Lint => "fails-lint",
                Gate::TypeCheck => "fails-type-check",
                Gate::Test => "fails-tests",
                Gate::Coverage => "fails-coverage",
                Gate::ImageBuild => "fails-image-build",
                Gate::ImageScan => "fails-image-scan",
            };
            let pull = director.propose(name, PullRequestFrom::SameRepository)?;
            director.try_merge(pull);
        }
        if director.survey.policy.pull_request.required
            && let Some(sha) = director.stage.repository.change("first").cloned()
        {
            let actor = login(DEVELOPER);
            director
                .stage
                .stimulus(&actor, "pushes to the branch, past all pull requests");
            director.stage.push_directly(&sha, &actor).ok();
        }
        Ok(())
    },
};
