//! Image manifests: bytes that a digest names.

use lockkeeper_names::ImageDigest;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::cloud::ApiError;
use crate::cloud::mint::hex;

pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A manifest with what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    text: String,
    media_type: String,
    digest: ImageDigest,
    config: Option<String>,
    blobs: Vec<String>,
    size: u64,
}

/// The digest of some bytes.
pub(crate) fn digest_of(bytes: &[u8]) -> ImageDigest {
    let text = format!("sha256:{}", hex(&Sha256::digest(bytes)));
    match text.parse() {
        Ok(digest) => digest,
        Err(_) => unreachable!("64 hexadecimal digits are a digest"),
    }
}

impl Manifest {
    /// Reads a manifest; `media_type` where it does not name its own.
    pub fn parse(bytes: &[u8], media_type: Option<&str>) -> Result<Self, ApiError> {
        let invalid = || {
            ApiError::invalid_parameter(
                "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON \
                 syntax'",
            )
        };
        let text = std::str::from_utf8(bytes).map_err(|_| invalid())?;
        let value: Value = serde_json::from_str(text).map_err(|_| invalid())?;
        let object = value.as_object().ok_or_else(invalid)?;
        let own = object.get("mediaType").and_then(Value::as_str);
        let media_type = match (own, media_type) {
            (Some(own), Some(given)) if own != given => {
                return Err(ApiError::invalid_parameter(format!(
                    "Invalid parameter at 'imageManifestMediaType': '{given}' is not the \
                     manifest's '{own}'"
                )));
            }
            (own, given) => own.or(given).ok_or_else(|| {
                ApiError::invalid_parameter(
                    "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'the \
                     manifest has no mediaType and imageManifestMediaType is not given'",
                )
            })?,
        };
        let part = |part: &Value| {
            let digest = part.get("digest")?.as_str()?.to_owned();
            Some((
                digest,
                part.get("size").and_then(Value::as_u64).unwrap_or(0),
            ))
        };
        let config = object.get("config").and_then(part);
        let layers = object.get("layers").and_then(Value::as_array);
        let layers: Vec<_> = layers.into_iter().flatten().filter_map(part).collect();
        if config.is_none() && !object.contains_key("manifests") {
            return Err(ApiError::invalid_parameter(
                "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'it names \
                 neither a config nor manifests'",
            ));
        }
        let parts: Vec<_> = config.iter().chain(&layers).collect();
        Ok(Self {
            text: text.to_owned(),
            media_type: media_type.to_owned(),
            digest: digest_of(bytes),
            blobs: parts.iter().map(|(digest, _)| digest.clone()).collect(),
            size: parts
                .iter()
                .map(|(_, size)| *size)
                .fold(0, u64::saturating_add),
            config: config.map(|(digest, _)| digest),
        })
    }

    /// The manifest of an image with this configuration and one layer made from `seed`.
    pub fn build(seed: &str, config: &[u8]) -> Self {
        let layer = digest_of(format!("layer {seed}").as_bytes());
        let value = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": digest_of(config),
                "size": config.len(),
            },
            "layers": [{
                "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                "digest": layer,
                "size": 48_237_431,
            }],
        });
        match Self::parse(value.to_string().as_bytes(), None) {
            Ok(manifest) => manifest,
            Err(_) => unreachable!("it has a mediaType and a config"),
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    pub fn digest(&self) -> &ImageDigest {
        &self.digest
    }

    /// The digest of its configuration; an index has none.
    pub fn config_digest(&self) -> Option<&str> {
        self.config.as_deref()
    }

    pub(crate) fn blobs(&self) -> &[String] {
        &self.blobs
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }
}
