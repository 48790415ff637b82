//! Whether a tag may name another image later.

use crate::cloud::wildcard;

/// A repository's `imageTagMutability`, with its exclusion filters (`*` stands for any text).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mutability {
    Mutable,
    Immutable,
    /// Immutable, except tags that a filter matches.
    ImmutableExcept(Vec<String>),
    /// Mutable, except tags that a filter matches.
    MutableExcept(Vec<String>),
}

impl Mutability {
    pub(crate) fn may_move(&self, tag: &str) -> bool {
        let excluded = |filters: &[String]| filters.iter().any(|f| wildcard::stars(f, tag));
        match self {
            Self::Mutable => true,
            Self::Immutable => false,
            Self::ImmutableExcept(filters) => excluded(filters),
            Self::MutableExcept(filters) => !excluded(filters),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Mutable => "MUTABLE",
            Self::Immutable => "IMMUTABLE",
            Self::ImmutableExcept(_) => "IMMUTABLE_WITH_EXCLUSION",
            Self::MutableExcept(_) => "MUTABLE_WITH_EXCLUSION",
        }
    }

    pub(crate) fn filters(&self) -> &[String] {
        match self {
            Self::Mutable | Self::Immutable => &[],
            Self::ImmutableExcept(filters) | Self::MutableExcept(filters) => filters,
        }
    }
}
