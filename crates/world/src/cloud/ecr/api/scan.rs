//! `DescribeImageScanFindings`: a basic scan on push, where the repository has it on.

use lockkeeper_names::ImageDigest;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ImageId, of_repository, registry};
use crate::app::Catalog;
use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud, timestamp};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageId,
}

pub(crate) fn complete() -> Value {
    json!({
        "status": "COMPLETE",
        "description": "The scan was completed successfully.",
    })
}

/// How many findings of each severity an image has.
pub(crate) fn counts(images: &Catalog, digest: &ImageDigest) -> Value {
    match images.get(digest) {
        Some(facts) if facts.vulnerable => json!({ "CRITICAL": 1 }),
        _ => json!({}),
    }
}

pub(crate) fn needs(_: &Cloud, request: &Request<'_>, input: &Input) -> Vec<Access> {
    let repository = &input.repository_name;
    vec![of_repository(
        "ecr:DescribeImageScanFindings",
        request,
        input.registry_id.as_deref(),
        repository,
    )]
}

pub(crate) fn handle(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: Input,
) -> Result<Value, ApiError> {
    let place = registry(request, input.registry_id.as_deref())?;
    let repository = cloud.ecr.repository(&place, &input.repository_name)?;
    let digest = input.image_id.find(repository).map_err(|(_, reason)| {
        ApiError::new(
            "ImageNotFoundException",
            format!("{reason} in the repository with name '{}'", repository.name),
        )
    })?;
    let image = repository
        .image(&digest)
        .filter(|_| repository.scan_on_push);
    let image = image.ok_or_else(|| {
        ApiError::new(
            "ScanNotFoundException",
            format!(
                "Image scan does not exist for the image with '{{imageDigest:'{digest}'}}' in the \
                 repository with name '{}' in the registry with id '{}'",
                repository.name, place.account
            ),
        )
    })?;
    let counts = counts(&cloud.images, &digest);
    let findings: Vec<_> = counts
        .as_object()
        .into_iter()
        .flatten()
        .map(|(severity, _)| {
            json!({
                "name": "CVE-0000-0000",
                "description": "The image has a vulnerability in this rehearsal.",
                "severity": severity,
            })
        })
        .collect();
    Ok(json!({
        "registryId": place.account,
        "repositoryName": repository.name,
        "imageId": { "imageDigest": digest },
        "imageScanStatus": complete(),
        "imageScanFindings": {
            "imageScanCompletedAt": timestamp::write(image.pushed_at),
            "findingSeverityCounts": counts,
            "findings": findings,
        },
    }))
}
