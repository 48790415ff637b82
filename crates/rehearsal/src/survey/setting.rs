//! The repository's settings: as the rules declare them, or as GitHub has them by default.

use std::collections::BTreeMap;

use lockkeeper_names::{EnvironmentName, SettingName};
use lockkeeper_world::hub::{
    self, BranchPolicy, Enforcement, EnvironmentSettings, PullRequestRule, RefType, Role, Ruleset,
};

use serde::{Deserialize, Serialize};

use super::Survey;
use super::names::says_production;
use crate::cast::{DEVELOPER, OPERATOR, REVIEWER, login};

/// Which settings a story is played with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Settings {
    Declared,
    Defaults,
}

impl Settings {
    /// As reports and logs write it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Settings::Declared => "declared",
            Settings::Defaults => "defaults",
        }
    }
}

impl Survey {
    /// The repository's settings for a story. `checks` are the contexts of the pull-request jobs.
    pub(crate) fn settings(&self, which: Settings, checks: &[String]) -> hub::Settings {
        let mut settings = hub::Settings::github_defaults();
        for (name, role) in [
            (DEVELOPER, Role::Write),
            (OPERATOR, Role::Admin),
            (REVIEWER, Role::Write),
        ] {
            settings.collaborators.insert(login(name), role);
        }
        settings.secrets.repository = self
            .secrets
            .keys()
            .filter_map(|name| SettingName::parse(name).ok())
            .collect();
        settings.variables.repository = self
            .variables
            .iter()
            .filter_map(|(name, value)| Some((SettingName::parse(name).ok()?, value.clone())))
            .collect();
        if which == Settings::Declared {
            settings.environments = self.declared_environments();
            settings.rulesets = vec![self.declared_ruleset(checks)];
        }
        settings
    }

    fn declared_environments(&self) -> BTreeMap<EnvironmentName, EnvironmentSettings> {
        // Rules that name no service say nothing of who approves.
        let asks = self.policy.environments.production.approval || self.policy.services.is_empty();
        let protected = |name: &EnvironmentName| asks && says_production(name.as_str());
        let settings = |name: &EnvironmentName| match protected(name) {
            true => EnvironmentSettings {
                reviewers: vec![login(REVIEWER)],
                prevent_self_review: false,
                branch_policy: BranchPolicy::Patterns(vec![(
                    self.policy.production_branch.to_string(),
                    RefType::Branch,
                )]),
                can_admins_bypass: false,
                wait_timer: 0,
            },
            false => EnvironmentSettings {
                branch_policy: BranchPolicy::Patterns(vec![(
                    self.policy.production_branch.to_string(),
                    RefType::Branch,
                )]),
                ..EnvironmentSettings::default()
            },
        };
        self.environments
            .iter()
            .map(|name| (name.clone(), settings(name)))
            .collect()
    }

    fn declared_ruleset(&self, checks: &[String]) -> Ruleset {
        Ruleset {
            name: "production branch".into(),
            branches: vec![self.policy.production_branch.to_string()],
            enforcement: Enforcement::Active,
            pull_request: self
                .policy
                .pull_request
                .required
                .then(PullRequestRule::default),
            required_checks: checks.to_vec(),
            strict: false,
            non_fast_forward: true,
            bypass: Vec::new(),
        }
    }

    /// The contexts that the declared ruleset requires: the one aggregate check of a pipeline that
    /// lockkeeper wrote, else every job of the pull-request workflows.
    pub(crate) fn required_checks(&self, contexts: &[String]) -> Vec<String> {
        const AGGREGATE: &str = "CI gate";
        match self.generated && contexts.iter().any(|context| context == AGGREGATE) {
            true => vec![AGGREGATE.to_owned()],
            false => contexts.to_vec(),
        }
    }
}
