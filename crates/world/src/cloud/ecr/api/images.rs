//! `DescribeImages` and `ListImages`

use lockkeeper_names::ImageDigest;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ImageId, of_repository, registry};
use crate::app::Catalog;
use crate::cloud::ecr::{Image, Repository};
use crate::cloud::iam::Access;
use crate::cloud::page::page;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud, timestamp};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    tag_status: Option<String>,
    image_status: Option<String>,
}

impl Filter {
    fn admits(&self, tagged: bool) -> Result<bool, ApiError> {
        let by_tag = match self.tag_status.as_deref() {
            None | Some("ANY") => true,
            Some("TAGGED") => tagged,
            Some("UNTAGGED") => !tagged,
            Some(_) => {
                return Err(ApiError::invalid_parameter(
                    "Invalid parameter at 'tagStatus'",
                ));
            }
        };
        // No image of this world is ever archived.
        let by_status = match self.image_status.as_deref() {
            None | Some("ANY" | "ACTIVE") => true,
            Some("ARCHIVED" | "ACTIVATING") => false,
            Some(_) => {
                return Err(ApiError::invalid_parameter(
                    "Invalid parameter at 'imageStatus'",
                ));
            }
        };
        Ok(by_tag && by_status)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DescribeInput {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Option<Vec<ImageId>>,
    next_token: Option<String>,
    max_results: Option<usize>,
    filter: Option<Filter>,
}

pub(crate) fn describe_needs(
    _: &Cloud,
    request: &Request<'_>,
    input: &DescribeInput,
) -> Vec<Access> {
    let repository = &input.repository_name;
    vec![of_repository(
        "ecr:DescribeImages",
        request,
        input.registry_id.as_deref(),
        repository,
    )]
}

pub(crate) fn describe(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: DescribeInput,
) -> Result<Value, ApiError> {
    let place = registry(request, input.registry_id.as_deref())?;
    let repository = cloud.ecr.repository(&place, &input.repository_name)?;
    let mut details = Vec::new();
    if let Some(ids) = &input.image_ids {
        for id in ids {
            let missing = || {
                let shown = format!(
                    "{{imageDigest:'{}', imageTag:'{}'}}",
                    id.image_digest.as_deref().unwrap_or("null"),
                    id.image_tag.as_deref().unwrap_or("null"),
                );
                ApiError::new(
                    "ImageNotFoundException",
                    format!(
                        "The image with imageId {shown} does not exist within the repository with \
                         name '{}' in the registry with id '{}'",
                        repository.name, place.account
                    ),
                )
            };
            let digest = id.find(repository).map_err(|(code, reason)| match code {
                "ImageNotFound" | "ImageTagDoesNotMatchDigest" => missing(),
                _ => ApiError::invalid_parameter(reason),
            })?;
            let image = repository.image(&digest).ok_or_else(missing)?;
            details.push(detail(repository, &digest, image, &cloud.images));
        }
        return Ok(json!({ "imageDetails": details }));
    }
    let filter = input.filter.unwrap_or_default();
    for (digest, image) in repository.images() {
        let tagged = repository.tags_of(digest).next().is_some();
        if filter.admits(tagged)? {
            details.push(detail(repository, digest, image, &cloud.images));
        }
    }
    let limit = input.max_results.unwrap_or(100);
    page(
        details,
        "imageDetails",
        limit,
        1000,
        input.next_token.as_deref(),
    )
}

fn detail(repository: &Repository, digest: &ImageDigest, image: &Image, images: &Catalog) -> Value {
    let mut detail = json!({
        "registryId": repository.place.account,
        "repositoryName": repository.name,
        "imageDigest": digest,
    });
    let tags: Vec<_> = repository.tags_of(digest).collect();
    if !tags.is_empty() {
        detail["imageTags"] = json!(tags);
    }
    detail["imageSizeInBytes"] = json!(image.manifest.size());
    detail["imagePushedAt"] = json!(timestamp::write(image.pushed_at));
    if repository.scan_on_push {
        detail["imageScanStatus"] = super::scan::complete();
        detail["imageScanFindingsSummary"] = json!({
            "imageScanCompletedAt": timestamp::write(image.pushed_at),
            "findingSeverityCounts": super::scan::counts(images, digest),
        });
    }
    detail["imageManifestMediaType"] = json!(image.manifest.media_type());
    detail["imageStatus"] = json!("ACTIVE");
    detail
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListInput {
    registry_id: Option<String>,
    repository_name: String,
    next_token: Option<String>,
    max_results: Option<usize>,
    filter: Option<Filter>,
}

pub(crate) fn list_needs(_: &Cloud, request: &Request<'_>, input: &ListInput) -> Vec<Access> {
    let repository = &input.repository_name;
    vec![of_repository(
        "ecr:ListImages",
        request,
        input.registry_id.as_deref(),
        repository,
    )]
}

pub(crate) fn list(
    cloud: &mut Cloud,
    request: &mut Request<'_>,
    input: ListInput,
) -> Result<Value, ApiError> {
    let place = registry(request, input.registry_id.as_deref())?;
    let repository = cloud.ecr.repository(&place, &input.repository_name)?;
    let filter = input.filter.unwrap_or_default();
    let mut ids = Vec::new();
    for (digest, _) in repository.images() {
        let tags: Vec<_> = repository.tags_of(digest).collect();
        if !filter.admits(!tags.is_empty())? {
            continue;
        }
        if tags.is_empty() {
            ids.push(json!({ "imageDigest": digest }));
        }
        ids.extend(
            tags.iter()
                .map(|tag| json!({ "imageDigest": digest, "imageTag": tag })),
        );
    }
    let limit = input.max_results.unwrap_or(100);
    page(ids, "imageIds", limit, 1000, input.next_token.as_deref())
}
