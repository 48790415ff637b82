//! How a pipeline names images: patterns that a commit fills in.

use lockkeeper_names::CommitSha;

/// A tag with a commit in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TagPattern {
    before: String,
    /// How many digits of the commit; 40 for all.
    digits: usize,
    after: String,
}

impl Default for TagPattern {
    fn default() -> Self {
        Self {
            before: String::new(),
            digits: 40,
            after: String::new(),
        }
    }
}

impl TagPattern {
    /// The pattern of a tag that carries `sha`, or at least seven digits of it.
    pub(crate) fn find(tag: &str, sha: &CommitSha) -> Option<Self> {
        for digits in (7..=40).rev() {
            if let Some((before, after)) = tag.split_once(&sha.as_str()[..digits]) {
                return Some(Self {
                    before: before.to_owned(),
                    digits,
                    after: after.to_owned(),
                });
            }
        }
        None
    }

    pub(crate) fn of(&self, sha: &CommitSha) -> String {
        format!(
            "{}{}{}",
            self.before,
            &sha.as_str()[..self.digits],
            self.after
        )
    }
}

/// Whether a tag stays the same from run to run: it carries neither a commit nor a number that
/// counts.
pub(crate) fn is_literal(tag: &str, varying: &[String]) -> bool {
    let digits = tag.bytes().filter(u8::is_ascii_digit).count();
    digits < 8
        && varying
            .iter()
            .all(|value| value.len() < 3 || !tag.contains(value.as_str()))
}

/// Whether an environment's name says that it is production.
pub(crate) fn says_production(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| matches!(word, "production" | "prod" | "prd" | "live"))
}

/// Whether a name says that it is staging.
pub(crate) fn says_staging(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| matches!(word, "staging" | "stage" | "stg"))
}

/// A service's name without the words that say where it runs: services of one application share it.
pub(crate) fn application(name: &str) -> Vec<String> {
    const PLACES: &[&str] = &[
        "production",
        "prod",
        "prd",
        "live",
        "staging",
        "stage",
        "stg",
        "sandbox",
        "dev",
        "development",
        "test",
        "testing",
        "qa",
        "uat",
        "demo",
        "preview",
    ];
    let name = name.to_ascii_lowercase();
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty() && !PLACES.contains(word))
        .map(str::to_owned)
        .collect()
}

/// Whether an input's name says that it takes an image's tag.
pub(crate) fn says_tag(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "tag", "image", "version", "sha", "commit", "release", "digest",
    ]
    .iter()
    .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let sha: CommitSha = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let other: CommitSha = "f".repeat(40).parse().unwrap();
        let pattern = TagPattern::find("verified-0123456", &sha).unwrap();
        assert_eq!(pattern.of(&other), "verified-fffffff");
        assert_eq!(
            TagPattern::find(sha.as_str(), &sha),
            Some(TagPattern::default())
        );
        assert_eq!(TagPattern::find("latest", &sha), None);
        assert!(is_literal("production-latest", &[]) && !is_literal("20260302090000", &[]));
        assert!(!is_literal("run-1001", &["1001".to_owned()]));
        assert_eq!(application("shop-prod"), application("staging_Shop"));
        assert_ne!(application("shop-web"), application("shop-api"));
        assert!(says_production("eu-prod") && !says_production("products"));
    }
}
