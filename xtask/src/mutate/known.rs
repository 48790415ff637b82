//! The mutants that no rehearsal can or does catch, each with the reason: `xtask/mutate/*.toml`.

use std::collections::BTreeSet;
use std::fs;

use serde::Deserialize;

use super::mutant::{Key, Mutant};
use crate::process::Failure;
use crate::tree::root;

/// Listed mutants, by what they are.
pub(crate) struct Known {
    pub(crate) equivalent: Vec<Listed>,
    pub(crate) survivor: Vec<Listed>,
}

/// An entry: what it leaves out may be anything.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listed {
    /// One or several operators; `script-*` stands for all that begin so.
    operators: Vec<String>,
    /// Operators that it is not about all the same.
    #[serde(default)]
    but_not: Vec<String>,
    file: Option<String>,
    /// A part of the context; several must all be in it.
    #[serde(default)]
    context: Vec<String>,
    before: Option<String>,
    after: Option<String>,
    nth: Option<usize>,
    pub(crate) reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mutant: Vec<Listed>,
}

impl Known {
    pub(crate) fn read() -> Result<Self, Failure> {
        Ok(Self {
            equivalent: listed("equivalents.toml")?,
            survivor: listed("survivors.toml")?,
        })
    }

    pub(crate) fn equivalent(&self, key: &Key) -> Option<&Listed> {
        self.equivalent.iter().find(|listed| listed.is(key))
    }

    pub(crate) fn survivor(&self, key: &Key) -> Option<&Listed> {
        self.survivor.iter().find(|listed| listed.is(key))
    }

    /// Entries that are about no mutant any more, or only about some that another entry is about.
    pub(crate) fn idle(&self, mutants: &[Mutant]) -> Vec<String> {
        let mut idle = Vec::new();
        let all = [
            ("equivalents.toml", &self.equivalent),
            ("survivors.toml", &self.survivor),
        ];
        let mut taken: BTreeSet<&Key> = BTreeSet::new();
        for (file, entries) in all {
            for entry in entries {
                let mut any = false;
                for mutant in mutants.iter().filter(|mutant| entry.is(&mutant.key)) {
                    any |= taken.insert(&mutant.key);
                }
                if !any {
                    idle.push(format!("{file}: {:?}: {}", entry.operators, entry.reason));
                }
            }
        }
        idle
    }
}

fn listed(name: &str) -> Result<Vec<Listed>, Failure> {
    let path = root().join("xtask/mutate").join(name);
    let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
    let file: File = toml::from_str(&text)
        .map_err(|error| Failure::Setup(format!("{}: {error}", path.display())))?;
    Ok(file.mutant)
}

impl Listed {
    fn is(&self, key: &Key) -> bool {
        let named = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => key.operator.starts_with(start),
            None => *pattern == key.operator,
        };
        let same = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|w| w == is);
        self.operators.iter().any(named)
            && !self.but_not.contains(&key.operator)
            && same(&self.file, &key.file)
            && same(&self.before, &key.before)
            && same(&self.after, &key.after)
            && self.nth.is_none_or(|nth| nth == key.nth)
            && self.context.iter().all(|part| key.context.contains(part))
    }
}
