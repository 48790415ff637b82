//! Which commit of each action the pipeline uses: ours, or a newer one that the repository has.

use std::collections::BTreeMap;

use lockkeeper_actions::{Reference, Uses, Version, compromised, pin};

/// The commit and version of each action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins {
    newer: BTreeMap<String, (String, String)>,
}

/// The line that pins an action, taken apart.
struct PinLine<'a> {
    before: &'a str,
    uses: Uses,
    version: &'a str,
}

impl Pins {
    /// Takes over the pins in `workflows` that are newer than ours: somebody keeps them up to date.
    pub fn from_workflows<'a>(workflows: impl IntoIterator<Item = &'a str>) -> Self {
        let mut newer: BTreeMap<String, (String, String)> = BTreeMap::new();
        for text in workflows {
            for line in text.lines().filter_map(PinLine::read) {
                let Some(version) = line.newer_version() else {
                    continue;
                };
                let repo = line.uses.repo.to_ascii_lowercase();
                let known = newer
                    .get(&repo)
                    .and_then(|(_, known)| Version::parse(known));
                if known.is_none_or(|known| known < version) {
                    let sha = line.uses.reference.as_str().to_owned();
                    newer.insert(repo, (sha, line.version.to_owned()));
                }
            }
        }
        Self { newer }
    }

    /// `owner/name@commit` and the version for the comment beside it.
    pub(crate) fn reference(&self, action: &str) -> (String, String) {
        match (self.newer.get(action), pin(action)) {
            (Some((sha, version)), _) => (format!("{action}@{sha}"), version.clone()),
            (None, Some(pin)) => (format!("{action}@{}", pin.sha), pin.version.clone()),
            // Every action that a workflow of ours uses is in the table; a test holds that.
            (None, None) => (action.to_owned(), "unknown".to_owned()),
        }
    }
}

impl<'a> PinLine<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let at = line.find("uses: ")? + "uses: ".len();
        let (before, rest) = line.split_at(at);
        if !before
            .trim_start()
            .trim_start_matches("- ")
            .starts_with("uses: ")
        {
            return None;
        }
        let (reference, version) = rest.split_once(" # ")?;
        let uses: Uses = reference.trim().parse().ok()?;
        matches!(uses.reference, Reference::Commit(_)).then_some(Self {
            before,
            uses,
            version: version.trim(),
        })
    }

    /// The version, if it is one to keep: newer than ours, of the table, and not known to be bad.
    fn newer_version(&self) -> Option<Version> {
        let version = Version::parse(self.version)?;
        let ours = Version::parse(&pin(&self.uses.repo)?.version)?;
        let named = Uses {
            reference: Reference::Name(self.version.to_owned()),
            ..self.uses.clone()
        };
        let clean = compromised(&self.uses).is_none() && compromised(&named).is_none();
        (version > ours && clean).then_some(version)
    }
}

/// `text` with each acceptable pin replaced by the action's name alone, so that texts which differ in
/// nothing but such pins are equal.
pub(crate) fn without_pins(text: &str) -> String {
    replace_pins(text, |line| line.is_acceptable())
}

/// The same for pins of any age: what lockkeeper wrote last year is still what it wrote.
pub(crate) fn without_any_pins(text: &str) -> String {
    replace_pins(text, |line| pin(&line.uses.repo).is_some())
}

fn replace_pins(text: &str, replaced: impl Fn(&PinLine<'_>) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches('\n');
        match PinLine::read(body) {
            Some(pinned) if replaced(&pinned) => {
                out.push_str(pinned.before);
                out.push_str(&pinned.uses.repo.to_ascii_lowercase());
                if line.ends_with('\n') {
                    out.push('\n');
                }
            }
            _ => out.push_str(line),
        }
    }
    out
}

impl PinLine<'_> {
    fn is_acceptable(&self) -> bool {
        self.newer_version().is_some()
            || pin(&self.uses.repo).is_some_and(|ours| {
                ours.sha == self.uses.reference.as_str() && ours.version == self.version
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEWER: &str = "1111111111111111111111111111111111111111";

    #[test]
    fn a_newer_pin_is_kept_and_is_no_difference() {
        let ours = pin("actions/checkout").unwrap();
        let old = format!(
            "      - uses: actions/checkout@{} # {}\n",
            ours.sha, ours.version
        );
        let new = format!("      - uses: actions/checkout@{NEWER} # v99.0.0\n");
        assert_eq!(without_pins(&old), without_pins(&new));
        let (reference, version) =
            Pins::from_workflows([new.as_str()]).reference("actions/checkout");
        assert_eq!(
            (reference, version),
            (format!("actions/checkout@{NEWER}"), "v99.0.0".into())
        );
    }

    #[test]
    fn an_older_foreign_or_unpinned_reference_is_a_difference() {
        for line in [
            format!("uses: actions/checkout@{NEWER} # v1.0.0\n"),
            format!("uses: nobody/nothing@{NEWER} # v99\n"),
            "uses: actions/checkout@v99 # v99\n".to_owned(),
        ] {
            assert_eq!(without_pins(&line), line);
            assert_eq!(Pins::from_workflows([line.as_str()]), Pins::default());
        }
    }
}
