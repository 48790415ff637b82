//! What exists before a story begins.

use lockkeeper_names::{AccountId, ImageDigest, ImageTag, RepositoryName};

use super::ecr::Image;
use super::iam::Principal;
use super::request::Request;
use super::{ApiError, Cloud, Manifest, Mutability, Place, Role, mint};
use crate::app::ImageFacts;
use crate::{Instant, Log};

impl Cloud {
    /// An ECR repository.
    pub fn create_repository(
        &mut self,
        now: Instant,
        place: &Place,
        name: &RepositoryName,
        mutability: Mutability,
    ) -> Result<(), ApiError> {
        self.ecr
            .create(place.clone(), name.clone(), mutability, now)
    }

    /// A repository's lifecycle policy (JSON), and whether images are scanned when pushed.
    pub fn configure_repository(
        &mut self,
        place: &Place,
        name: &RepositoryName,
        lifecycle_policy: Option<String>,
        scan_on_push: bool,
    ) -> Result<(), ApiError> {
        let repository = self.ecr.repository_mut(place, name.as_str())?;
        repository.lifecycle_policy = lifecycle_policy;
        repository.scan_on_push = scan_on_push;
        Ok(())
    }

    /// Puts an image made from `seed` (another seed, another digest) under all of `tags`.
    #[expect(clippy::too_many_arguments, reason = "each is one fact of the image")]
    pub fn put_image(
        &mut self,
        now: Instant,
        log: &mut Log,
        place: &Place,
        repository: &RepositoryName,
        tags: &[ImageTag],
        seed: &str,
        facts: ImageFacts,
    ) -> Result<ImageDigest, ApiError> {
        let commit = facts.commit.as_ref().map(ToString::to_string);
        let config = serde_json::json!({
            "architecture": "amd64",
            "os": "linux",
            "config": { "Labels": { "org.opencontainers.image.revision": commit, "seed": seed } },
        })
        .to_string()
        .into_bytes();
        let manifest = Manifest::build(seed, &config);
        let digest = manifest.digest().clone();
        self.images.insert(digest.clone(), facts);
        let mut names: Vec<Option<&ImageTag>> = tags.iter().map(Some).collect();
        if names.is_empty() {
            names.push(None);
        }
        for tag in names {
            let image = Image {
                manifest: manifest.clone(),
                config: Some(config.clone()),
                pushed_at: now,
            };
            let held = self.ecr.repository_mut(place, repository.as_str())?;
            let (_, put) = held.put(image, tag.cloned())?;
            let mut request = Request {
                now,
                log,
                source: None,
                place: place.clone(),
                principal: Principal::nobody(&place.account),
                access_key: String::new(),
            };
            self.report_put(&mut request, repository.as_str(), &digest, tag, &put);
        }
        Ok(digest)
    }

    /// A user's static access key, which may do everything in `account`. Answers its id.
    pub fn create_access_key(&mut self, account: &AccountId, user: &str) -> String {
        let key = format!("AKIA{}", self.mint.letters("access key", 16, mint::BASE32));
        self.use_access_key(account, user, &key);
        key
    }

    /// As [`Cloud::create_access_key`], with an id that is given.
    pub fn use_access_key(&mut self, account: &AccountId, user: &str, key: &str) {
        let principal = Principal::User {
            account: account.clone(),
            name: user.to_owned(),
            id: format!("AIDA{}", self.mint.letters("user", 17, mint::BASE32)),
        };
        self.iam.add_key(key.to_owned(), principal, None);
    }

    /// Lets an account know GitHub's OIDC provider and accept tokens for these audiences.
    pub fn trust_github(&mut self, account: &AccountId, audiences: &[&str]) {
        let audiences = audiences.iter().map(|a| (*a).to_owned()).collect();
        self.iam.add_provider(account.clone(), audiences);
    }

    /// A role that others may take on as its trust policy allows.
    pub fn create_role(&mut self, role: Role) {
        let id = format!("AROA{}", self.mint.letters("role", 17, mint::BASE32));
        self.iam.add_role(role, id);
    }
}
