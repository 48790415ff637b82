//! `docker`: builds, the local image store, and ECR. No container is ever started.

mod build;
mod run;
mod store;
mod transfer;

use std::time::Duration;

use lockkeeper_world::cloud::ImageRef;

use super::arguments::{Arguments, Grammar, Known};
use super::ending::{Ending, misused, not_modelled};
use super::{Desk, Invocation, Need, Progress, Tool, registry};
use crate::machine::{LocalImage, Machine};

/// A running `docker`.
#[derive(Default)]
struct Docker {
    waited: bool,
    attempts: u32,
    /// How many of the references in a push are done.
    done: usize,
    /// What a build made.
    image: Option<LocalImage>,
    /// What runs instead of a container.
    inner: Option<Box<dyn Tool>>,
    ending: Ending,
}

pub(super) fn start(_: &Invocation) -> Box<dyn Tool> {
    Box::new(Docker::default())
}

impl Tool for Docker {
    fn resume(&mut self, desk: &mut Desk<'_>) -> Result<Progress, Need> {
        if let Some(progress) = self.ending.due(desk) {
            return Ok(progress);
        }
        let call = desk.call;
        let words: Vec<&str> = call.args().iter().map(String::as_str).collect();
        let command = Command {
            desk,
            docker: self,
            args: call.args(),
        };
        match words.as_slice() {
            ["build", ..] => command.below(1).build("docker build", false),
            ["buildx", "build" | "b", ..] => command.below(2).build("docker buildx build", true),
            ["image" | "builder", "build", ..] => {
                command.below(2).build("docker image build", false)
            }
            ["push", ..] => command.below(1).push(),
            ["image", "push", ..] => command.below(2).push(),
            ["pull", ..] => command.below(1).pull(),
            ["image", "pull", ..] => command.below(2).pull(),
            ["tag", ..] => command.below(1).tag(),
            ["image", "tag", ..] => command.below(2).tag(),
            ["login", ..] => command.below(1).login(),
            ["logout", ..] => command.below(1).logout(),
            ["images", ..] => command.below(1).list(),
            ["image", "ls" | "list", ..] => command.below(2).list(),
            ["rmi", ..] => command.below(1).remove(),
            ["image", "rm" | "remove", ..] => command.below(2).remove(),
            ["inspect", ..] => command.below(1).inspect(),
            ["image", "inspect", ..] => command.below(2).inspect(),
            ["save", ..] => command.below(1).save(),
            ["image", "save", ..] => command.below(2).save(),
            ["load", ..] => command.below(1).load(),
            ["image", "load", ..] => command.below(2).load(),
            ["manifest", "inspect", ..] => command.below(2).manifest_inspect(),
            ["buildx", "imagetools", "inspect", ..] => command.below(3).imagetools_inspect(),
            ["buildx", "imagetools", "create", ..] => command.below(3).imagetools_create(),
            ["buildx", "create", ..] => command.below(2).create_builder(),
            ["buildx", "use", ..] => {
                command.desk.machine.container_builder =
                    words.last().is_some_and(|name| *name != "default");
                Ok(Progress::Done(0))
            }
            [
                "buildx",
                "inspect" | "ls" | "version" | "rm" | "prune" | "du",
                ..,
            ]
            | ["version" | "info", ..]
            | [
                "image" | "builder" | "system" | "container" | "volume",
                "prune",
                ..,
            ] => Ok(Progress::Done(0)),
            ["run", ..] => command.below(1).run(),
            ["container", "run", ..] => command.below(2).run(),
            ["ps", ..] | ["container", "ls", ..] => {
                if !words
                    .iter()
                    .any(|w| w.starts_with("-q") || w.starts_with("--quiet"))
                {
                    let head =
                        "CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n";
                    command.desk.out(head);
                }
                Ok(Progress::Done(0))
            }
            ["--version" | "-v"] => {
                command.desk.out("Docker version 28.0.4, build b8034c0\n");
                Ok(Progress::Done(0))
            }
            [] => {
                command.desk.out("Usage:  docker [OPTIONS] COMMAND\n");
                Ok(Progress::Done(0))
            }
            [name, ..] => {
                let what = match words.get(1) {
                    Some(sub) if matches!(*name, "image" | "buildx" | "manifest" | "compose") => {
                        format!("docker {name} {sub}")
                    }
                    _ => format!("docker {name}"),
                };
                Ok(not_modelled(command.desk, &what, 125))
            }
        }
    }
}

/// One subcommand at work.
struct Command<'c, 'd> {
    desk: &'c mut Desk<'d>,
    docker: &'c mut Docker,
    args: &'c [String],
}

impl Command<'_, '_> {
    /// The same with its first `count` words taken.
    fn below(mut self, count: usize) -> Self {
        self.args = &self.args[count..];
        self
    }

    /// The command line, or how the call ends where it cannot be read.
    fn read(
        &mut self,
        command: &str,
        known: Known,
        cosmetic: Known,
    ) -> Result<Arguments, Progress> {
        let grammar = Grammar::new(known, cosmetic);
        Arguments::parse(self.args, &grammar)
            .map_err(|misuse| misused(self.desk, command, &misuse, 125))
    }

    /// True once the time that this command takes has passed.
    fn waited(&mut self) -> bool {
        std::mem::replace(&mut self.docker.waited, true)
    }

    fn fail(&mut self, text: impl AsRef<str>) -> Progress {
        self.desk.err(text);
        self.desk.err("\n");
        Progress::Done(1)
    }

    /// A reference, or how the call ends where it is none.
    fn reference(&mut self, text: &str) -> Result<ImageRef, Progress> {
        ImageRef::parse(text).ok_or_else(|| {
            self.fail(format!(
                "Error parsing reference: \"{text}\" is not a valid repository/tag: invalid reference format"
            ))
        })
    }

    fn login(mut self) -> Result<Progress, Need> {
        let known = &["--username= -u", "--password= -p", "--password-stdin"];
        let read = match self.read("docker login", known, &[]) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        let host = read.words.first().map_or("", String::as_str);
        let Some(user) = read.value("--username") else {
            return Ok(
                self.fail("Error: Cannot perform an interactive login from a non TTY device")
            );
        };
        let password = if read.has("--password-stdin") {
            let text = self.desk.stdin()?;
            let text = String::from_utf8_lossy(&text).into_owned();
            text.trim_end_matches(['\n', '\r']).to_owned()
        } else {
            match read.value("--password") {
                Some(password) => password.to_owned(),
                None => {
                    let text = "Error: Cannot perform an interactive login from a non TTY device";
                    return Ok(self.fail(text));
                }
            }
        };
        if password.is_empty() {
            return Ok(self.fail("Error: password is empty"));
        }
        if !self.waited() {
            return Ok(Progress::Sleep(Duration::from_millis(500)));
        }
        match registry::login(self.desk, host, user, &password) {
            Ok(()) => {
                self.desk.out("Login Succeeded\n");
                Ok(Progress::Done(0))
            }
            Err(trouble) => {
                let text = format!(
                    "Error response from daemon: login attempt to https://{host}/v2/ failed with status: 400 Bad Request ({})",
                    trouble.words()
                );
                Ok(self.fail(text))
            }
        }
    }

    fn logout(self) -> Result<Progress, Need> {
        let host = self.args.first().map_or("", String::as_str);
        registry::logout(self.desk, host);
        self.desk
            .out(format!("Removing login credentials for {host}\n"));
        Ok(Progress::Done(0))
    }

    fn create_builder(mut self) -> Result<Progress, Need> {
        let known = &["--driver=", "--use", "--name="];
        let cosmetic = &[
            "--bootstrap",
            "--driver-opt=",
            "--buildkitd-flags=",
            "--platform=",
            "--config=",
        ];
        let read = match self.read("docker buildx create", known, cosmetic) {
            Ok(read) => read,
            Err(end) => return Ok(end),
        };
        match read.value("--driver").unwrap_or("docker-container") {
            "docker-container" => {}
            other => {
                let what = format!("docker buildx create --driver {other}");
                return Ok(not_modelled(self.desk, &what, 1));
            }
        }
        if read.has("--use") {
            self.desk.machine.container_builder = true;
        }
        let name = read.value("--name").unwrap_or("builder0");
        self.desk.out(format!("{name}\n"));
        Ok(Progress::Done(0))
    }
}

/// The name under which the local store holds what a reference names.
fn key(image: &ImageRef) -> String {
    let mut image = image.clone();
    if image.digest.is_some() {
        image.tag = None;
    } else if image.tag.is_none() {
        image.tag = "latest".parse().ok();
    }
    image.to_string()
}

/// `registry/repository` of a reference.
fn name(image: &ImageRef) -> String {
    let image = ImageRef {
        tag: None,
        digest: None,
        ..image.clone()
    };
    image.to_string()
}

/// A local image by reference, digest, or (the start of) its id.
pub(super) fn find<'m>(machine: &'m Machine, text: &str) -> Option<&'m LocalImage> {
    if let Some(image) = ImageRef::parse(text) {
        if let Some(found) = machine.images.get(&key(&image)) {
            return Some(found);
        }
        if let Some(digest) = &image.digest
            && machine
                .repo_digests
                .contains(&format!("{}@{digest}", name(&image)))
        {
            return machine
                .images
                .values()
                .find(|held| held.digest() == digest.as_str());
        }
    }
    let id = text.strip_prefix("sha256:").unwrap_or(text);
    let is_id = id.len() >= 6 && id.bytes().all(|b| b.is_ascii_hexdigit());
    machine
        .images
        .values()
        .find(|held| is_id && held.id()["sha256:".len()..].starts_with(id))
}
