//! Operators over the CloudFormation template.

pub(super) mod actions;
pub(super) mod conditions;
pub(super) mod effects;
pub(super) mod lifecycle;
pub(super) mod resources;
pub(super) mod statements;
pub(super) mod swap_environment;
pub(super) mod tags;
