//! ECR: repositories, images by digest, tags that name them.

mod api;
mod data_plane;
mod expiry;
mod image_ref;
mod manifest;
mod mutability;

use std::collections::{BTreeMap, BTreeSet};

use lockkeeper_names::{AccountId, ImageDigest, ImageTag, RepositoryName};

pub(crate) use api::*;
pub(crate) use data_plane::data_plane_actions;
pub use data_plane::{Pulled, Upload};
pub use expiry::{Candidate, LifecyclePolicy};
pub use image_ref::ImageRef;
pub(crate) use manifest::digest_of;
pub use manifest::{Manifest, OCI_MANIFEST};
pub use mutability::Mutability;

use super::{ApiError, Place};
use crate::Instant;

/// An image as a repository holds it.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) manifest: Manifest,
    /// The configuration blob, where it was uploaded here.
    pub(crate) config: Option<Vec<u8>>,
    pub(crate) pushed_at: Instant,
}

#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pub(crate) place: Place,
    pub(crate) name: RepositoryName,
    pub(crate) created_at: Instant,
    pub(crate) mutability: Mutability,
    pub(crate) lifecycle: Option<Lifecycle>,
    pub(crate) scan_on_push: bool,
    images: BTreeMap<ImageDigest, Image>,
    tags: BTreeMap<ImageTag, ImageDigest>,
    /// Configurations and layers, which outlive the manifests that name them.
    blobs: BTreeSet<String>,
}

/// A repository's lifecycle policy.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle {
    /// As it was given.
    pub(crate) text: String,
    policy: LifecyclePolicy,
    /// When it is carried out next.
    due: Instant,
}

impl Lifecycle {
    pub(crate) fn new(text: String, now: Instant) -> Result<Self, ApiError> {
        let policy = LifecyclePolicy::parse(&text)?;
        Ok(Self {
            text,
            policy,
            due: now + expiry::EVERY,
        })
    }
}

/// An image that a lifecycle policy let go.
#[derive(Debug, Clone)]
pub(crate) struct Expired {
    pub(crate) repository: String,
    pub(crate) digest: ImageDigest,
    pub(crate) tags: Vec<String>,
    /// The priority of the rule.
    pub(crate) rule: u32,
}

/// What putting a manifest changed.
pub(crate) struct Put {
    pub(crate) new_image: bool,
    /// The tag's earlier digest, if the tag was new or moved.
    pub(crate) moved: Option<Option<ImageDigest>>,
}

impl Repository {
    pub(crate) fn arn(&self) -> String {
        self.place.arn("ecr", &format!("repository/{}", self.name))
    }

    pub(crate) fn uri(&self) -> String {
        format!("{}/{}", self.place.registry(), self.name)
    }

    pub(crate) fn image(&self, digest: &ImageDigest) -> Option<&Image> {
        self.images.get(digest)
    }

    /// Images, oldest push first.
    pub(crate) fn images(&self) -> Vec<(&ImageDigest, &Image)> {
        let mut all: Vec<_> = self.images.iter().collect();
        all.sort_by_key(|(_, image)| image.pushed_at);
        all
    }

    pub(crate) fn tags_of<'a>(&'a self, digest: &'a ImageDigest) -> impl Iterator<Item = &'a str> {
        self.tags
            .iter()
            .filter(move |(_, named)| *named == digest)
            .map(|(tag, _)| tag.as_str())
    }

    pub(crate) fn named(&self, tag: &str) -> Option<&ImageDigest> {
        self.tags.get(&tag.parse::<ImageTag>().ok()?)
    }

    /// Stores a manifest and lets `tag` name it, as far as the repository's mutability allows.
    pub(crate) fn put(
        &mut self,
        image: Image,
        tag: Option<ImageTag>,
    ) -> Result<(ImageDigest, Put), ApiError> {
        let digest = image.manifest.digest().clone();
        let moved = match &tag {
            None => None,
            Some(tag) => match self.tags.get(tag) {
                Some(named) if *named == digest => None,
                Some(_) if !self.mutability.may_move(tag.as_str()) => {
                    return Err(ApiError::new(
                        "ImageTagAlreadyExistsException",
                        format!(
                            "The image tag '{tag}' already exists in the '{}' repository and \
                             cannot be overwritten because the tag is immutable.",
                            self.name
                        ),
                    ));
                }
                earlier => Some(earlier.cloned()),
            },
        };
        let new_image = !self.images.contains_key(&digest);
        self.blobs.extend(image.manifest.blobs().iter().cloned());
        self.images.entry(digest.clone()).or_insert(image);
        if let Some(tag) = tag {
            self.tags.insert(tag, digest.clone());
        }
        Ok((digest, Put { new_image, moved }))
    }

    /// Lets go what the lifecycle policy says, where it is due.
    fn expire(&mut self, now: Instant) -> Vec<Expired> {
        let Some(lifecycle) = self.lifecycle.as_mut().filter(|held| held.due <= now) else {
            return Vec::new();
        };
        lifecycle.due = now + expiry::EVERY;
        let policy = lifecycle.policy.clone();
        let images: Vec<(ImageDigest, Candidate)> = self
            .images()
            .into_iter()
            .map(|(digest, image)| {
                let candidate = Candidate {
                    pushed_at: image.pushed_at,
                    tags: self.tags_of(digest).map(str::to_owned).collect(),
                };
                (digest.clone(), candidate)
            })
            .collect();
        let (digests, candidates): (Vec<_>, Vec<_>) = images.into_iter().unzip();
        let mut gone = Vec::new();
        for (at, rule) in policy.expired(now, &candidates) {
            self.remove_image(&digests[at]);
            gone.push(Expired {
                repository: self.name.to_string(),
                digest: digests[at].clone(),
                tags: candidates[at].tags.clone(),
                rule,
            });
        }
        gone
    }

    /// Takes a tag away, or an image with all its tags.
    pub(crate) fn remove_tag(&mut self, tag: &str) -> Option<ImageDigest> {
        self.tags.remove(&tag.parse::<ImageTag>().ok()?)
    }

    pub(crate) fn remove_image(&mut self, digest: &ImageDigest) -> bool {
        self.tags.retain(|_, named| named != digest);
        self.images.remove(digest).is_some()
    }
}

/// Every repository of the world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ecr {
    repositories: BTreeMap<(Place, RepositoryName), Repository>,
}

impl Ecr {
    pub(crate) fn create(
        &mut self,
        place: Place,
        name: RepositoryName,
        mutability: Mutability,
        now: Instant,
    ) -> Result<(), ApiError> {
        let key = (place.clone(), name.clone());
        if self.repositories.contains_key(&key) {
            return Err(ApiError::new(
                "RepositoryAlreadyExistsException",
                format!(
                    "The repository with name '{name}' already exists in the registry with id '{}'",
                    place.account
                ),
            ));
        }
        let repository = Repository {
            place,
            name,
            created_at: now,
            mutability,
            lifecycle: None,
            scan_on_push: false,
            images: BTreeMap::new(),
            tags: BTreeMap::new(),
            blobs: BTreeSet::new(),
        };
        self.repositories.insert(key, repository);
        Ok(())
    }

    pub(crate) fn repository(&self, place: &Place, name: &str) -> Result<&Repository, ApiError> {
        let key = key(place, name)?;
        self.repositories
            .get(&key)
            .ok_or_else(|| not_found(&place.account, name))
    }

    pub(crate) fn repository_mut(
        &mut self,
        place: &Place,
        name: &str,
    ) -> Result<&mut Repository, ApiError> {
        let key = key(place, name)?;
        self.repositories
            .get_mut(&key)
            .ok_or_else(|| not_found(&place.account, name))
    }

    pub(crate) fn in_place<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = &'a Repository> {
        self.repositories
            .values()
            .filter(move |r| r.place == *place)
    }

    /// When a lifecycle policy is carried out next.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        let lifecycles = self
            .repositories
            .values()
            .filter_map(|r| r.lifecycle.as_ref());
        lifecycles.map(|lifecycle| lifecycle.due).min()
    }

    /// Carries out the lifecycle policies that are due.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<Expired> {
        self.repositories
            .values_mut()
            .flat_map(|repository| repository.expire(now))
            .collect()
    }

    /// The digest that `image` names now, if it names an ECR image that exists.
    pub(crate) fn resolve(&self, image: &ImageRef) -> Option<ImageDigest> {
        let repository = self
            .repository(image.place.as_ref()?, &image.repository)
            .ok()?;
        match (&image.digest, &image.tag) {
            (Some(digest), _) => repository.image(digest).map(|_| digest.clone()),
            (None, Some(tag)) => repository.named(tag.as_str()).cloned(),
            (None, None) => repository.named("latest").cloned(),
        }
    }
}

fn key(place: &Place, name: &str) -> Result<(Place, RepositoryName), ApiError> {
    let name: RepositoryName = name.parse().map_err(|_| {
        ApiError::invalid_parameter(format!(
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy \
             regular expression \
             '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'' ({:?})",
            name.chars().take(80).collect::<String>()
        ))
    })?;
    Ok((place.clone(), name))
}

fn not_found(account: &AccountId, name: &str) -> ApiError {
    ApiError::new(
        "RepositoryNotFoundException",
        format!(
            "The repository with name '{name}' does not exist in the registry with id '{account}'"
        ),
    )
}
