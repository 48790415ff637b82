//! Operators over the jq programs in scripts.

pub(super) mod ends;
pub(super) mod equality;
pub(super) mod logic;
pub(super) mod quantifiers;
pub(super) mod selections;
pub(super) mod words;

use super::Over;
use crate::mutate::edit::Edits;
use crate::mutate::filter::Filter;

/// Replaces each token that is one of these.
fn replace(filter: &Filter<'_, '_>, edits: &mut Edits<'_>, pairs: &[(&str, &str)]) {
    filter.lists(&mut |tokens| {
        for token in tokens {
            for (from, to) in pairs {
                if token.text == *from {
                    filter.replace(edits, token.text, to);
                }
            }
        }
    });
}
