//! Deployment rules in prose → [`Policy`].

mod policy;

pub use policy::{
    Ci, Environment, Environments, ImageScan, Policy, PullRequest, Rollback, RollbackMethod,
    RollbackTrigger, Scanner, Service, Severity, Trigger,
};
