//! `docker build` and `docker buildx build`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockkeeper_world::cloud::ImageRef;
use serde_json::json;

use super::super::arguments::{Arguments, Known};
use super::super::ending::not_modelled;
use super::super::{Need, Progress, oci};
use super::{Command, key};
use crate::commits::Gate;

const KNOWN: Known = &[
    "--tag= -t",
    "--file= -f",
    "--target=",
    "--label=",
    "--output= -o",
    "--push",
    "--load",
    "--iidfile=",
    "--metadata-file=",
    "--platform=",
    "--quiet -q",
    "--builder=",
];

/// What decides how the image is made inside, or how fast: no bearing on a rehearsal, in which the
/// commit alone says how its image behaves.
const COSMETIC: Known = &[
    "--add-host=",
    "--allow=",
    "--annotation=",
    "--attest=",
    "--build-arg=",
    "--build-context=",
    "--cache-from=",
    "--cache-to=",
    "--compress",
    "--force-rm",
    "--memory= -m",
    "--network=",
    "--no-cache",
    "--no-cache-filter=",
    "--progress=",
    "--provenance=",
    "--pull",
    "--rm",
    "--sbom=",
    "--secret=",
    "--security-opt=",
    "--shm-size=",
    "--ssh=",
    "--ulimit=",
    "--debug -D",
];

/// Where the image goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Output {
    Load,
    Push,
    /// An OCI layout: a directory, or an archive.
    Layout {
        path: PathBuf,
        archive: bool,
    },
    Cache,
}

impl Command<'_, '_> {
    /// `buildx` builds in the current builder, `docker build` always in Docker itself.
    pub(super) fn build(mut self, command: &str, buildx: bool) -> Result<Progress, Need> {
        let read = match self.read(command, KNOWN, COSMETIC) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        let [context] = read.words.as_slice() else {
            let text = format!("ERROR: \"{command}\" requires exactly 1 argument.");
            return Ok(self.fail(text));
        };
        if context == "-" || context.contains("://") || context.starts_with("git@") {
            let what = format!("{command} with the context {context}");
            return Ok(not_modelled(self.desk, &what, 1));
        }
        let own_builder = buildx
            && match read
                .value("--builder")
                .or(self.desk.call.env("BUILDX_BUILDER"))
            {
                Some(builder) => builder != "default",
                None => self.desk.machine.container_builder,
            };
        let outputs = match outputs(&read, own_builder) {
            Ok(outputs) => outputs,
            Err(Unfit::NotModelled(what)) => {
                let what = format!("{command} --output {what}");
                return Ok(not_modelled(self.desk, &what, 1));
            }
            Err(Unfit::Wrong(text)) => return Ok(self.fail(format!("ERROR: {text}"))),
        };
        let mut tags = Vec::new();
        for text in read.values("--tag").map(str::to_owned).collect::<Vec<_>>() {
            let Some(tag) = ImageRef::parse(&text).filter(|tag| tag.digest.is_none()) else {
                return Ok(self.fail(format!(
                    "ERROR: invalid tag \"{text}\": invalid reference format"
                )));
            };
            tags.push(tag);
        }
        if outputs.contains(&Output::Push) && tags.is_empty() {
            return Ok(self.fail("ERROR: tag is needed when pushing to registry"));
        }
        let platform = read.value("--platform").unwrap_or("linux/amd64").to_owned();
        if platform.contains(',') {
            let what = format!("{command} for several platforms");
            return Ok(not_modelled(self.desk, &what, 1));
        }

        let file = match read.value("--file") {
            Some(file) => PathBuf::from(file),
            None => Path::new(context).join("Dockerfile"),
        };
        let dockerfile = match file.as_os_str() == "-" {
            true => Ok(self.desk.stdin()?),
            false => self.desk.read(&file)?,
        };
        if let (Ok(text), Some(target)) = (&dockerfile, read.value("--target"))
            && !has_stage(&String::from_utf8_lossy(text), target)
        {
            return Ok(self.fail(format!(
                "ERROR: failed to solve: target stage \"{target}\" could not be found"
            )));
        }
        if self.docker.attempts == 0 && self.docker.done == 0 && !self.waited() {
            return Ok(Progress::Sleep(self.desk.world.durations().image_build));
        }
        if self.docker.image.is_none() {
            let commit = self.desk.machine.commit.clone();
            let fails = commit
                .is_some_and(|sha| self.desk.commits.of(&sha).fails.contains(&Gate::ImageBuild));
            if fails {
                let text = "#9 ERROR: process \"/bin/sh -c npm run build\" did not complete successfully: exit code: 1\nERROR: failed to solve: process \"/bin/sh -c npm run build\" did not complete successfully: exit code: 1";
                return Ok(self.fail(text));
            }
            if dockerfile.is_err() {
                self.desk.assume(format!(
                    "{command}: there is no {}; the image is taken as built",
                    file.display()
                ));
            }
            let labels: BTreeMap<String, String> = read
                .values("--label")
                .map(|label| label.split_once('=').unwrap_or((label, "")))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            self.docker.image = Some(oci::build(self.desk, &platform, &labels));
        }
        self.deliver(&read, &outputs, &tags)
    }

    /// Brings the image that was built where it is to go. What only writes files is written before
    /// anything is pushed, since a push cannot be taken back.
    fn deliver(
        mut self,
        read: &Arguments,
        outputs: &[Output],
        tags: &[ImageRef],
    ) -> Result<Progress, Need> {
        let Some(image) = self.docker.image.clone() else {
            return Ok(Progress::Done(1));
        };
        let mut files = Vec::new();
        if let Some(path) = read.value("--iidfile") {
            files.push((path.to_owned(), image.id().into_bytes()));
        }
        if let Some(path) = read.value("--metadata-file") {
            let names: Vec<String> = tags.iter().map(key).collect();
            let metadata = json!({
                "containerimage.config.digest": image.id(),
                "containerimage.digest": image.digest(),
                "image.name": names.join(","),
            });
            let text = serde_json::to_string_pretty(&metadata).unwrap_or_default();
            files.push((path.to_owned(), text.into_bytes()));
        }
        let reference = tags.first().and_then(|tag| tag.tag.clone());
        let reference = reference.map_or("latest".to_owned(), |tag| tag.to_string());
        for output in outputs {
            let Output::Layout { path, archive } = output else {
                continue;
            };
            if *archive {
                let names: Vec<String> = tags.iter().map(key).collect();
                let bytes = image.archive(&names, Some(&reference));
                files.push((path.to_string_lossy().into_owned(), bytes));
            } else if let Err(error) = oci::write_layout(self.desk, path, &image, Some(&reference))?
            {
                return Ok(self.fail(format!(
                    "ERROR: mkdir {}: {}",
                    path.display(),
                    oci::lower(error)
                )));
            }
        }
        for (path, bytes) in files {
            if let Err(error) = self.desk.write(&path, bytes)? {
                return Ok(self.fail(format!("ERROR: open {path}: {}", oci::lower(error))));
            }
        }
        if outputs.contains(&Output::Cache) && self.docker.done == 0 && self.docker.attempts == 0 {
            self.desk.err("WARNING: No output specified with docker-container driver. Build result will only remain in the build cache. To push result image into registry use --push or to load image into docker use --load\n");
        }
        if outputs.contains(&Output::Load) {
            for tag in tags {
                self.desk.machine.images.insert(key(tag), image.clone());
            }
            if tags.is_empty() {
                let by_id = format!("<none>@{}", image.digest());
                self.desk.machine.images.insert(by_id, image.clone());
            }
        }
        if read.has("--quiet") {
            self.desk.out(format!("{}\n", image.id()));
        } else if self.docker.done == 0 && self.docker.attempts == 0 {
            self.desk.err(format!(
                "#10 exporting to image\n#10 exporting manifest {}\n#10 exporting config {}\n#10 DONE\n",
                image.digest(),
                image.id()
            ));
            for tag in tags {
                self.desk.err(format!("#10 naming to {}\n", key(tag)));
            }
        }
        if !outputs.contains(&Output::Push) {
            return Ok(Progress::Done(0));
        }
        let pushed = tags
            .iter()
            .map(|tag| (tag.clone(), image.clone()))
            .collect::<Vec<_>>();
        self.push_all(&pushed)
    }
}

enum Unfit {
    NotModelled(String),
    Wrong(&'static str),
}

fn outputs(read: &Arguments, own_builder: bool) -> Result<Vec<Output>, Unfit> {
    let mut outputs = Vec::new();
    if read.has("--push") {
        outputs.push(Output::Push);
    }
    if read.has("--load") {
        outputs.push(Output::Load);
    }
    for text in read.values("--output") {
        let fields: BTreeMap<&str, &str> = text
            .split(',')
            .filter_map(|field| field.split_once('='))
            .collect();
        let kind = fields.get("type").copied().unwrap_or("local");
        let path = fields.get("dest").map(PathBuf::from);
        let unknown = fields.keys().find(|name| {
            !matches!(
                **name,
                "type"
                    | "dest"
                    | "tar"
                    | "push"
                    | "name"
                    | "compression"
                    | "compression-level"
                    | "force-compression"
                    | "oci-mediatypes"
                    | "rewrite-timestamp"
                    | "annotation"
            )
        });
        if let Some(name) = unknown {
            return Err(Unfit::NotModelled(format!("{name}=")));
        }
        outputs.push(match (kind, path) {
            ("registry", _) => Output::Push,
            ("image", _) if fields.get("push") == Some(&"true") => Output::Push,
            ("image", _) if own_builder => Output::Cache,
            ("image", _) => Output::Load,
            ("docker", None) => Output::Load,
            ("docker", Some(path)) => Output::Layout { path, archive: true },
            ("oci", _) if !own_builder => {
                return Err(Unfit::Wrong(
                    "OCI exporter is not supported for the docker driver.\nSwitch to a different driver, or turn on the containerd image store, and try again.",
                ));
            }
            ("oci", Some(path)) => Output::Layout {
                path,
                archive: fields.get("tar") != Some(&"false"),
            },
            ("oci", None) => return Err(Unfit::Wrong("dest is required for oci exporter")),
            _ => return Err(Unfit::NotModelled(text.to_owned())),
        });
    }
    if outputs.is_empty() {
        outputs.push(if own_builder {
            Output::Cache
        } else {
            Output::Load
        });
    }
    Ok(outputs)
}

/// Whether a Dockerfile has a stage of this name or number.
fn has_stage(dockerfile: &str, target: &str) -> bool {
    let stages = dockerfile.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_from = words.first()?.eq_ignore_ascii_case("from");
        let named = words
            .iter()
            .position(|word| word.eq_ignore_ascii_case("as"));
        is_from.then(|| {
            named
                .and_then(|at| words.get(at + 1).copied())
                .unwrap_or("")
        })
    });
    let names: Vec<&str> = stages.collect();
    names.iter().any(|name| name.eq_ignore_ascii_case(target))
        || target
            .parse::<usize>()
            .is_ok_and(|number| number < names.len())
}
