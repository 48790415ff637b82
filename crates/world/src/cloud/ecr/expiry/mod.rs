//! Lifecycle policies: which images a repository lets go.

mod read;

use std::time::Duration;

use crate::Instant;
use crate::cloud::wildcard;

/// How often the policies are carried out; ECR says "within 24 hours".
pub(crate) const EVERY: Duration = Duration::from_secs(86_400);

/// A lifecycle policy, its rules in the order of their priorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecyclePolicy {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    priority: u32,
    selection: Selection,
    limit: Limit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Selection {
    Any,
    Untagged,
    /// Each of these is matched by a tag of the image; a prefix is a pattern that ends in a star.
    Tagged(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    /// The newest this many stay.
    Count(u64),
    /// Those that were pushed longer ago go.
    Days(u64),
}

/// An image, as a lifecycle policy sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub pushed_at: Instant,
    pub tags: Vec<String>,
}

impl Selection {
    fn matches(&self, image: &Candidate) -> bool {
        match self {
            Self::Any => true,
            Self::Untagged => image.tags.is_empty(),
            Self::Tagged(patterns) => {
                !patterns.is_empty()
                    && patterns
                        .iter()
                        .all(|pattern| image.tags.iter().any(|tag| wildcard::stars(pattern, tag)))
            }
        }
    }
}

impl LifecyclePolicy {
    /// The images that expire at `now`, by their places, each with the priority of the rule that
    /// lets it go. An image that the tags of a rule match is out of reach of every later rule,
    /// which counts it nevertheless.
    pub fn expired(&self, now: Instant, images: &[Candidate]) -> Vec<(usize, u32)> {
        let mut newest: Vec<usize> = (0..images.len()).collect();
        newest.sort_by_key(|at| std::cmp::Reverse(images[*at].pushed_at));
        let mut claimed = vec![false; images.len()];
        let mut expired = Vec::new();
        for rule in &self.rules {
            let matching: Vec<usize> = newest
                .iter()
                .copied()
                .filter(|at| rule.selection.matches(&images[*at]))
                .collect();
            for (rank, at) in matching.iter().copied().enumerate() {
                let goes = match rule.limit {
                    Limit::Count(count) => rank as u64 >= count,
                    Limit::Days(days) => {
                        let age = now.since(images[at].pushed_at);
                        age > Duration::from_secs(days.saturating_mul(86_400))
                    }
                };
                if goes && !claimed[at] {
                    expired.push((at, rule.priority));
                }
            }
            for at in matching {
                claimed[at] = true;
            }
        }
        expired.sort_unstable();
        expired
    }
}
