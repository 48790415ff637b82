//! `registry/repository:tag@digest`.

use lockkeeper_names::{ImageDigest, ImageTag};

use crate::cloud::Place;

/// What an image is called in a task definition or on a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRef {
    /// The registry's host, empty where none was written (Docker Hub).
    pub host: String,
    /// The ECR registry's account and region, if the host is one.
    pub place: Option<Place>,
    pub repository: String,
    pub tag: Option<ImageTag>,
    pub digest: Option<ImageDigest>,
}

impl ImageRef {
    /// Reads a reference; `None` where it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse().ok()?)),
            None => (text, None),
        };
        let (host, path) = match rest.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
            _ => ("", rest),
        };
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag.parse().ok()?)),
            None => (path, None),
        };
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-/".contains(&b);
        if repository.is_empty() || !repository.bytes().all(plain) {
            return None;
        }
        Some(Self {
            host: host.to_owned(),
            place: Place::of_registry(host),
            repository: repository.to_owned(),
            tag,
            digest,
        })
    }
}

impl std::fmt::Display for ImageRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.host.is_empty() {
            write!(f, "{}/", self.host)?;
        }
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let text = format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1@{digest}");
        let image = ImageRef::parse(&text).unwrap();
        assert_eq!(image.place.as_ref().unwrap().region.as_str(), "eu-west-1");
        assert_eq!(image.repository, "team/app");
        assert_eq!(image.tag.as_ref().unwrap().as_str(), "v1");
        assert_eq!(image.to_string(), text);
        let image = ImageRef::parse("nginx:1.29").unwrap();
        assert_eq!(
            (image.host.as_str(), image.repository.as_str()),
            ("", "nginx")
        );
        assert_eq!(ImageRef::parse("app:la test"), None);
        assert_eq!(ImageRef::parse("app@sha256:1"), None);
        assert_eq!(ImageRef::parse(""), None);
    }
}
