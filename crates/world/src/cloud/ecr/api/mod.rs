//! ECR's operations.

pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod images;
pub(crate) mod lifecycle;
pub(crate) mod put;
pub(crate) mod repositories;
pub(crate) mod scan;
pub(crate) mod token;

use lockkeeper_names::ImageDigest;
use serde::Deserialize;

use super::Repository;
use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Place};

/// An image as requests name it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ImageId {
    pub(crate) image_digest: Option<String>,
    pub(crate) image_tag: Option<String>,
}

impl ImageId {
    fn to_json(&self) -> serde_json::Value {
        let mut id = serde_json::Map::new();
        if let Some(digest) = &self.image_digest {
            id.insert("imageDigest".into(), digest.as_str().into());
        }
        if let Some(tag) = &self.image_tag {
            id.insert("imageTag".into(), tag.as_str().into());
        }
        id.into()
    }

    /// The image, or the code and reason of an entry of `failures`.
    fn find(&self, repository: &Repository) -> Result<ImageDigest, (&'static str, &'static str)> {
        const NOT_FOUND: (&str, &str) = ("ImageNotFound", "Requested image not found");
        let digest = match &self.image_digest {
            Some(text) => Some(text.parse::<ImageDigest>().map_err(|_| {
                (
                    "InvalidImageDigest",
                    "Invalid request parameters: image digest should satisfy the regex \
                     '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
                )
            })?),
            None => None,
        };
        match (digest, &self.image_tag) {
            (None, None) => Err((
                "MissingDigestAndTag",
                "Invalid request parameters: both tag and digest cannot be null",
            )),
            (Some(digest), None) => match repository.image(&digest) {
                Some(_) => Ok(digest),
                None => Err(NOT_FOUND),
            },
            (None, Some(tag)) => repository.named(tag).cloned().ok_or(NOT_FOUND),
            (Some(digest), Some(tag)) => match repository.named(tag) {
                Some(named) if *named == digest => Ok(digest),
                _ if repository.image(&digest).is_none() => Err(NOT_FOUND),
                _ => Err((
                    "ImageTagDoesNotMatchDigest",
                    "Requested image tag does not match the digest",
                )),
            },
        }
    }
}

/// The registry that a request is about: its own account's unless `registryId` says otherwise.
fn registry(request: &Request<'_>, registry_id: Option<&str>) -> Result<Place, ApiError> {
    let mut place = request.place.clone();
    if let Some(id) = registry_id {
        place.account = id.parse().map_err(|_| {
            ApiError::invalid_parameter("Invalid parameter at 'registryId': 12 digits are expected")
        })?;
    }
    Ok(place)
}

/// An action on a repository, which may be another account's.
pub(crate) fn of_repository(
    action: &'static str,
    request: &Request<'_>,
    registry_id: Option<&str>,
    name: &str,
) -> Access {
    let account = registry_id.unwrap_or(request.place.account.as_str());
    let region = &request.place.region;
    Access::new(
        action,
        format!("arn:aws:ecr:{region}:{account}:repository/{name}"),
    )
}
