use std::fmt;
use std::str::FromStr;

use crate::Version;

/// A `uses:` that names a published action: `owner/repo[/path]@reference`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uses {
    /// `owner/repo`.
    pub repo: String,
    /// The action's folder inside the repository, where it is not the root.
    pub path: Option<String>,
    pub reference: Reference,
}

/// What follows the `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A full commit, the only reference that cannot move.
    Commit(String),
    /// A tag or branch.
    Name(String),
}

impl Reference {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Commit(text) | Self::Name(text) => text,
        }
    }

    /// The version that a tag names.
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::Commit(_) => None,
            Self::Name(name) => Version::parse(name),
        }
    }
}

/// Why a text does not name a published action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsesError {
    #[error("a local action has no owner and no version")]
    Local,
    #[error("a container image is not a published action")]
    Container,
    #[error("expected owner/repo[/path]@reference")]
    Malformed,
}

impl FromStr for Uses {
    type Err = UsesError;

    fn from_str(text: &str) -> Result<Self, UsesError> {
        if text.starts_with("./") || text.starts_with("$/") {
            return Err(UsesError::Local);
        }
        if text.starts_with("docker://") {
            return Err(UsesError::Container);
        }
        let (name, reference) = text.split_once('@').ok_or(UsesError::Malformed)?;
        let mut parts = name.splitn(3, '/');
        let (Some(owner), Some(repo)) = (parts.next(), parts.next()) else {
            return Err(UsesError::Malformed);
        };
        let word = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        let path = parts.next();
        let printable = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic());
        if !word(owner) || !word(repo) || !printable(reference) || !path.is_none_or(printable) {
            return Err(UsesError::Malformed);
        }
        let commit = reference.len() == 40 && reference.bytes().all(|b| b.is_ascii_hexdigit());
        Ok(Self {
            repo: format!("{owner}/{repo}"),
            path: path.map(str::to_owned),
            reference: if commit {
                Reference::Commit(reference.to_ascii_lowercase())
            } else {
                Reference::Name(reference.to_owned())
            },
        })
    }
}

impl fmt::Display for Uses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repo)?;
        if let Some(path) = &self.path {
            write!(f, "/{path}")?;
        }
        write!(f, "@{}", self.reference.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_repository_path_and_reference() {
        let uses: Uses = "github/codeql-action/upload-sarif@v4".parse().unwrap();
        assert_eq!(uses.repo, "github/codeql-action");
        assert_eq!(uses.path.as_deref(), Some("upload-sarif"));
        assert_eq!(uses.reference, Reference::Name("v4".into()));
        assert_eq!(uses.to_string(), "github/codeql-action/upload-sarif@v4");
        let sha = "3D3C42E5aac5ba805825da76410c181273ba90b1";
        let uses: Uses = format!("actions/checkout@{sha}").parse().unwrap();
        assert_eq!(uses.reference, Reference::Commit(sha.to_ascii_lowercase()));
    }

    #[test]
    fn tells_apart_what_is_not_a_published_action() {
        assert_eq!("./local".parse::<Uses>(), Err(UsesError::Local));
        assert_eq!("$/local".parse::<Uses>(), Err(UsesError::Local));
        assert_eq!("docker://a:1".parse::<Uses>(), Err(UsesError::Container));
        for text in [
            "", "a", "a/b", "a/b@", "/b@v1", "a /b@v1", "a/b@v 1", "a/b/@v1",
        ] {
            assert_eq!(text.parse::<Uses>(), Err(UsesError::Malformed), "{text}");
        }
    }
}
