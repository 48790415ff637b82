//! The condition keys of a request.

use std::collections::{BTreeMap, BTreeSet};

/// Condition keys with their values; keys ignore case.
#[derive(Debug, Clone, Default)]
pub struct Context {
    values: BTreeMap<String, Vec<String>>,
    /// Keys that are known to be absent, where the others may be present.
    absent: BTreeSet<String>,
    /// As well as all keys that begin so.
    without: Option<String>,
    partial: bool,
}

/// What is known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known<'a> {
    Values(&'a [String]),
    Absent,
    /// The real request may have it; this world does not know with which value.
    Nothing,
}

impl Context {
    /// A context whose other keys are absent.
    pub fn whole() -> Self {
        Self::default()
    }

    /// A context whose other keys may be present with any value.
    pub fn partial() -> Self {
        Self {
            partial: true,
            ..Self::default()
        }
    }

    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.values.insert(key.to_lowercase(), vec![value.into()]);
    }

    pub fn set_all(&mut self, key: &str, values: Vec<String>) {
        self.values.insert(key.to_lowercase(), values);
    }

    /// This key is known to be absent.
    pub fn leave_out(&mut self, key: &str) {
        self.absent.insert(key.to_lowercase());
    }

    /// All keys that begin so, other than those that are set, are absent.
    pub(crate) fn leave_out_others(&mut self, prefix: &str) {
        self.without = Some(prefix.to_lowercase());
    }

    fn lacks(&self, key: &str) -> bool {
        let prefixed = self.without.as_ref().is_some_and(|p| key.starts_with(p));
        !self.partial || prefixed || self.absent.contains(key)
    }

    /// `key` in lower case.
    pub(crate) fn get(&self, key: &str) -> Known<'_> {
        match self.values.get(key) {
            Some(values) => Known::Values(values),
            None if self.lacks(key) => Known::Absent,
            None => Known::Nothing,
        }
    }
}
