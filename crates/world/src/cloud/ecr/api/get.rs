//! `BatchGetImage`

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ImageId, of_repository, registry};
use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Vec<ImageId>,
    accepted_media_types: Option<Vec<String>>,
}

pub(crate) fn needs(_: &Cloud, request: &Request<'_>, input: &Input) -> Vec<Access> {
    let repository = &input.repository_name;
    vec![of_repository(
        "ecr:BatchGetImage",
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
    if !(1..=100).contains(&input.image_ids.len()) {
        return Err(ApiError::invalid_parameter(
            "Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have \
             length between 1 and 100'",
        ));
    }
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in &input.image_ids {
        let found = id.find(repository).and_then(|digest| {
            let image = repository.image(&digest);
            image.ok_or(("ImageNotFound", "Requested image not found"))
        });
        // ECR answers an OCI or Docker manifest as it was pushed: it converts none.
        let found = found.and_then(|image| match &input.accepted_media_types {
            Some(accepted) if !accepted.iter().any(|t| t == image.manifest.media_type()) => {
                Err(("ImageNotFound", "Requested image not found"))
            }
            _ => Ok(image),
        });
        match found {
            Ok(image) => {
                let mut shown = id.clone();
                shown.image_digest = Some(image.manifest.digest().to_string());
                images.push(json!({
                    "registryId": place.account,
                    "repositoryName": repository.name,
                    "imageId": shown.to_json(),
                    "imageManifest": image.manifest.text(),
                    "imageManifestMediaType": image.manifest.media_type(),
                }));
            }
            Err((code, reason)) => failures.push(json!({
                "imageId": id.to_json(),
                "failureCode": code,
                "failureReason": reason,
            })),
        }
    }
    Ok(json!({ "images": images, "failures": failures }))
}
