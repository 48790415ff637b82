//! `BatchDeleteImage`

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
}

pub(crate) fn needs(_: &Cloud, request: &Request<'_>, input: &Input) -> Vec<Access> {
    let repository = &input.repository_name;
    vec![of_repository(
        "ecr:BatchDeleteImage",
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
    let repository = cloud.ecr.repository_mut(&place, &input.repository_name)?;
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for id in &input.image_ids {
        match id.find(repository) {
            Ok(digest) => {
                let tags: Vec<String> = match &id.image_tag {
                    Some(tag) => vec![tag.clone()],
                    None => repository.tags_of(&digest).map(str::to_owned).collect(),
                };
                if let Some(tag) = &id.image_tag {
                    repository.remove_tag(tag);
                }
                // An image goes with its last tag, or when it is named by digest.
                if id.image_tag.is_none() || repository.tags_of(&digest).next().is_none() {
                    repository.remove_image(&digest);
                }
                if tags.is_empty() {
                    deleted.push(json!({ "imageDigest": digest }));
                }
                deleted.extend(
                    tags.iter()
                        .map(|tag| json!({ "imageDigest": digest, "imageTag": tag })),
                );
            }
            Err((code, reason)) => failures.push(json!({
                "imageId": id.to_json(),
                "failureCode": code,
                "failureReason": reason,
            })),
        }
    }
    Ok(json!({ "imageIds": deleted, "failures": failures }))
}
