//! How `docker` and `skopeo` reach ECR, and what its refusals mean.

use std::time::Duration;

use lockkeeper_names::ImageDigest;
use lockkeeper_world::cloud::{ApiCaller, ApiError, ImageRef, Manifest, Reply, Upload};
use lockkeeper_world::outage::Ailment;

use super::Desk;
use crate::machine::LocalImage;

/// Why an image could not be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nobody is logged in to this registry.
    NoLogin,
    /// The registry refused, with its code and words.
    Refused { code: String, message: String },
    /// A 5xx, or too many requests: another attempt may do.
    Passing(String),
    /// The connection closed before an answer came.
    NoAnswer,
    /// The registry is none of this world's.
    NotModelled(String),
}

/// An answer of the registry, and how much later than usual it comes.
pub(crate) struct Answer<T> {
    pub(crate) result: Result<T, Trouble>,
    pub(crate) late: Duration,
}

fn caller(desk: &Desk<'_>, image: &ImageRef) -> Result<ApiCaller, Trouble> {
    let Some(place) = &image.place else {
        return Err(Trouble::NotModelled(format!(
            "registry `{}`",
            if image.host.is_empty() {
                "docker.io"
            } else {
                &image.host
            }
        )));
    };
    let key = desk.machine.logins.get(&image.host);
    let key = key.ok_or(Trouble::NoLogin)?;
    Ok(ApiCaller {
        access_key: Some(key.clone()),
        source: Some(desk.caller),
        region: Some(place.region.clone()),
    })
}

fn answer<T>(reply: Reply<T>) -> Answer<T> {
    let late = match reply.ailment {
        Some(Ailment::Slow(late)) => late,
        _ => Duration::ZERO,
    };
    let result = match reply.ailment {
        Some(Ailment::LostAnswer) => Err(Trouble::NoAnswer),
        _ => reply.result.map_err(trouble),
    };
    Answer { result, late }
}

fn trouble(error: ApiError) -> Trouble {
    let ApiError {
        code,
        message,
        http_status,
    } = error;
    if code == ApiError::NOT_MODELLED {
        return Trouble::NotModelled(message);
    }
    if code.starts_with("Throttling") || http_status == 429 {
        return Trouble::Passing(format!("toomanyrequests: {message}"));
    }
    if http_status >= 500 {
        return Trouble::Passing(format!(
            "received unexpected HTTP status: {http_status} Service Unavailable"
        ));
    }
    Trouble::Refused { code, message }
}

impl Trouble {
    /// The refusal as the distribution client words it.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::NoLogin => "no basic auth credentials".to_owned(),
            Self::NoAnswer => "unexpected EOF".to_owned(),
            Self::Passing(text) => text.clone(),
            Self::NotModelled(text) => format!("lockkeeper does not model {text}"),
            Self::Refused { code, message } => {
                let kind = match code.as_str() {
                    "NAME_UNKNOWN" => "name unknown",
                    "MANIFEST_UNKNOWN" => return message.clone(),
                    "UNAUTHORIZED" => "unauthorized",
                    "ImageTagAlreadyExistsException" => "tag invalid",
                    "DIGEST_INVALID" => "digest invalid",
                    _ => "denied",
                };
                format!("{kind}: {message}")
            }
        }
    }

    /// Whether the image is simply not there.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "MANIFEST_UNKNOWN")
    }
}

/// Pushes an image under the reference's tag (`latest` if it has neither tag nor digest).
pub(crate) fn push(
    desk: &mut Desk<'_>,
    target: &ImageRef,
    image: &LocalImage,
) -> Answer<ImageDigest> {
    let at_once = |trouble| Answer {
        result: Err(trouble),
        late: Duration::ZERO,
    };
    let caller = match caller(desk, target) {
        Ok(caller) => caller,
        Err(trouble) => return at_once(trouble),
    };
    let Some(manifest) = image.parsed() else {
        return at_once(Trouble::Refused {
            code: "MANIFEST_INVALID".to_owned(),
            message: "the manifest is not valid".to_owned(),
        });
    };
    let upload = Upload {
        manifest,
        config: image.config.clone(),
        facts: image.facts.clone(),
    };
    let target = with_default_tag(target);
    let now = desk.world.now();
    let world = &mut *desk.world;
    let reply = world
        .cloud
        .registry_push(now, &mut world.log, &caller, &target, upload);
    answer(reply)
}

/// An image as the registry holds it, with the tags that name it.
pub(crate) struct Found {
    pub(crate) image: LocalImage,
    pub(crate) manifest: Manifest,
    pub(crate) tags: Vec<String>,
}

/// Pulls an image.
pub(crate) fn pull(desk: &mut Desk<'_>, source: &ImageRef) -> Answer<Found> {
    let caller = match caller(desk, source) {
        Ok(caller) => caller,
        Err(trouble) => {
            return Answer {
                result: Err(trouble),
                late: Duration::ZERO,
            };
        }
    };
    let source = with_default_tag(source);
    let now = desk.world.now();
    let world = &mut *desk.world;
    let reply = world
        .cloud
        .registry_pull(now, &mut world.log, &caller, &source);
    let Answer { result, late } = answer(reply);
    let result = result.map(|pulled| Found {
        image: LocalImage {
            manifest: pulled.manifest.text().as_bytes().to_vec(),
            config: pulled.config.unwrap_or_else(|| b"{}".to_vec()),
            layers: Vec::new(),
            facts: pulled.facts.unwrap_or(lockkeeper_world::app::ImageFacts {
                commit: None,
                behaviour: lockkeeper_world::app::Behaviour::Healthy,
                vulnerable: false,
            }),
        },
        manifest: pulled.manifest,
        tags: pulled.tags,
    });
    Answer { result, late }
}

fn with_default_tag(image: &ImageRef) -> ImageRef {
    let mut image = image.clone();
    if image.tag.is_none() && image.digest.is_none() {
        image.tag = "latest".parse().ok();
    }
    image
}

/// Logs in to a registry; what a registry other than ECR would say is not known.
pub(crate) fn login(
    desk: &mut Desk<'_>,
    host: &str,
    user: &str,
    password: &str,
) -> Result<(), Trouble> {
    let host = registry_host(host);
    if lockkeeper_world::cloud::Place::of_registry(&host).is_none() {
        desk.not_modelled(format!("login to registry `{host}`: taken as passed"));
        return Ok(());
    }
    let now = desk.world.now();
    let caller = desk
        .world
        .cloud
        .registry_login(now, &host, user, password)
        .map_err(trouble)?;
    let key = caller.access_key.unwrap_or_default();
    desk.machine.logins.insert(host, key);
    Ok(())
}

pub(crate) fn logout(desk: &mut Desk<'_>, host: &str) -> bool {
    desk.machine.logins.remove(&registry_host(host)).is_some()
}

/// `https://host/path` → `host`.
fn registry_host(text: &str) -> String {
    let text = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .unwrap_or(text);
    match text.split('/').next() {
        None | Some("") => "docker.io".to_owned(),
        Some(host) => host.to_owned(),
    }
}
