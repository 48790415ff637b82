//! Where a resource lives.

use lockkeeper_names::{AccountId, Region};
use serde::{Deserialize, Serialize};

/// An account in a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub account: AccountId,
    pub region: Region,
}

impl Place {
    /// The ARN of a resource of `service` here.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Self { account, region } = self;
        format!("arn:aws:{service}:{region}:{account}:{resource}")
    }

    /// The host of its ECR registry.
    pub fn registry(&self) -> String {
        format!("{}.dkr.ecr.{}.amazonaws.com", self.account, self.region)
    }

    /// The place of an ECR registry's host, if `host` is one.
    pub fn of_registry(host: &str) -> Option<Self> {
        let (account, rest) = host.split_once(".dkr.ecr.")?;
        Some(Self {
            account: account.parse().ok()?,
            region: rest.strip_suffix(".amazonaws.com")?.parse().ok()?,
        })
    }
}
