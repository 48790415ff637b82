//! The local image store: tags, lists, `inspect`, archives.

use serde_json::{Value, json};

use super::super::ending::not_modelled;
use super::super::{Need, Progress, go_template, oci};
use super::{Command, find, key};
use crate::machine::LocalImage;

impl Command<'_, '_> {
    pub(super) fn tag(mut self) -> Result<Progress, Need> {
        let [from, to] = self.args else {
            return Ok(self.fail("docker: 'docker tag' requires 2 arguments"));
        };
        let (from, to) = (from.clone(), to.clone());
        let Some(image) = find(self.desk.machine, &from).cloned() else {
            return Ok(self.fail(format!("Error response from daemon: No such image: {from}")));
        };
        let target = match self.reference(&to) {
            Ok(target) => target,
            Err(end) => return Ok(end),
        };
        if target.digest.is_some() {
            return Ok(self.fail(
                "Error response from daemon: refusing to create a tag with a digest reference",
            ));
        }
        self.desk.machine.images.insert(key(&target), image);
        Ok(Progress::Done(0))
    }

    pub(super) fn list(mut self) -> Result<Progress, Need> {
        let known = &["--quiet -q", "--format=", "--no-trunc"];
        let read = match self.read("docker images", known, &["--all -a", "--digests"]) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        let wanted = read.words.first().cloned();
        let mut rows = Vec::new();
        for (name, image) in &self.desk.machine.images {
            let Some((repository, tag)) = name.rsplit_once(':') else {
                continue;
            };
            let asked = wanted
                .as_deref()
                .is_none_or(|w| w == repository || w == name);
            if asked && !name.contains('@') {
                let id = image.id();
                let short = match read.has("--no-trunc") {
                    true => id,
                    false => id["sha256:".len()..][..12].to_owned(),
                };
                rows.push((repository.to_owned(), tag.to_owned(), short, image.digest()));
            }
        }
        if read.has("--quiet") {
            rows.dedup_by(|a, b| a.2 == b.2);
            for row in rows {
                self.desk.out(format!("{}\n", row.2));
            }
            return Ok(Progress::Done(0));
        }
        let template = read.value("--format");
        if template.is_none() {
            self.desk
                .out("REPOSITORY   TAG       IMAGE ID       CREATED          SIZE\n");
        }
        for (repository, tag, id, digest) in rows {
            let line = match template {
                None => format!("{repository}   {tag}   {id}   1 minute ago   142MB"),
                Some(template) => {
                    let value = json!({
                        "Repository": repository, "Tag": tag, "ID": id, "Digest": digest,
                    });
                    match go_template::render(template, &value) {
                        Ok(line) => line,
                        Err(text) => return Ok(self.fail(text)),
                    }
                }
            };
            self.desk.out(format!("{line}\n"));
        }
        Ok(Progress::Done(0))
    }

    pub(super) fn remove(mut self) -> Result<Progress, Need> {
        let read = match self.read("docker rmi", &["--force -f"], &["--no-prune"]) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        let mut code = 0;
        for text in &read.words {
            let by_name = lockkeeper_world::cloud::ImageRef::parse(text).map(|image| key(&image));
            let removed = by_name.and_then(|name| {
                let removed = self.desk.machine.images.remove(&name);
                removed.map(|_| name)
            });
            match removed {
                Some(name) => self.desk.out(format!("Untagged: {name}\n")),
                None => match find(self.desk.machine, text).map(LocalImage::id) {
                    Some(id) => {
                        self.desk.machine.images.retain(|_, held| held.id() != id);
                        self.desk.out(format!("Deleted: {id}\n"));
                    }
                    None => {
                        self.desk.err(format!(
                            "Error response from daemon: No such image: {text}\n"
                        ));
                        code = i32::from(!read.has("--force"));
                    }
                },
            }
        }
        Ok(Progress::Done(code))
    }

    pub(super) fn inspect(mut self) -> Result<Progress, Need> {
        let known = &["--format= -f", "--type="];
        let read = match self.read("docker inspect", known, &[]) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        if read.value("--type").is_some_and(|kind| kind != "image") {
            return Ok(not_modelled(self.desk, "docker inspect --type", 1));
        }
        let mut all = Vec::new();
        let mut code = 0;
        for text in &read.words {
            match find(self.desk.machine, text).cloned() {
                Some(image) => all.push(self.described(&image)),
                None => {
                    self.desk.err(format!("Error: No such image: {text}\n"));
                    code = 1;
                }
            }
        }
        match read.value("--format") {
            None => {
                let text = serde_json::to_string_pretty(&all).unwrap_or_default();
                self.desk.out(format!("{text}\n"));
            }
            Some(template) => {
                for value in &all {
                    match go_template::render(template, value) {
                        Ok(line) => self.desk.out(format!("{line}\n")),
                        Err(text) => return Ok(self.fail(text)),
                    }
                }
            }
        }
        Ok(Progress::Done(code))
    }

    fn described(&self, image: &LocalImage) -> Value {
        let (config, digest) = (image.config(), image.digest());
        let machine = &self.desk.machine;
        let tags: Vec<&String> = machine
            .images
            .iter()
            .filter(|(name, held)| *held == image && !name.contains('@'))
            .map(|(name, _)| name)
            .collect();
        let digests: Vec<&String> = machine
            .repo_digests
            .iter()
            .filter(|name| name.ends_with(&digest))
            .collect();
        json!({
            "Id": image.id(),
            "RepoTags": tags,
            "RepoDigests": digests,
            "Created": config["created"],
            "Config": config["config"],
            "Architecture": config["architecture"],
            "Os": config["os"],
            "Size": 142_000_000,
        })
    }

    pub(super) fn save(mut self) -> Result<Progress, Need> {
        let read = match self.read("docker save", &["--output= -o"], &["--platform="]) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        let [text] = read.words.as_slice() else {
            let what = "docker save of several images";
            return Ok(not_modelled(self.desk, what, 1));
        };
        let Some(image) = find(self.desk.machine, text).cloned() else {
            return Ok(self.fail(format!(
                "Error response from daemon: reference does not exist: {text}"
            )));
        };
        let reference = lockkeeper_world::cloud::ImageRef::parse(text);
        let tags: Vec<String> = reference.iter().map(key).collect();
        let tag = reference.and_then(|r| r.tag).map(|tag| tag.to_string());
        let archive = image.archive(&tags, tag.as_deref());
        match read.value("--output") {
            None => self.desk.stdout.extend(archive),
            Some(path) => {
                if let Err(error) = self.desk.write(path, archive)? {
                    return Ok(self.fail(format!("open {path}: {}", oci::lower(error))));
                }
            }
        }
        Ok(Progress::Done(0))
    }

    pub(super) fn load(mut self) -> Result<Progress, Need> {
        let read = match self.read(
            "docker load",
            &["--input= -i"],
            &["--quiet -q", "--platform="],
        ) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        let bytes = match read.value("--input") {
            None => self.desk.stdin()?,
            Some(path) => match self.desk.read(path)? {
                Ok(bytes) => bytes,
                Err(error) => return Ok(self.fail(format!("open {path}: {}", oci::lower(error)))),
            },
        };
        let (image, tags) = match oci::read_archive(self.desk, &bytes)? {
            Ok(read) => read,
            Err(text) => return Ok(self.fail(format!("Error response from daemon: {text}"))),
        };
        if tags.is_empty() {
            self.desk.out(format!("Loaded image ID: {}\n", image.id()));
            self.desk
                .machine
                .images
                .insert(format!("<none>@{}", image.digest()), image.clone());
        }
        for tag in tags {
            self.desk.out(format!("Loaded image: {tag}\n"));
            self.desk.machine.images.insert(tag, image.clone());
        }
        Ok(Progress::Done(0))
    }
}
