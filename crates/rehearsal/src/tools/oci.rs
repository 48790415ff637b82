//! Images as bytes: how a build makes them, how layouts and archives hold them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use lockkeeper_names::ImageDigest;
use lockkeeper_world::app::{Behaviour, ImageFacts};
use lockkeeper_world::cloud::{Manifest, OCI_MANIFEST};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Desk, FileError, Need};
use crate::commits::Gate;
use crate::machine::LocalImage;

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The digest of some bytes, as `sha256:…`.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

impl LocalImage {
    /// The manifest, where these bytes are one.
    pub(crate) fn parsed(&self) -> Option<Manifest> {
        Manifest::parse(&self.manifest, Some(OCI_MANIFEST))
            .or_else(|_| Manifest::parse(&self.manifest, None))
            .ok()
    }

    pub(crate) fn digest(&self) -> String {
        digest(&self.manifest)
    }

    /// Docker's image id: the digest of the configuration.
    pub(crate) fn id(&self) -> String {
        digest(&self.config)
    }

    pub(crate) fn config(&self) -> Value {
        serde_json::from_slice(&self.config).unwrap_or(Value::Null)
    }

    fn blobs(&self) -> impl Iterator<Item = &[u8]> {
        let layers = self.layers.iter().map(Vec::as_slice);
        [self.config.as_slice(), self.manifest.as_slice()]
            .into_iter()
            .chain(layers)
    }

    /// `index.json` of a layout with this one image.
    fn index(&self, reference: Option<&str>) -> Vec<u8> {
        let media_type = self
            .parsed()
            .map_or(OCI_MANIFEST.to_owned(), |m| m.media_type().to_owned());
        let mut entry = json!({
            "mediaType": media_type,
            "digest": self.digest(),
            "size": self.manifest.len(),
        });
        if let Some(reference) = reference {
            entry["annotations"] = json!({ "org.opencontainers.image.ref.name": reference });
        }
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [entry] });
        index.to_string().into_bytes()
    }

    fn layout_files(&self, reference: Option<&str>) -> Vec<(String, Vec<u8>)> {
        let mut files = vec![(
            "oci-layout".to_owned(),
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
        )];
        for blob in self.blobs() {
            let name = digest(blob).replace(':', "/");
            files.push((format!("blobs/{name}"), blob.to_vec()));
        }
        // Last, so that a layout with an index is whole.
        files.push(("index.json".to_owned(), self.index(reference)));
        files
    }

    /// What `docker save` writes, which is an OCI layout too.
    pub(crate) fn archive(&self, tags: &[String], reference: Option<&str>) -> Vec<u8> {
        let mut files = self.layout_files(reference);
        let path = |blob: &[u8]| format!("blobs/{}", digest(blob).replace(':', "/"));
        let layers: Vec<String> = self.layers.iter().map(|layer| path(layer)).collect();
        let manifest = json!([{
            "Config": path(&self.config),
            "RepoTags": tags,
            "Layers": layers,
        }]);
        files.push((
            "manifest.json".to_owned(),
            manifest.to_string().into_bytes(),
        ));
        tar(&files)
    }
}

/// What a build makes of the commit that the workspace holds; each build gives another digest.
pub(crate) fn build(
    desk: &mut Desk<'_>,
    platform: &str,
    labels: &BTreeMap<String, String>,
) -> LocalImage {
    desk.machine.builds += 1;
    let caller = desk.caller;
    let seed = format!(
        "run {} attempt {} job {} build {}",
        caller.run, caller.attempt, caller.job, desk.machine.builds
    );
    let commit = desk.machine.commit.clone();
    let traits = commit.as_ref().map(|sha| desk.commits.of(sha));
    let facts = ImageFacts {
        vulnerable: traits
            .as_ref()
            .is_some_and(|t| t.fails.contains(&Gate::ImageScan)),
        behaviour: traits.map_or(Behaviour::Healthy, |t| t.behaviour),
        commit,
    };
    let layer = tar(&[("app/BUILD".to_owned(), seed.into_bytes())]);
    let (os, architecture) = platform.split_once('/').unwrap_or(("linux", "amd64"));
    let config = json!({
        "created": desk.world.now().rfc3339(),
        "architecture": architecture.split('/').next().unwrap_or(architecture),
        "os": os,
        "config": { "Labels": labels },
        "rootfs": { "type": "layers", "diff_ids": [digest(&layer)] },
        "history": [{ "created_by": "COPY . . # buildkit" }],
    });
    let config = config.to_string().into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": { "mediaType": CONFIG, "digest": digest(&config), "size": config.len() },
        "layers": [{ "mediaType": LAYER, "digest": digest(&layer), "size": layer.len() }],
    });
    let image = LocalImage {
        manifest: manifest.to_string().into_bytes(),
        config,
        layers: vec![layer],
        facts,
    };
    remember(desk, &image);
    image
}

/// Lets the world know an image's facts by its digest, so that they survive its way through files.
pub(crate) fn remember(desk: &mut Desk<'_>, image: &LocalImage) {
    if let Ok(digest) = image.digest().parse::<ImageDigest>() {
        desk.world.cloud.images.insert(digest, image.facts.clone());
    }
}

/// The facts of an image that was met as bytes; none if no build here made it.
fn facts(desk: &Desk<'_>, manifest: &[u8]) -> ImageFacts {
    let known = digest(manifest)
        .parse::<ImageDigest>()
        .ok()
        .and_then(|digest| desk.world.cloud.images.get(&digest).cloned());
    known.unwrap_or(ImageFacts {
        commit: None,
        behaviour: Behaviour::Healthy,
        vulnerable: false,
    })
}

/// Writes an OCI layout directory.
pub(crate) fn write_layout(
    desk: &Desk<'_>,
    directory: &Path,
    image: &LocalImage,
    reference: Option<&str>,
) -> Result<Result<(), FileError>, Need> {
    for (name, bytes) in image.layout_files(reference) {
        if let Err(error) = desk.write_with_parents(directory.join(name), bytes)? {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

/// Reads an image out of an OCI layout directory; an error is what is wrong, in words.
pub(crate) fn read_layout(
    desk: &Desk<'_>,
    directory: &Path,
    reference: Option<&str>,
) -> Result<Result<LocalImage, String>, Need> {
    let mut read = |name: &str| -> Content {
        let path = directory.join(name);
        let answer = desk.read(&path)?;
        Ok(answer.map_err(|error| format!("open {}: {}", path.display(), lower(error))))
    };
    image_of(desk, reference, &mut read)
}

/// Reads an image out of an archive that `docker save` or a build with `type=oci` wrote.
pub(crate) fn read_archive(
    desk: &Desk<'_>,
    bytes: &[u8],
) -> Result<Result<(LocalImage, Vec<String>), String>, Need> {
    let Some(files) = untar(bytes) else {
        return Ok(Err("archive/tar: invalid tar header".to_owned()));
    };
    let mut read = |name: &str| -> Content {
        let found = files.get(name).cloned();
        Ok(found.ok_or_else(|| format!("open {name}: no such file or directory")))
    };
    let image = match image_of(desk, None, &mut read)? {
        Ok(image) => image,
        Err(error) => return Ok(Err(error)),
    };
    let tags = files
        .get("manifest.json")
        .and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok())
        .and_then(|manifest| serde_json::from_value(manifest[0]["RepoTags"].clone()).ok());
    Ok(Ok((image, tags.unwrap_or_default())))
}

/// A file of a layout, or why there is none.
type Content = Result<Result<Vec<u8>, String>, Need>;

fn image_of(
    desk: &Desk<'_>,
    reference: Option<&str>,
    read: &mut dyn FnMut(&str) -> Content,
) -> Result<Result<LocalImage, String>, Need> {
    let index = match read("index.json")? {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Err(error)),
    };
    let index: Value = match serde_json::from_slice(&index) {
        Ok(index) => index,
        Err(error) => return Ok(Err(format!("index.json: {error}"))),
    };
    let entries = index["manifests"].as_array().map(Vec::as_slice);
    let entries = entries.unwrap_or_default();
    let entry = match reference {
        None if entries.len() > 1 => {
            let text = "more than one image in oci, choose an image";
            return Ok(Err(text.to_owned()));
        }
        None => entries.first(),
        Some(name) => entries
            .iter()
            .find(|entry| entry["annotations"]["org.opencontainers.image.ref.name"] == name),
    };
    let Some(named) = entry.and_then(|entry| entry["digest"].as_str()) else {
        let name = reference.unwrap_or_default();
        return Ok(Err(format!("no descriptor found for reference \"{name}\"")));
    };
    let manifest = match read(&blob_path(named))?.and_then(|bytes| verified(bytes, named)) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Err(error)),
    };
    let parsed: Value = serde_json::from_slice(&manifest).unwrap_or(Value::Null);
    let Some(named) = parsed["config"]["digest"].as_str() else {
        return Ok(Err(
            "an image index is not modelled here, only an image".to_owned()
        ));
    };
    let config = match read(&blob_path(named))?.and_then(|bytes| verified(bytes, named)) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Err(error)),
    };
    let mut layers = Vec::new();
    for layer in parsed["layers"].as_array().into_iter().flatten() {
        let named = layer["digest"].as_str().unwrap_or_default();
        // A layer that came from a registry is only a name here.
        let Ok(bytes) = read(&blob_path(named))? else {
            continue;
        };
        match verified(bytes, named) {
            Ok(bytes) => layers.push(bytes),
            Err(error) => return Ok(Err(error)),
        }
    }
    let facts = facts(desk, &manifest);
    Ok(Ok(LocalImage {
        manifest,
        config,
        layers,
        facts,
    }))
}

/// Where a blob is in a layout. What is no digest names no file outside of it.
fn blob_path(digest: &str) -> String {
    match digest.parse::<ImageDigest>() {
        Ok(digest) => format!("blobs/{}", digest.as_str().replace(':', "/")),
        Err(_) => "blobs/invalid".to_owned(),
    }
}

fn verified(bytes: Vec<u8>, named: &str) -> Result<Vec<u8>, String> {
    match digest(&bytes) {
        found if found == named => Ok(bytes),
        found => Err(format!(
            "Digest did not match, expected {named}, got {found}"
        )),
    }
}

/// A file error as Go's programs word it.
pub(crate) fn lower(error: FileError) -> String {
    error.to_string().to_lowercase()
}

fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // Neither can fail: the names are short and relative, and the sink is memory.
        archive
            .append_data(&mut header, name, bytes.as_slice())
            .ok();
    }
    archive.into_inner().unwrap_or_default()
}

/// More than this is not read out of an archive: a header can claim any size.
const LARGEST: u64 = 1 << 28;

fn untar(bytes: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut left = LARGEST;
    for entry in tar::Archive::new(bytes).entries().ok()? {
        let entry = entry.ok()?;
        let name = entry.path().ok()?.to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.take(left).read_to_end(&mut content).ok()?;
        left = left
            .checked_sub(content.len() as u64)
            .filter(|left| *left > 0)?;
        files.insert(name.trim_start_matches("./").to_owned(), content);
    }
    Some(files)
}
