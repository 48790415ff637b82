use std::sync::LazyLock;

use serde::Deserialize;

use crate::{Reference, Uses, Version};

/// A published action that carried foreign code for a while.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Incident {
    pub repo: String,
    /// The versions concerned, `first to last`, or one tag.
    pub versions: String,
    /// The first version that is clean again.
    pub fixed: String,
    /// Commits that carry the foreign code.
    pub shas: Vec<String>,
    pub date: String,
    /// The advisory.
    pub source: String,
    pub what: String,
}

impl Incident {
    fn covers(&self, version: Version) -> bool {
        let (first, last) = self
            .versions
            .split_once(" to ")
            .unwrap_or((&self.versions, &self.versions));
        let bound = |text| Version::parse(text);
        bound(first).is_some_and(|first| first <= version)
            && bound(last).is_some_and(|last| version <= last)
    }
}

#[derive(Deserialize)]
struct Table {
    incident: Vec<Incident>,
}

static INCIDENTS: LazyLock<Vec<Incident>> = LazyLock::new(|| {
    let table: Table = toml::from_str(include_str!("../data/compromised.toml"))
        // The table is part of the program, and a test reads it.
        .expect("the built-in table of incidents is well-formed");
    table.incident
});

pub(crate) fn concerns(repo: &str) -> bool {
    INCIDENTS
        .iter()
        .any(|incident| incident.repo.eq_ignore_ascii_case(repo))
}

/// The incident that this very reference was part of. A commit counts only if it is known to be bad.
pub fn compromised(uses: &Uses) -> Option<&'static Incident> {
    INCIDENTS
        .iter()
        .filter(|incident| incident.repo.eq_ignore_ascii_case(&uses.repo))
        .find(|incident| match &uses.reference {
            Reference::Commit(sha) => incident.shas.contains(sha),
            Reference::Name(name) => {
                Version::parse(name).is_some_and(|version| incident.covers(version))
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(text: &str) -> bool {
        compromised(&text.parse().unwrap()).is_some()
    }

    #[test]
    fn knows_bad_tags_and_bad_commits_and_nothing_else() {
        assert!(hit("aquasecurity/trivy-action@0.28.0"));
        assert!(hit("AquaSecurity/trivy-action@v0.34.2"));
        assert!(!hit("aquasecurity/trivy-action@v0.35.0"));
        assert!(hit(
            "tj-actions/changed-files@0e58ed8671d6b60d0890c21b07f8835ace038e67"
        ));
        assert!(!hit("tj-actions/changed-files@main"));
        assert!(hit("taiki-e/install-action@v2.69.2"));
        assert!(!hit("actions/checkout@v4"));
    }
}
