//! What the documentation says about each rule.

use crate::rules::recognisers;

/// One kind of rule: what it means, and sentences that are and are not read as it.
#[derive(Debug, Clone, Copy)]
pub struct RuleReference {
    pub title: &'static str,
    pub meaning: &'static str,
    /// Sentences that are read; the first is close to how lockkeeper itself says it.
    pub examples: &'static [&'static str],
    /// Sentences that look alike and are not read.
    pub near_misses: &'static [&'static str],
}

/// Every rule, in the order in which prose is written.
pub fn rules() -> impl Iterator<Item = RuleReference> {
    recognisers().iter().map(|recogniser| RuleReference {
        title: recogniser.title,
        meaning: recogniser.meaning,
        examples: recogniser.examples,
        near_misses: recogniser.near_misses,
    })
}
