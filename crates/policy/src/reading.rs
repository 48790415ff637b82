//! What a reading of rules hands out: the policy, where each value comes from, and what became of
//! each statement.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::Policy;

/// Everything that the rules say, and how it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// All rules resolved.
    pub policy: Policy,
    /// Where each value of [`Reading::policy`] comes from, by its JSON pointer.
    pub provenance: BTreeMap<String, Provenance>,
    /// Every statement that was read or should have been, in the order of the sources.
    pub statements: Vec<Statement>,
    /// Pairs of statements that cannot both hold. Where there are any, the policy is not fit for use.
    pub contradictions: Vec<Contradiction>,
}

impl Reading {
    /// The values that no rule states and a convention filled in, with the convention.
    pub fn assumptions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.provenance
            .iter()
            .filter_map(|(pointer, provenance)| match provenance {
                Provenance::Assumed { why } => Some((pointer.as_str(), why.as_str())),
                _ => None,
            })
    }

    /// The statements that are about deployment and say something that no rule covers.
    pub fn not_understood(&self) -> impl Iterator<Item = &Statement> {
        self.statements
            .iter()
            .filter(|statement| statement.status == Status::NotUnderstood)
    }

    /// True when every statement in scope is understood and none contradict.
    pub fn is_clean(&self) -> bool {
        self.contradictions.is_empty() && self.not_understood().next().is_none()
    }
}

impl Serialize for Reading {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", &1)?;
        map.serialize_entry("policy", &self.policy)?;
        map.serialize_entry("provenance", &self.provenance)?;
        map.serialize_entry("statements", &self.statements)?;
        map.serialize_entry("contradictions", &self.contradictions)?;
        map.end()
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Provenance {
    /// A statement's words.
    Place(Place),
    /// No rule says it; a convention fills it in, and could be wrong.
    Assumed {
        #[serde(rename = "assumed")]
        why: String,
    },
    /// No rule asks for anything else.
    Default {
        #[serde(rename = "default")]
        why: String,
    },
}

/// Words on a line of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    pub source: String,
    /// Counted from 1.
    pub line: usize,
    /// The first character on that line, counted from 1.
    pub column: usize,
    /// The character after the last one; on the same line, or past its end.
    pub end_column: usize,
}

/// One list item, table row or sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    pub source: String,
    /// The line that it starts on, counted from 1.
    pub line: usize,
    /// The first character on that line, counted from 1.
    pub column: usize,
    /// Its bytes in the source's text.
    #[serde(skip)]
    pub span: Range<usize>,
    /// Its source text, markup included, on one line.
    pub text: String,
    pub status: Status,
    /// JSON pointers of the values that it sets.
    pub sets: Vec<String>,
    /// How lockkeeper itself would say it; where the statement is not understood, the nearest
    /// sentence that would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// What no rule accounts for: bytes in the source's text.
    #[serde(skip)]
    pub leftover: Vec<Range<usize>>,
    /// Why the status is what it is, where that is not obvious.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Read as a rule.
    Enforced,
    /// Read as a rule of which the platform can keep only a part; the note says which.
    Partial,
    /// Read as a fact that rules and pipeline build on.
    Noted,
    /// People see to it, as somebody declared with a reason and an expiry date.
    Acknowledged,
    /// About deployment, and says something that no rule covers.
    NotUnderstood,
    /// Would be a rule if it stood in a section about deployment.
    OutsideScope,
}

impl Status {
    /// The name in the JSON output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforced => "enforced",
            Self::Partial => "partial",
            Self::Noted => "noted",
            Self::Acknowledged => "acknowledged",
            Self::NotUnderstood => "not_understood",
            Self::OutsideScope => "outside_scope",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Two statements that want different values for one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// The JSON pointer of the value.
    pub pointer: String,
    pub first: Claim,
    pub second: Claim,
}

/// What one side of a [`Contradiction`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// The index of its statement in [`Reading::statements`].
    pub statement: usize,
    /// The value as it would be written.
    pub value: String,
    #[serde(flatten)]
    pub place: Place,
}
