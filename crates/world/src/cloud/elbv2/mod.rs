//! The load balancer: target groups, their targets' health, and what users reach through it.

pub(crate) mod answer;
pub(crate) mod describe;

pub use answer::WebAnswer;
