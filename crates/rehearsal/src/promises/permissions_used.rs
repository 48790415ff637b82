//! Nothing that is granted is never used.
//!
//! No single story can tell: what one leaves unused another uses. A role is judged once all stories
//! are known, text by text of its policies: an action, or a resource, that allowed nothing in any
//! story. What no request of this world can need is left out. A wildcard grants all that it covers.

use std::collections::{BTreeMap, BTreeSet};

use crate::faults::Classes;
use lockkeeper_policy::PromiseId;
use lockkeeper_world::cloud::{PolicyDocument, modelled_actions};
use lockkeeper_world::event::{Event, What};

use super::{Breach, Judgement, Promise, Story};

pub(super) const PROMISE: Promise = Promise {
    id: PromiseId::PermissionsUsed,
    covers: Classes::A_TO_C,
    mend: "Take what the message names out of the role's policy.",
    judge,
};

fn judge(story: &Story<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let takes = |event: &Event| matches!(event.what, What::RoleTaken { .. });
    if story.events.iter().any(takes) {
        judgement.exercise();
    }
    judgement
}

/// A role's grants that no story used: its ARN, and what in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unused {
    pub(crate) role: String,
    pub(crate) what: String,
}

/// The places of a statement's texts that allowed something.
#[derive(Default)]
struct Used {
    /// With the actions that were asked for, in small letters.
    actions: BTreeMap<usize, BTreeSet<String>>,
    resources: BTreeSet<usize>,
}

/// What no story of a whole set used.
pub(crate) fn unused<'a>(stories: impl Iterator<Item = &'a [Event]>) -> Vec<Unused> {
    let mut roles: BTreeMap<&str, Vec<PolicyDocument>> = BTreeMap::new();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut used: BTreeMap<(&str, usize, usize), Used> = BTreeMap::new();
    for event in stories.flatten() {
        match &event.what {
            What::RoleKnown { role, policies, .. } => {
                roles.entry(role).or_insert_with(|| {
                    let read = policies.iter().map(PolicyDocument::read);
                    read.filter_map(Result::ok).collect()
                });
            }
            What::RoleTaken { role, .. } => {
                taken.insert(role);
            }
            What::AccessJudged {
                role,
                action,
                grants,
                ..
            } => {
                for grant in grants {
                    let key = (role.as_str(), grant.policy, grant.statement);
                    let used = used.entry(key).or_default();
                    for at in &grant.actions {
                        let asked = used.actions.entry(*at).or_default();
                        asked.insert(action.to_ascii_lowercase());
                    }
                    used.resources.extend(&grant.resources);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for (role, policies) in roles {
        if !taken.contains(role) {
            continue;
        }
        let mut tell = |what: String| {
            found.push(Unused {
                role: role.to_owned(),
                what,
            });
        };
        for (policy, document) in policies.iter().enumerate() {
            for (statement, actions, resources) in document.grants() {
                let nothing = Used::default();
                let used = used.get(&(role, policy, statement)).unwrap_or(&nothing);
                let on = resources.join(" and ");
                for (at, action) in actions.iter().enumerate() {
                    let asked = used.actions.get(&at);
                    let idle = modelled_actions(action)
                        .filter(|action| asked.is_none_or(|asked| !asked.contains(action)));
                    match (idle.count(), asked) {
                        (0, _) => {}
                        (_, None) => tell(format!("{action} on {on}")),
                        (idle, Some(asked)) => tell(format!(
                            "{idle} more actions of {action} than {} on {on}",
                            asked.iter().cloned().collect::<Vec<_>>().join(", ")
                        )),
                    }
                }
                // Where no action was used, the resources were not either.
                if used.actions.is_empty() {
                    continue;
                }
                for (at, resource) in resources.iter().enumerate() {
                    if !used.resources.contains(&at) {
                        tell(format!("{} on {resource}", actions.join(", ")));
                    }
                }
            }
        }
    }
    found
}

/// Says of a story that a role left something unused, at the step in which it took the role on; the file is
/// the caller's to add.
pub(crate) fn breach(events: &[Event], unused: &Unused) -> Option<Breach> {
    let event = events.iter().find(
        |event| matches!(&event.what, What::RoleTaken { role, .. } if *role == unused.role),
    )?;
    Some(Breach {
        message: format!(
            "the role {} never uses {}",
            super::role_name(&unused.role),
            unused.what
        ),
        run: event.caller.map(|caller| caller.run),
        file: None,
        line: event.caller.map(|caller| caller.line),
        seq: event.seq,
    })
}
