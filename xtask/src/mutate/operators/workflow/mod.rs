//! Operators over workflow files.

pub(super) mod concurrency;
pub(super) mod conditions;
pub(super) mod continue_on_error;
pub(super) mod defaults;
pub(super) mod entries;
pub(super) mod permissions;
pub(super) mod pins;
pub(super) mod swap_environment;
pub(super) mod timeouts;
pub(super) mod triggers;
