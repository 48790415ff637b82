//! Times at which an API misbehaves.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Instant;

/// An API as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    Ecs,
    Ecr,
    Sts,
    Elbv2,
    GitHub,
}

/// How it misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ailment {
    /// Refused with a throttling error; nothing happened.
    Throttled,
    /// Refused with a 5xx; nothing happened.
    ServerError,
    /// Done, but the answer never arrives: the client sees its connection close.
    LostAnswer,
    /// Answered this much later.
    Slow(Duration),
}

/// One outage: every matching request between `from` and `until` is hit, or only the first
/// `count` of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    pub api: Api,
    /// Only this operation (`UpdateService`), or all.
    pub operation: Option<String>,
    pub ailment: Ailment,
    pub from: Instant,
    pub until: Instant,
    pub count: Option<u32>,
}

/// The outages of one schedule.
#[derive(Debug, Clone, Default)]
pub struct Outages(Vec<Outage>);

impl Outages {
    pub fn add(&mut self, outage: Outage) {
        self.0.push(outage);
    }

    /// Those that were and will be.
    pub fn all(&self) -> &[Outage] {
        &self.0
    }

    /// What hits this request, if anything; counts it.
    pub fn hit(&mut self, now: Instant, api: Api, operation: &str) -> Option<Ailment> {
        let outage = self.0.iter_mut().find(|o| {
            o.api == api
                && o.operation.as_deref().is_none_or(|only| only == operation)
                && o.from <= now
                && now < o.until
                && o.count != Some(0)
        })?;
        if let Some(count) = &mut outage.count {
            *count -= 1;
        }
        Some(outage.ailment)
    }
}
