//! What `docker` and `skopeo` ask of a registry.

use lockkeeper_names::ImageDigest;

use super::{Image, ImageRef, Manifest, Repository};
use crate::app::ImageFacts;
use crate::cloud::iam::Access;
use crate::cloud::request::{self, Proof, Request};
use crate::cloud::{ApiCaller, ApiError, Cloud, Reply};
use crate::event::What;
use crate::outage::Api;
use crate::{Instant, Log};

/// An image to push. Its layers come with it.
#[derive(Debug, Clone)]
pub struct Upload {
    pub manifest: Manifest,
    /// The configuration blob.
    pub config: Vec<u8>,
    pub facts: ImageFacts,
}

/// An image as a registry gives it.
#[derive(Debug, Clone)]
pub struct Pulled {
    pub digest: ImageDigest,
    pub manifest: Manifest,
    pub config: Option<Vec<u8>>,
    pub facts: Option<ImageFacts>,
    pub tags: Vec<String>,
}

/// What ECR documents as needed to push an image.
const PUSH: &[&str] = &[
    "ecr:BatchCheckLayerAvailability",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:BatchGetImage",
    "ecr:PutImage",
];
const PULL: &[&str] = &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

/// The actions that pushing and pulling need.
pub(crate) fn data_plane_actions() -> impl Iterator<Item = &'static str> {
    PUSH.iter().chain(PULL).copied()
}

/// What a client needs of a registry; nothing where that is not ECR.
fn needs(actions: &[&'static str], image: &ImageRef) -> Vec<Access> {
    let Some(place) = &image.place else {
        return Vec::new();
    };
    let arn = place.arn("ecr", &format!("repository/{}", image.repository));
    actions
        .iter()
        .map(|action| Access::new(action, arn.as_str()))
        .collect()
}

impl Cloud {
    /// The caller that a registry login stands for: `password` is the second half of an
    /// `authorizationToken` (what `aws ecr get-login-password` prints).
    pub fn registry_login(
        &self,
        now: Instant,
        host: &str,
        user: &str,
        password: &str,
    ) -> Result<ApiCaller, ApiError> {
        let denied = |text: &str| ApiError::new("UNAUTHORIZED", text).status(401);
        let login = self
            .logins
            .get(password)
            .filter(|_| user == "AWS")
            .ok_or_else(|| denied("authentication required"))?;
        if login.place.registry() != host {
            return Err(denied("authentication required"));
        }
        if login.expires <= now {
            return Err(ApiError::new(
                "DENIED",
                "Your authorization token has expired. Reauthenticate and try again.",
            )
            .status(403));
        }
        Ok(ApiCaller {
            access_key: Some(login.access_key.clone()),
            source: None,
            region: Some(login.place.region.clone()),
        })
    }

    /// Pushes an image under the reference's tag, or under its digest alone. Pushing the same
    /// bytes under the same tag again succeeds and changes nothing. Outages know it as ECR's
    /// operation `Push`.
    pub fn registry_push(
        &mut self,
        now: Instant,
        log: &mut Log,
        caller: &ApiCaller,
        target: &ImageRef,
        upload: Upload,
    ) -> Reply<ImageDigest> {
        let target = target.clone();
        self.registry(now, log, caller, "Push", |cloud, request| {
            cloud.authorise(request, needs(PUSH, &target))?;
            let repository = cloud.repository_of(&target)?;
            if let Some(digest) = &target.digest
                && digest != upload.manifest.digest()
            {
                return Err(ApiError::new(
                    "DIGEST_INVALID",
                    format!("provided digest did not match uploaded content: {digest}"),
                ));
            }
            let image = Image {
                manifest: upload.manifest.clone(),
                config: Some(upload.config.clone()),
                pushed_at: request.now,
            };
            let (digest, put) = repository.put(image, target.tag.clone())?;
            let name = repository.name.to_string();
            if cloud.images.get(&digest).is_none() {
                cloud.images.insert(digest.clone(), upload.facts.clone());
            }
            cloud.report_put(request, &name, &digest, target.tag.as_ref(), &put);
            Ok(digest)
        })
    }

    /// Pulls (or inspects) an image. Outages know it as ECR's operation `Pull`.
    pub fn registry_pull(
        &mut self,
        now: Instant,
        log: &mut Log,
        caller: &ApiCaller,
        source: &ImageRef,
    ) -> Reply<Pulled> {
        let source = source.clone();
        self.registry(now, log, caller, "Pull", |cloud, request| {
            cloud.authorise(request, needs(PULL, &source))?;
            let unknown = || {
                ApiError::new(
                    "MANIFEST_UNKNOWN",
                    "manifest unknown: Requested image not found",
                )
                .status(404)
            };
            cloud.repository_of(&source)?;
            let digest = cloud.ecr.resolve(&source).ok_or_else(unknown)?;
            let repository = cloud.repository_of(&source)?;
            let image = repository.image(&digest).ok_or_else(unknown)?;
            Ok(Pulled {
                manifest: image.manifest.clone(),
                config: image.config.clone(),
                tags: repository.tags_of(&digest).map(str::to_owned).collect(),
                facts: cloud.images.get(&digest).cloned(),
                digest,
            })
        })
    }

    fn registry<T>(
        &mut self,
        now: Instant,
        log: &mut Log,
        caller: &ApiCaller,
        operation: &str,
        act: impl FnOnce(&mut Self, &mut Request<'_>) -> Result<T, ApiError>,
    ) -> Reply<T> {
        request::answer(
            self,
            (now, log),
            caller,
            (Api::Ecr, operation, Proof::Login),
            |cloud, request| {
                act(cloud, request).map_err(|mut error| {
                    if error.code == "AccessDeniedException" {
                        error.code = "DENIED".to_owned();
                        error.http_status = 403;
                    }
                    if error.code == "RepositoryNotFoundException" {
                        error.code = "NAME_UNKNOWN".to_owned();
                        error.http_status = 404;
                    }
                    error
                })
            },
        )
    }

    fn repository_of(&mut self, image: &ImageRef) -> Result<&mut Repository, ApiError> {
        let place = image.place.as_ref().ok_or_else(|| {
            ApiError::not_modelled(format!("registry `{}` is not modelled", image.host))
        })?;
        self.ecr.repository_mut(place, &image.repository)
    }

    pub(crate) fn report_put(
        &self,
        request: &mut Request<'_>,
        repository: &str,
        digest: &ImageDigest,
        tag: Option<&lockkeeper_names::ImageTag>,
        put: &super::Put,
    ) {
        if put.new_image {
            let commit = self.images.get(digest).and_then(|f| f.commit.clone());
            request.event(What::ImagePushed {
                repository: repository.to_owned(),
                digest: digest.clone(),
                tag: tag.map(ToString::to_string),
                commit,
            });
        }
        if let (Some(tag), Some(previous)) = (tag, &put.moved) {
            request.event(What::TagPut {
                repository: repository.to_owned(),
                tag: tag.to_string(),
                digest: digest.clone(),
                previous: previous.clone(),
            });
        }
    }
}
