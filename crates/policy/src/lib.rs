//! Deployment rules in prose → [`Policy`].

mod policy;
mod promise;
mod reading;

pub use policy::{
    Ci, Environment, Environments, ImageScan, Policy, PullRequest, Rollback, RollbackMethod,
    RollbackTrigger, Scanner, Service, Severity, Trigger,
};
pub use promise::{PromiseId, UnknownPromise};
pub use reading::{Claim, Contradiction, Place, Provenance, Reading, Statement, Status};
