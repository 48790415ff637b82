use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The commit that a version of an action is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pin {
    /// `owner/name`.
    #[serde(skip)]
    pub repo: String,
    /// The tag, as the project writes it: `v7.0.1`.
    pub version: String,
    /// The commit's 40 hexadecimal digits.
    pub sha: String,
    /// The commit's date, `YYYY-MM-DD`.
    pub committed: String,
}

static PINS: LazyLock<BTreeMap<String, Pin>> = LazyLock::new(|| {
    let table: BTreeMap<String, Pin> = toml::from_str(include_str!("../data/pins.toml"))
        // The table is part of the program, and a test reads it.
        .expect("the built-in table of pins is well-formed");
    table
        .into_iter()
        .map(|(repo, pin)| (repo.to_ascii_lowercase(), Pin { repo, ..pin }))
        .collect()
});

/// The pin of `repo` (`owner/name`, in any case), where the table has one.
pub fn pin(repo: &str) -> Option<&'static Pin> {
    PINS.get(&repo.to_ascii_lowercase())
}

/// Every pin, by repository.
pub fn pins() -> impl Iterator<Item = &'static Pin> {
    PINS.values()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pin_is_a_full_commit_of_a_dated_version() {
        assert!(pins().count() > 20);
        for pin in pins() {
            assert_eq!(pin.sha.len(), 40, "{pin:?}");
            assert!(pin.sha.bytes().all(|b| b.is_ascii_hexdigit()), "{pin:?}");
            assert_eq!(pin.committed.len(), 10, "{pin:?}");
            assert!(!pin.version.is_empty(), "{pin:?}");
        }
    }

    #[test]
    fn no_pin_is_compromised() {
        for pin in pins() {
            for reference in [&pin.sha, &pin.version] {
                let uses = format!("{}@{reference}", pin.repo).parse().unwrap();
                assert_eq!(crate::compromised(&uses), None, "{pin:?}");
            }
        }
    }

    #[test]
    fn case_does_not_matter() {
        assert_eq!(pin("Actions/Checkout"), pin("actions/checkout"));
        assert_eq!(pin("nobody/nothing"), None);
    }
}
