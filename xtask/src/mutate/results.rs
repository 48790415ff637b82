//! What became of each mutant, remembered: an interrupted run goes on where it was.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::mutant::{Key, Mutant};
use super::trial::Fate;
use crate::process::Failure;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) key: Key,
    /// Of the changed file: another text is another mutant.
    text: String,
    /// Of the lockkeeper that judged it.
    build: String,
    pub(crate) fate: Fate,
}

/// The newest result of each mutant, and the journal that they are in.
pub(crate) struct Results {
    lines: BTreeMap<(Key, String), Line>,
    journal: File,
    build: String,
    /// Whether another build's results count.
    any_build: bool,
}

impl Results {
    pub(crate) fn open(path: &Path, lockkeeper: &Path, any_build: bool) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).unwrap_or_default();
        // A line that was cut off is as if it had not been written.
        let lines = text.lines().filter_map(|line| {
            let line: Line = serde_json::from_str(line).ok()?;
            Some(((line.key.clone(), line.text.clone()), line))
        });
        let lines = lines.collect();
        let journal = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(Failure::file(path))?;
        let binary = fs::read(lockkeeper).map_err(Failure::file(lockkeeper))?;
        Ok(Self {
            lines,
            journal,
            build: hash(&binary),
            any_build,
        })
    }

    pub(crate) fn of(&self, mutant: &Mutant) -> Option<&Fate> {
        let name = (mutant.key.clone(), hash(mutant.text.as_bytes()));
        let line = self.lines.get(&name)?;
        (self.any_build || line.build == self.build).then_some(&line.fate)
    }

    pub(crate) fn add(&mut self, mutant: &Mutant, fate: Fate) -> Result<(), Failure> {
        let line = Line {
            key: mutant.key.clone(),
            text: hash(mutant.text.as_bytes()),
            build: self.build.clone(),
            fate,
        };
        let written = serde_json::to_string(&line)
            .map_err(std::io::Error::from)
            .and_then(|text| writeln!(self.journal, "{text}"));
        written.map_err(|error| Failure::Setup(format!("the journal of results: {error}")))?;
        self.lines
            .insert((line.key.clone(), line.text.clone()), line);
        Ok(())
    }

    /// The stories, those first that caught most mutants of this file.
    pub(crate) fn order<'s>(&self, file: &str, stories: &'s [String]) -> Vec<&'s str> {
        let mut caught: BTreeMap<&str, usize> = BTreeMap::new();
        for line in self.lines.values() {
            if line.key.file == file
                && let Fate::Caught { story, .. } = &line.fate
            {
                *caught.entry(story).or_default() += 1;
            }
        }
        let mut order: Vec<&str> = stories.iter().map(String::as_str).collect();
        order.sort_by_key(|story| std::cmp::Reverse(caught.get(story).copied().unwrap_or(0)));
        order
    }
}

fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
