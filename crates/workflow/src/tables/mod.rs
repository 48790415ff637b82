//! What GitHub's own packages say of the workflow language, as tables.
//!
//! They are made by `cargo xtask language-tables`; [`packages`] says from what. The differences
//! between the packages and GitHub are laid over them, see `data/differences.json`.
//!
//! ```
//! use lockkeeper_workflow::tables;
//!
//! let event = tables::event("release").ok_or("no such event")?;
//! assert!(event.types.contains(&"published"));
//! assert!(tables::context_members("runner").contains(&"tool_cache"));
//! let push = tables::Payload::of("push", "default").ok_or("no payload")?;
//! assert!(push.member("head_commit").and_then(|c| c.member("id")).is_some());
//! assert!(push.member("pull_request").is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod payload;

use crate::expr::{FunctionRule, Scope};
use crate::model::Access;
use crate::permissions::Grant;

pub use payload::Payload;

/// An npm package that tables are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package {
    /// The name.
    pub name: &'static str,
    /// The version.
    pub version: &'static str,
    /// The day of its release, `YYYY-MM-DD`.
    pub published: &'static str,
}

/// An event of `on`, with what may stand under it
/// (<https://docs.github.com/actions/reference/events-that-trigger-workflows>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRule {
    /// The name.
    pub name: &'static str,
    /// Filters and other keys. GitHub passes over filters that an event does not have.
    pub keys: &'static [&'static str],
    /// Activity types; empty where the event has none or takes any.
    pub types: &'static [&'static str],
    /// The types that apply where the workflow names none; empty for all.
    pub default_types: &'static [&'static str],
}

/// Constants that `build.rs` makes.
#[allow(dead_code)]
mod made {
    use super::*;

    include!(concat!(env!("OUT_DIR"), "/tables.rs"));
}

pub(crate) use made::{
    CONDITIONAL, CONTEXT_NAMES, EVENTS, FUNCTIONS, SCOPES, action_keys, action_places,
    action_values, workflow_keys, workflow_places,
};

/// The packages that the tables are made from, in their versions.
pub fn packages() -> &'static [Package] {
    made::PACKAGES
}

/// All events of `on`.
pub fn events() -> &'static [EventRule] {
    EVENTS
}

/// The event of a name.
pub fn event(name: &str) -> Option<&'static EventRule> {
    EVENTS.iter().find(|e| e.name == name)
}

/// The scopes of `permissions` with what each can be given besides `none`
/// (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#permissions>).
pub fn permissions() -> impl Iterator<Item = (&'static str, &'static [Access])> {
    SCOPES.iter().map(|(name, grant)| {
        let levels: &[Access] = match grant {
            Grant::Any => &[Access::Read, Access::Write],
            Grant::WriteOnly => &[Access::Write],
            Grant::ReadOnly => &[Access::Read],
        };
        (*name, levels)
    })
}

/// The contexts
/// (<https://docs.github.com/actions/reference/contexts-reference>).
pub fn contexts() -> &'static [&'static str] {
    CONTEXT_NAMES
}

/// Members of a context that are the same in every workflow, such as `sha` of `github`; those with
/// a dot are members of members. Empty where the workflow decides them, as for `env`.
pub fn context_members(context: &str) -> &'static [&'static str] {
    let found = made::CONTEXTS.iter().find(|(name, _)| *name == context);
    found.map_or(&[], |(_, members)| members)
}

/// Functions of every expression; for those of some places see [`Scope::functions`].
pub fn functions() -> &'static [FunctionRule] {
    FUNCTIONS
}

/// Labels of GitHub's own runners that GitHub's editor suggests for `runs-on`; larger runners and
/// self-hosted ones have others.
pub fn runner_labels() -> &'static [&'static str] {
    made::RUNNER_LABELS
}

/// Values of `runs.using` of an action.
pub fn action_using() -> &'static [&'static str] {
    action_values::USING
}

/// Values of `branding.icon` of an action.
pub fn branding_icons() -> &'static [&'static str] {
    action_values::BRANDING_ICON
}

/// Values of `branding.color` of an action.
pub fn branding_colors() -> &'static [&'static str] {
    action_values::BRANDING_COLOR
}
