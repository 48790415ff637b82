//! `PutImage`

use lockkeeper_names::ImageTag;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{of_repository, registry};
use crate::cloud::ecr::{Image, Manifest};
use crate::cloud::iam::Access;
use crate::cloud::request::Request;
use crate::cloud::{ApiError, Cloud};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_manifest: String,
    image_manifest_media_type: Option<String>,
    image_tag: Option<String>,
    image_digest: Option<String>,
}

pub(crate) fn needs(_: &Cloud, request: &Request<'_>, input: &Input) -> Vec<Access> {
    let repository = &input.repository_name;
    vec![of_repository(
        "ecr:PutImage",
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
    let manifest = Manifest::parse(
        input.image_manifest.as_bytes(),
        input.image_manifest_media_type.as_deref(),
    )?;
    let tag = match &input.image_tag {
        Some(text) => Some(text.parse::<ImageTag>().map_err(|error| {
            ApiError::invalid_parameter(format!(
                "Invalid parameter at 'imageTag' failed to satisfy constraint: {error}"
            ))
        })?),
        None => None,
    };
    let digest = manifest.digest().clone();
    if let Some(given) = &input.image_digest
        && given != digest.as_str()
    {
        return Err(ApiError::new(
            "ImageDigestDoesNotMatchException",
            format!(
                "The digest {given} does not match the digest {digest} that Amazon ECR calculated \
                 for the image manifest"
            ),
        ));
    }
    let missing: Vec<_> = manifest
        .blobs()
        .iter()
        .filter(|blob| !repository.blobs.contains(*blob))
        .collect();
    if !missing.is_empty() {
        return Err(ApiError::new(
            "LayersNotFoundException",
            format!(
                "Layers with digests '{missing:?}' required for pushing image into repository \
                 with name '{}' in the registry with id '{}' do not exist",
                repository.name, place.account
            ),
        ));
    }
    let already = repository.image(&digest).is_some()
        && tag
            .as_ref()
            .is_none_or(|tag| repository.named(tag.as_str()) == Some(&digest));
    if already {
        let tag = tag.map_or("null".to_owned(), |tag| tag.to_string());
        return Err(ApiError::new(
            "ImageAlreadyExistsException",
            format!(
                "Image with digest '{digest}' and tag '{tag}' already exists in the repository \
                 with name '{}' in registry with id '{}'",
                repository.name, place.account
            ),
        ));
    }
    // The same configuration behaves the same, whatever manifest names it.
    let like = repository
        .images
        .iter()
        .find(|(_, other)| {
            other.manifest.config_digest().is_some()
                && other.manifest.config_digest() == manifest.config_digest()
        })
        .map(|(digest, other)| (digest.clone(), other.config.clone()));
    let image = Image {
        manifest: manifest.clone(),
        config: like.as_ref().and_then(|(_, config)| config.clone()),
        pushed_at: request.now,
    };
    let (_, put) = repository.put(image, tag.clone())?;
    let name = repository.name.to_string();
    if let Some(facts) = like.and_then(|(other, _)| cloud.images.get(&other).cloned()) {
        cloud.images.insert(digest.clone(), facts);
    }
    cloud.report_put(request, &name, &digest, tag.as_ref(), &put);
    let mut id = json!({ "imageDigest": digest });
    if let Some(tag) = tag {
        id["imageTag"] = json!(tag);
    }
    Ok(json!({ "image": {
        "registryId": place.account,
        "repositoryName": name,
        "imageId": id,
        "imageManifest": manifest.text(),
        "imageManifestMediaType": manifest.media_type(),
    } }))
}
