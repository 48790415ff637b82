//! One changed file, and the name by which it is known from run to run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::edit::Edit;
use super::operators::OPERATORS;
use super::source::Source;
use crate::process::Failure;

/// What names a mutant: no line number, so that it stays the same when lines move.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) file: String,
    pub(crate) operator: String,
    /// Where, by structure and the text there.
    pub(crate) context: String,
    pub(crate) before: String,
    pub(crate) after: String,
    /// Of several that are alike, which.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub(crate) nth: usize,
}

fn first() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_first(nth: &usize) -> bool {
    *nth == first()
}

pub(crate) struct Mutant {
    pub(crate) key: Key,
    /// The file as changed.
    pub(crate) text: String,
    /// Nobody would read the file any more.
    pub(crate) stillborn: bool,
}

/// Every operator at every site.
pub(crate) fn all(sources: &[Source]) -> Result<Vec<Mutant>, Failure> {
    let mut made = Vec::new();
    let mut alike: BTreeMap<Key, usize> = BTreeMap::new();
    for source in sources {
        for operator in OPERATORS {
            for edit in operator.edits(source) {
                let mut key = key(source, operator.id, &edit);
                let count = alike.entry(key.clone()).or_default();
                *count += 1;
                key.nth = *count;
                let text = edit.apply(&source.text);
                let stillborn = !source.is_read(&text)?;
                made.push(Mutant {
                    key,
                    text,
                    stillborn,
                });
            }
        }
    }
    Ok(made)
}

fn key(source: &Source, operator: &str, edit: &Edit) -> Key {
    Key {
        file: source.path.clone(),
        operator: operator.to_owned(),
        context: edit.context.clone(),
        before: edit.before.clone(),
        after: edit.after.clone(),
        nth: 1,
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Key {
            file,
            operator,
            context,
            before,
            after,
            nth,
        } = self;
        write!(f, "{operator} {file}: {context}: `{before}` → `{after}`")?;
        match nth {
            1 => Ok(()),
            _ => write!(f, " #{nth}"),
        }
    }
}
