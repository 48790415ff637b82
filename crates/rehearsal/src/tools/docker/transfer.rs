//! `docker push` and `pull`, and the commands that look at or retag what a registry holds.

use std::time::Duration;

use lockkeeper_world::app::{Behaviour, ImageFacts};
use lockkeeper_world::cloud::ImageRef;
use serde_json::{Value, json};

use super::super::ending::not_modelled;
use super::super::registry::{self, Trouble};
use super::super::{Need, Progress, go_template, oci};
use super::{Command, find, key, name};
use crate::machine::LocalImage;

/// How often `docker push` tries.
const PUSH_ATTEMPTS: u32 = 5;

impl Command<'_, '_> {
    pub(super) fn push(mut self) -> Result<Progress, Need> {
        let known = &["--all-tags -a"];
        let read = match self.read(
            "docker push",
            known,
            &["--quiet -q", "--disable-content-trust"],
        ) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        let [text] = read.words.as_slice() else {
            let text = "docker: 'docker push' requires 1 argument";
            return Ok(self.fail(text));
        };
        let target = match self.reference(text) {
            Ok(target) => target,
            Err(end) => return Ok(end),
        };
        let targets: Vec<ImageRef> = if read.has("--all-tags") {
            let prefix = format!("{}:", name(&target));
            let held = self.desk.machine.images.keys();
            held.filter(|held| held.starts_with(&prefix))
                .filter_map(|held| ImageRef::parse(held))
                .collect()
        } else {
            vec![target.clone()]
        };
        let held = targets.iter().map(|target| {
            let image = find(self.desk.machine, &key(target)).cloned();
            image.map(|image| (target.clone(), image))
        });
        let Some(pushed) = held
            .collect::<Option<Vec<_>>>()
            .filter(|pushed| !pushed.is_empty())
        else {
            self.desk.out(format!(
                "The push refers to repository [{}]\n",
                name(&target)
            ));
            return Ok(self.fail(format!(
                "An image does not exist locally with the tag: {}",
                name(&target)
            )));
        };
        if !self.waited() {
            self.desk.out(format!(
                "{}The push refers to repository [{}]\n",
                if target.tag.is_none() && !read.has("--all-tags") {
                    "Using default tag: latest\n"
                } else {
                    ""
                },
                name(&target)
            ));
            return Ok(Progress::Sleep(self.desk.world.durations().image_push));
        }
        self.push_all(&pushed)
    }

    /// Pushes what is not pushed yet; goes on after a wait where the registry is in trouble.
    pub(super) fn push_all(self, pushed: &[(ImageRef, LocalImage)]) -> Result<Progress, Need> {
        let mut late = Duration::ZERO;
        while let Some((target, image)) = pushed.get(self.docker.done) {
            let answer = registry::push(self.desk, target, image);
            late += answer.late;
            match answer.result {
                Ok(digest) => {
                    self.docker.done += 1;
                    let repo_digest = format!("{}@{digest}", name(target));
                    self.desk.machine.repo_digests.insert(repo_digest);
                    let tag = target.tag.as_ref().map_or("latest", |tag| tag.as_str());
                    self.desk.out(format!(
                        "{}: Pushed\n{tag}: digest: {digest} size: {}\n",
                        &image.id()["sha256:".len()..][..12],
                        image.manifest.len()
                    ));
                }
                Err(Trouble::NotModelled(what)) => {
                    return Ok(not_modelled(
                        self.desk,
                        &format!("docker push to {what}"),
                        1,
                    ));
                }
                Err(Trouble::Passing(text)) if self.docker.attempts + 1 < PUSH_ATTEMPTS => {
                    self.docker.attempts += 1;
                    let wait = 5 * u64::from(self.docker.attempts);
                    self.desk
                        .out(format!("Retrying in {wait} seconds ({text})\n"));
                    return Ok(Progress::Sleep(late + Duration::from_secs(wait)));
                }
                Err(trouble) => {
                    self.desk.err(format!("{}\n", trouble.words()));
                    return Ok(self.docker.ending.after(self.desk, late, 1));
                }
            }
        }
        Ok(self.docker.ending.after(self.desk, late, 0))
    }

    pub(super) fn pull(mut self) -> Result<Progress, Need> {
        let cosmetic = &["--quiet -q", "--platform=", "--disable-content-trust"];
        let read = match self.read("docker pull", &[], cosmetic) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        let [text] = read.words.as_slice() else {
            return Ok(self.fail("docker: 'docker pull' requires 1 argument"));
        };
        let source = match self.reference(text) {
            Ok(source) => source,
            Err(end) => return Ok(end),
        };
        if !self.waited() {
            return Ok(Progress::Sleep(self.desk.world.durations().image_pull));
        }
        if source.place.is_none() {
            self.desk
                .not_modelled(format!("docker pull {source}: taken as passed"));
            let config = json!({ "architecture": "amd64", "os": "linux", "name": key(&source) });
            let config = config.to_string().into_bytes();
            let image = LocalImage {
                manifest: lockkeeper_world::cloud::Manifest::build(&key(&source), &config)
                    .text()
                    .as_bytes()
                    .to_vec(),
                config,
                layers: Vec::new(),
                facts: ImageFacts {
                    commit: None,
                    behaviour: Behaviour::Healthy,
                    vulnerable: false,
                },
            };
            self.desk.machine.images.insert(key(&source), image);
            self.desk.out(format!("{source}\n"));
            return Ok(Progress::Done(0));
        }
        let answer = registry::pull(self.desk, &source);
        let code = match answer.result {
            Ok(found) => {
                let digest = found.image.digest();
                let repo_digest = format!("{}@{digest}", name(&source));
                self.desk.machine.repo_digests.insert(repo_digest);
                self.desk.machine.images.insert(key(&source), found.image);
                let tag = source.tag.as_ref().map_or("latest", |tag| tag.as_str());
                self.desk.out(format!(
                    "{tag}: Pulling from {}\nDigest: {digest}\nStatus: Downloaded newer image for {}\n{}\n",
                    source.repository,
                    key(&source),
                    key(&source)
                ));
                0
            }
            Err(trouble) if trouble.is_unknown() => {
                self.desk.err(format!(
                    "Error response from daemon: manifest for {} not found: manifest unknown: {}\n",
                    key(&source),
                    trouble.words()
                ));
                1
            }
            Err(trouble) => {
                self.desk
                    .err(format!("Error response from daemon: {}\n", trouble.words()));
                1
            }
        };
        Ok(self.docker.ending.after(self.desk, answer.late, code))
    }

    pub(super) fn manifest_inspect(mut self) -> Result<Progress, Need> {
        let read = match self.read("docker manifest inspect", &[], &["--insecure"]) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        let Some(text) = read.words.last() else {
            return Ok(self.fail("docker: 'docker manifest inspect' requires at least 1 argument"));
        };
        let source = match self.reference(text) {
            Ok(source) => source,
            Err(end) => return Ok(end),
        };
        if !self.waited() {
            return Ok(Progress::Sleep(Duration::from_millis(600)));
        }
        let answer = registry::pull(self.desk, &source);
        let code = match answer.result {
            Ok(found) => {
                let value: Value =
                    serde_json::from_str(found.manifest.text()).unwrap_or(Value::Null);
                let text = serde_json::to_string_pretty(&value).unwrap_or_default();
                self.desk.out(format!("{text}\n"));
                0
            }
            Err(Trouble::NotModelled(what)) => {
                let what = format!("docker manifest inspect at {what}");
                return Ok(not_modelled(self.desk, &what, 1));
            }
            Err(trouble) if trouble.is_unknown() => {
                self.desk
                    .err(format!("no such manifest: {}\n", key(&source)));
                1
            }
            Err(trouble) => {
                self.desk.err(format!("{}\n", trouble.words()));
                1
            }
        };
        Ok(self.docker.ending.after(self.desk, answer.late, code))
    }

    pub(super) fn imagetools_inspect(mut self) -> Result<Progress, Need> {
        let known = &["--raw", "--format="];
        let read = match self.read("docker buildx imagetools inspect", known, &["--builder="]) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        let [text] = read.words.as_slice() else {
            return Ok(self
                .fail("ERROR: \"docker buildx imagetools inspect\" requires exactly 1 argument."));
        };
        let source = match self.reference(text) {
            Ok(source) => source,
            Err(end) => return Ok(end),
        };
        if !self.waited() {
            return Ok(Progress::Sleep(Duration::from_millis(600)));
        }
        let answer = registry::pull(self.desk, &source);
        let code = match answer.result {
            Ok(found) => {
                let digest = found.manifest.digest().to_string();
                let media_type = found.manifest.media_type().to_owned();
                if read.has("--raw") {
                    self.desk.out(found.manifest.text());
                } else if let Some(template) = read.value("--format") {
                    let config = found.image.config();
                    let value = json!({
                        "Name": key(&source),
                        "Manifest": {
                            "mediaType": media_type, "digest": digest, "size": found.image.manifest.len(),
                            "MediaType": media_type, "Digest": digest, "Size": found.image.manifest.len(),
                        },
                        "Image": config,
                    });
                    match go_template::render(template, &value) {
                        Ok(text) => self.desk.out(format!("{text}\n")),
                        Err(text) => return Ok(self.fail(format!("ERROR: {text}"))),
                    }
                } else {
                    self.desk.out(format!(
                        "Name:      {}\nMediaType: {media_type}\nDigest:    {digest}\n",
                        key(&source)
                    ));
                }
                0
            }
            Err(trouble) if trouble.is_unknown() => {
                self.desk
                    .err(format!("ERROR: {}: not found\n", key(&source)));
                1
            }
            Err(trouble) => {
                self.desk.err(format!("ERROR: {}\n", trouble.words()));
                1
            }
        };
        Ok(self.docker.ending.after(self.desk, answer.late, code))
    }

    /// Names an image of a registry by more tags, its bytes unchanged.
    pub(super) fn imagetools_create(mut self) -> Result<Progress, Need> {
        let known = &["--tag= -t"];
        let cosmetic = &["--progress=", "--builder=", "--prefer-index"];
        let read = match self.read("docker buildx imagetools create", known, cosmetic) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        let [text] = read.words.as_slice() else {
            let what = "docker buildx imagetools create with several sources";
            return Ok(not_modelled(self.desk, what, 1));
        };
        let source = match self.reference(text) {
            Ok(source) => source,
            Err(end) => return Ok(end),
        };
        let mut targets = Vec::new();
        for tag in read.values("--tag").map(str::to_owned).collect::<Vec<_>>() {
            match self.reference(&tag) {
                Ok(target) => targets.push(target),
                Err(end) => return Ok(end),
            }
        }
        if !self.waited() {
            return Ok(Progress::Sleep(Duration::from_secs(2)));
        }
        let pulled = registry::pull(self.desk, &source);
        let mut late = pulled.late;
        let image = match pulled.result {
            Ok(found) => found.image,
            Err(trouble) => {
                let text = match trouble.is_unknown() {
                    true => format!("ERROR: {}: not found\n", key(&source)),
                    false => format!("ERROR: {}\n", trouble.words()),
                };
                self.desk.err(text);
                return Ok(self.docker.ending.after(self.desk, late, 1));
            }
        };
        for target in &targets {
            let answer = registry::push(self.desk, target, &image);
            late += answer.late;
            if let Err(trouble) = answer.result {
                self.desk.err(format!("ERROR: {}\n", trouble.words()));
                return Ok(self.docker.ending.after(self.desk, late, 1));
            }
        }
        oci::remember(self.desk, &image);
        Ok(self.docker.ending.after(self.desk, late, 0))
    }
}
