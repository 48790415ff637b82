//! Whether a tag may name another image later.

use crate::cloud::{ApiError, wildcard};

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

/// The most filters that a repository may have.
const MOST_FILTERS: usize = 5;

impl Mutability {
    /// Reads a repository's `imageTagMutability` and its exclusion filters, each with its type.
    pub fn read(setting: &str, filters: Option<&[(&str, &str)]>) -> Result<Self, ApiError> {
        let invalid = |what: &str| {
            ApiError::invalid_parameter(format!(
                "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy \
                 constraint: '{what}'"
            ))
        };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._*-".contains(&byte);
        for (filter, kind) in filters.unwrap_or_default() {
            if *kind != "WILDCARD" {
                return Err(invalid("filterType is WILDCARD"));
            }
            if !(1..=128).contains(&filter.len()) || !filter.bytes().all(allowed) {
                return Err(invalid(
                    "a filter has 1 to 128 letters, digits and characters out of ._*-",
                ));
            }
            if filter.matches('*').count() > 2 {
                return Err(invalid("a filter has at most two wildcards"));
            }
        }
        let texts = || {
            let filters = filters.unwrap_or_default();
            match (1..=MOST_FILTERS).contains(&filters.len()) {
                true => Ok(filters.iter().map(|(text, _)| (*text).to_owned()).collect()),
                false => Err(invalid("there are 1 to 5 filters")),
            }
        };
        match (setting, filters) {
            ("MUTABLE", None) => Ok(Self::Mutable),
            ("IMMUTABLE", None) => Ok(Self::Immutable),
            ("MUTABLE" | "IMMUTABLE", Some(_)) => Err(invalid(
                "filters are given with MUTABLE_WITH_EXCLUSION or IMMUTABLE_WITH_EXCLUSION only",
            )),
            ("MUTABLE_WITH_EXCLUSION", _) => Ok(Self::MutableExcept(texts()?)),
            ("IMMUTABLE_WITH_EXCLUSION", _) => Ok(Self::ImmutableExcept(texts()?)),
            (other, _) => Err(ApiError::invalid_parameter(format!(
                "Invalid parameter at 'imageTagMutability': '{other}' is no setting"
            ))),
        }
    }

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
