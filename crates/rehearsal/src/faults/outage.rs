//! What the faults of APIs have in common: a time in which requests are hit.

use std::time::Duration;

use lockkeeper_world::outage::{Ailment, Api, Outage};

use super::{Amount, Class, Fault, api_name};
use crate::stage::Stage;

/// The longest outage of class A.
pub(super) const LONGEST: u32 = 90;
pub(super) const SECONDS: Amount = Amount {
    usual: LONGEST,
    most: 3600,
};
/// Two outages nearer to each other than this leave a retry no room between them.
const APART: Duration = Duration::from_secs(60);

impl Fault {
    /// Begins an outage that hits every request for the fault's seconds.
    pub(super) fn break_api(&self, stage: &mut Stage, ailment: Ailment, does: &str) {
        let Some(api) = self.api else { return };
        let text = format!("{} {does} for {} s", api_name(api), self.seconds());
        let now = stage.now();
        let until = now + Duration::from_secs(self.seconds());
        let known = stage.outages(api).all();
        let mut from = now;
        let mut end = until;
        for other in known
            .iter()
            .filter(|other| other.api == api && other.count.is_none())
        {
            if other.from < end + APART && from < other.until + APART {
                from = from.min(other.from);
                end = end.max(other.until);
            }
        }
        let together = end.since(from) > Duration::from_secs(LONGEST.into());
        let class = if together { Class::E } else { self.class() };
        stage.fault(class.letter(), text);
        stage.outages(api).add(Outage {
            api,
            operation: None,
            ailment,
            from: now,
            until,
            count: None,
        });
    }

    /// Hits the next request only.
    pub(super) fn break_next(&self, stage: &mut Stage, ailment: Ailment, text: String) {
        let Some(api) = self.api else { return };
        stage.fault(self.class().letter(), text);
        let now = stage.now();
        stage.outages(api).add(Outage {
            api,
            operation: None,
            ailment,
            from: now,
            until: now + Duration::from_secs(24 * 3600),
            count: Some(1),
        });
    }
}

impl Stage {
    pub(super) fn outages(&mut self, api: Api) -> &mut lockkeeper_world::outage::Outages {
        match api {
            Api::GitHub => &mut self.world.hub.outages,
            _ => &mut self.world.cloud.outages,
        }
    }
}
