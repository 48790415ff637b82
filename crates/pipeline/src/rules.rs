//! Where a value of the policy comes from, for headers, messages and the traceability table.

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_policy::{Provenance, Reading};

#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    reading: &'a Reading,
}

impl<'a> Rules<'a> {
    pub(crate) fn new(reading: &'a Reading) -> Self {
        Self { reading }
    }

    pub(crate) fn reading(&self) -> &'a Reading {
        self.reading
    }

    /// `CLAUDE.md:5`, or where the value comes from if no statement says it.
    pub(crate) fn place(&self, pointer: &str) -> String {
        match self.reading.provenance.get(pointer) {
            Some(Provenance::Place(place)) => format!("{}:{}", place.source, place.line),
            Some(Provenance::Assumed { .. }) => "an assumption".to_owned(),
            Some(Provenance::Default { .. }) => "a default".to_owned(),
            None => "the policy".to_owned(),
        }
    }

    /// The lines that set any value below one of `pointers`: `CLAUDE.md lines 5, 7 and AGENTS.md line 2`.
    pub(crate) fn lines(&self, pointers: &[&str]) -> String {
        let mut sources: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (pointer, provenance) in &self.reading.provenance {
            let below = pointers.iter().any(|prefix| {
                pointer == prefix
                    || pointer
                        .strip_prefix(prefix)
                        .is_some_and(|rest| rest.starts_with('/'))
            });
            if let (true, Provenance::Place(place)) = (below, provenance) {
                sources.entry(&place.source).or_default().insert(place.line);
            }
        }
        let parts: Vec<String> = sources
            .iter()
            .map(|(source, lines)| {
                let numbers: Vec<String> = lines.iter().map(ToString::to_string).collect();
                let word = if numbers.len() == 1 { "line" } else { "lines" };
                format!("{source} {word} {}", numbers.join(", "))
            })
            .collect();
        if parts.is_empty() {
            "defaults alone".to_owned()
        } else {
            parts.join(" and ")
        }
    }
}
