//! `skopeo`: copies images between OCI layouts and ECR, and looks at them.

use std::path::PathBuf;
use std::time::Duration;

use lockkeeper_world::cloud::ImageRef;
use serde_json::{Value, json};

use super::arguments::{Arguments, Grammar, Known};
use super::ending::{Ending, misused, not_modelled};
use super::registry::{self, Found, Trouble};
use super::{Desk, Invocation, Need, Progress, Tool, go_template, oci};
use crate::machine::LocalImage;

const GLOBAL: Grammar = Grammar {
    stop_at_first_word: true,
    ..Grammar::new(
        &["--version -v"],
        &[
            "--debug",
            "--command-timeout=",
            "--tmpdir=",
            "--insecure-policy",
            "--policy=",
            "--override-os=",
            "--override-arch=",
        ],
    )
};

const COPY: Known = &[
    "--digestfile=",
    "--all -a",
    "--dest-creds=",
    "--src-creds=",
    "--quiet -q",
    "--retry-times=",
    "--additional-tag=",
];
const COPY_COSMETIC: Known = &[
    "--preserve-digests",
    "--remove-signatures",
    "--authfile=",
    "--src-authfile=",
    "--dest-authfile=",
    "--src-tls-verify",
    "--dest-tls-verify",
    "--format= -f",
    "--multi-arch=",
    "--dest-compress-format=",
];

#[derive(Default)]
struct Skopeo {
    waited: bool,
    attempts: u32,
    ending: Ending,
}

pub(super) fn start(_: &Invocation) -> Box<dyn Tool> {
    Box::new(Skopeo::default())
}

/// A place where an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Registry(ImageRef),
    Layout {
        path: PathBuf,
        reference: Option<String>,
    },
    Archive {
        path: PathBuf,
        reference: Option<String>,
    },
}

impl Place {
    /// `docker://…`, `oci:DIR[:TAG]`; an error says what is not modelled, or what is wrong.
    fn parse(text: &str) -> Result<Self, Result<String, String>> {
        let invalid = || {
            Err(format!(
                "Invalid image name \"{text}\", expected colon-separated transport:reference"
            ))
        };
        let (transport, rest) = text.split_once(':').ok_or_else(invalid)?;
        let file = || {
            let (path, reference) = match rest.split_once(':') {
                Some((path, reference)) => (path, Some(reference.to_owned())),
                None => (rest, None),
            };
            (PathBuf::from(path), reference)
        };
        match transport {
            "docker" => {
                let name = rest.strip_prefix("//").ok_or_else(invalid)?;
                let image = ImageRef::parse(name).ok_or_else(|| {
                    Err(format!(
                        "Invalid destination name {text}: invalid reference format"
                    ))
                })?;
                Ok(Self::Registry(image))
            }
            "oci" => {
                let (path, reference) = file();
                Ok(Self::Layout { path, reference })
            }
            "oci-archive" | "docker-archive" => {
                let (path, reference) = file();
                Ok(Self::Archive { path, reference })
            }
            other => Err(Ok(format!("the transport {other}:"))),
        }
    }
}

impl Tool for Skopeo {
    fn resume(&mut self, desk: &mut Desk<'_>) -> Result<Progress, Need> {
        if let Some(progress) = self.ending.due(desk) {
            return Ok(progress);
        }
        let global = match Arguments::parse(desk.call.args(), &GLOBAL) {
            Ok(global) => global,
            Err(misuse) => return Ok(misused(desk, "skopeo", &misuse, 1)),
        };
        if global.has("--version") {
            desk.out("skopeo version 1.13.3\n");
            return Ok(Progress::Done(0));
        }
        let Some((command, args)) = global.words.split_first() else {
            desk.out("Various operations with container images and container image registries\n");
            return Ok(Progress::Done(0));
        };
        match command.as_str() {
            "copy" => self.copy(desk, args),
            "inspect" => self.inspect(desk, args),
            "login" => self.login(desk, args),
            "logout" => {
                let host = args.first().map_or("", String::as_str);
                if !registry::logout(desk, host) {
                    return Ok(fatal(desk, &format!("Not logged into {host}")));
                }
                desk.out(format!("Removed login credentials for {host}\n"));
                Ok(Progress::Done(0))
            }
            "list-tags" => self.list_tags(desk, args),
            other => Ok(not_modelled(desk, &format!("skopeo {other}"), 1)),
        }
    }
}

fn fatal(desk: &mut Desk<'_>, text: &str) -> Progress {
    let at = desk.world.now().rfc3339();
    desk.err(format!(
        "time=\"{at}\" level=fatal msg=\"{}\"\n",
        text.replace('"', "\\\"")
    ));
    Progress::Done(1)
}

/// Reads a place, or says how the call ends.
fn place(desk: &mut Desk<'_>, text: &str) -> Result<Place, Progress> {
    Place::parse(text).map_err(|unfit| match unfit {
        Ok(what) => not_modelled(desk, &format!("skopeo with {what}"), 1),
        Err(text) => fatal(desk, &text),
    })
}

/// Logs in for this call's registry where `--…-creds user:password` is given.
fn with_credentials(
    desk: &mut Desk<'_>,
    place: &Place,
    credentials: Option<&str>,
) -> Result<(), Trouble> {
    let (Place::Registry(image), Some(credentials)) = (place, credentials) else {
        return Ok(());
    };
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    registry::login(desk, &image.host, user, password)
}

/// What went wrong with a registry, in skopeo's words.
fn unreachable(image: &ImageRef, reading: bool, trouble: &Trouble) -> String {
    let words = match trouble {
        Trouble::NoLogin => {
            "unable to retrieve auth token: invalid username/password: unauthorized: authentication required".to_owned()
        }
        Trouble::Refused { code, message } if code == "MANIFEST_UNKNOWN" => {
            format!("manifest unknown: {}", message.trim_start_matches("manifest unknown: "))
        }
        other => other.words(),
    };
    if reading {
        let which = match (&image.digest, &image.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, tag) => tag
                .as_ref()
                .map_or("latest".to_owned(), ToString::to_string),
        };
        let name = image.to_string();
        let repository = name.split(['@']).next().unwrap_or(&name);
        let repository = match &image.tag {
            Some(tag) => repository.trim_end_matches(&format!(":{tag}")).to_owned(),
            None => repository.to_owned(),
        };
        format!("reading manifest {which} in {repository}: {words}")
    } else {
        format!("writing manifest: uploading manifest to {image}: {words}")
    }
}

impl Skopeo {
    fn waited(&mut self) -> bool {
        std::mem::replace(&mut self.waited, true)
    }

    fn login(&mut self, desk: &mut Desk<'_>, args: &[String]) -> Result<Progress, Need> {
        let grammar = Grammar::new(
            &["--username= -u", "--password= -p", "--password-stdin"],
            &[
                "--authfile=",
                "--compat-auth-file=",
                "--tls-verify",
                "--verbose -v",
            ],
        );
        let read = match Arguments::parse(args, &grammar) {
            Ok(read) => read,
            Err(misuse) => return Ok(misused(desk, "skopeo login", &misuse, 1)),
        };
        let [host] = read.words.as_slice() else {
            return Ok(fatal(desk, "login requires exactly one registry"));
        };
        let Some(user) = read.value("--username") else {
            return Ok(fatal(
                desk,
                "Error: Cannot prompt for a username without a terminal",
            ));
        };
        let password = match read.value("--password") {
            Some(password) => password.to_owned(),
            None if read.has("--password-stdin") => {
                let text = desk.stdin()?;
                let text = String::from_utf8_lossy(&text).into_owned();
                text.trim_end_matches(['\n', '\r']).to_owned()
            }
            None => {
                return Ok(fatal(
                    desk,
                    "Cannot prompt for a password without a terminal",
                ));
            }
        };
        if !self.waited() {
            return Ok(Progress::Sleep(Duration::from_millis(500)));
        }
        match registry::login(desk, host, user, &password) {
            Ok(()) => {
                desk.out("Login Succeeded!\n");
                Ok(Progress::Done(0))
            }
            Err(_) => {
                let text = format!("logging into \"{host}\": invalid username/password");
                Ok(fatal(desk, &text))
            }
        }
    }

    fn copy(&mut self, desk: &mut Desk<'_>, args: &[String]) -> Result<Progress, Need> {
        let read = match Arguments::parse(args, &Grammar::new(COPY, COPY_COSMETIC)) {
            Ok(read) => read,
            Err(misuse) => return Ok(misused(desk, "skopeo copy", &misuse, 1)),
        };
        let [from, to] = read.words.as_slice() else {
            return Ok(fatal(desk, "Exactly two arguments expected"));
        };
        let (from, to) = match (place(desk, from), place(desk, to)) {
            (Ok(from), Ok(to)) => (from, to),
            (Err(end), _) | (_, Err(end)) => return Ok(end),
        };
        if read.values("--additional-tag").next().is_some() {
            return Ok(not_modelled(desk, "skopeo copy --additional-tag", 1));
        }
        if !self.waited() {
            return Ok(Progress::Sleep(desk.world.durations().image_copy));
        }
        for (place, name) in [(&from, "--src-creds"), (&to, "--dest-creds")] {
            if let Err(trouble) = with_credentials(desk, place, read.value(name)) {
                return Ok(fatal(desk, &trouble.words()));
            }
        }
        let (image, late) = match self.read_place(desk, &from)? {
            Ok((image, late)) => (image, late),
            Err((trouble, late)) => return Ok(self.fail(desk, &read, trouble, late)),
        };
        let image_digest = image.digest();
        // Files first: they can be asked for again, a push cannot.
        if let Some(path) = read.value("--digestfile")
            && let Err(error) = desk.write(path, image_digest.clone().into_bytes())?
        {
            let text = format!(
                "Failed to write digest to file \"{path}\": {}",
                oci::lower(error)
            );
            return Ok(fatal(desk, &text));
        }
        let pushed = match &to {
            Place::Registry(target) => registry::push(desk, target, &image),
            Place::Layout { path, reference } => {
                if let Err(error) = oci::write_layout(desk, path, &image, reference.as_deref())? {
                    let text = format!("writing {}: {}", path.display(), oci::lower(error));
                    return Ok(fatal(desk, &text));
                }
                return Ok(self.copied(desk, &read, late));
            }
            Place::Archive { path, reference } => {
                let tags: Vec<String> = reference.iter().cloned().collect();
                let bytes = image.archive(&tags, reference.as_deref());
                if let Err(error) = desk.write(path, bytes)? {
                    let text = format!("writing {}: {}", path.display(), oci::lower(error));
                    return Ok(fatal(desk, &text));
                }
                return Ok(self.copied(desk, &read, late));
            }
        };
        let late = late + pushed.late;
        match (pushed.result, &to) {
            (Ok(_), _) => Ok(self.copied(desk, &read, late)),
            (Err(trouble), Place::Registry(target)) => {
                let text = match &trouble {
                    Trouble::NoLogin => format!(
                        "trying to reuse blob at destination: checking whether a blob exists in {target}: {}",
                        "unauthorized: authentication required"
                    ),
                    other => unreachable(target, false, other),
                };
                Ok(self.fail(desk, &read, (trouble, text), late))
            }
            (Err(trouble), _) => Ok(fatal(desk, &trouble.words())),
        }
    }

    fn copied(&mut self, desk: &mut Desk<'_>, read: &Arguments, late: Duration) -> Progress {
        if !read.has("--quiet") {
            desk.out("Getting image source signatures\nCopying blob sha256:\nCopying config sha256:\nWriting manifest to image destination\n");
        }
        self.ending.after(desk, late, 0)
    }

    /// Ends with an error, or tries again as `--retry-times` says.
    fn fail(
        &mut self,
        desk: &mut Desk<'_>,
        read: &Arguments,
        (trouble, text): (Trouble, String),
        late: Duration,
    ) -> Progress {
        if let Trouble::NotModelled(what) = &trouble {
            return not_modelled(desk, &format!("skopeo with {what}"), 1);
        }
        let times = read.value("--retry-times").and_then(|n| n.parse().ok());
        let passing = matches!(trouble, Trouble::Passing(_) | Trouble::NoAnswer);
        if passing && self.attempts < times.unwrap_or(0) {
            let wait = Duration::from_secs(1 << self.attempts.min(6));
            self.attempts += 1;
            return Progress::Sleep(late + wait);
        }
        let progress = fatal(desk, &text);
        match progress {
            Progress::Done(code) => self.ending.after(desk, late, code),
            other => other,
        }
    }

    /// The image at a place, or what is in the way.
    #[expect(clippy::type_complexity, reason = "an answer, a failure, or a need")]
    fn read_place(
        &mut self,
        desk: &mut Desk<'_>,
        place: &Place,
    ) -> Result<Result<(LocalImage, Duration), ((Trouble, String), Duration)>, Need> {
        let wrong = |text: String| {
            let trouble = Trouble::Refused {
                code: "INVALID".to_owned(),
                message: text.clone(),
            };
            ((trouble, text), Duration::ZERO)
        };
        Ok(match place {
            Place::Registry(image) => {
                let answer = registry::pull(desk, image);
                let late = answer.late;
                match answer.result {
                    Ok(found) => Ok((found.image, late)),
                    Err(trouble) => {
                        let text = format!(
                            "initializing source docker://{image}: {}",
                            unreachable(image, true, &trouble)
                        );
                        Err(((trouble, text), late))
                    }
                }
            }
            Place::Layout { path, reference } => {
                match oci::read_layout(desk, path, reference.as_deref())? {
                    Ok(image) => Ok((image, Duration::ZERO)),
                    Err(text) => Err(wrong(format!(
                        "initializing source oci:{}: {text}",
                        path.display()
                    ))),
                }
            }
            Place::Archive { path, .. } => match desk.read(path)? {
                Err(error) => Err(wrong(format!(
                    "open {}: {}",
                    path.display(),
                    oci::lower(error)
                ))),
                Ok(bytes) => match oci::read_archive(desk, &bytes)? {
                    Ok((image, _)) => Ok((image, Duration::ZERO)),
                    Err(text) => Err(wrong(format!("initializing source: {text}"))),
                },
            },
        })
    }

    fn inspect(&mut self, desk: &mut Desk<'_>, args: &[String]) -> Result<Progress, Need> {
        let grammar = Grammar::new(
            &[
                "--raw",
                "--format= -f",
                "--config",
                "--creds=",
                "--retry-times=",
                "--no-tags -n",
            ],
            &["--authfile=", "--tls-verify"],
        );
        let read = match Arguments::parse(args, &grammar) {
            Ok(read) => read,
            Err(misuse) => return Ok(misused(desk, "skopeo inspect", &misuse, 1)),
        };
        let [text] = read.words.as_slice() else {
            return Ok(fatal(desk, "Exactly one argument expected"));
        };
        let at = match place(desk, text) {
            Ok(at) => at,
            Err(end) => return Ok(end),
        };
        if !self.waited() {
            return Ok(Progress::Sleep(Duration::from_millis(700)));
        }
        if let Err(trouble) = with_credentials(desk, &at, read.value("--creds")) {
            return Ok(fatal(desk, &trouble.words()));
        }
        let mut tags = Vec::new();
        let (image, late) = if let Place::Registry(reference) = &at {
            let answer = registry::pull(desk, reference);
            match answer.result {
                Ok(Found {
                    image, tags: all, ..
                }) => {
                    tags = all;
                    (image, answer.late)
                }
                Err(trouble) => {
                    let text = format!(
                        "Error parsing image name \"docker://{reference}\": {}",
                        unreachable(reference, true, &trouble)
                    );
                    return Ok(self.fail(desk, &read, (trouble, text), answer.late));
                }
            }
        } else {
            match self.read_place(desk, &at)? {
                Ok(found) => found,
                Err((failure, late)) => return Ok(self.fail(desk, &read, failure, late)),
            }
        };
        if read.has("--raw") {
            let bytes = match read.has("--config") {
                true => image.config.clone(),
                false => image.manifest.clone(),
            };
            desk.stdout.extend(bytes);
            return Ok(self.ending.after(desk, late, 0));
        }
        let config = image.config();
        let value = if read.has("--config") {
            config
        } else {
            let manifest: Value = serde_json::from_slice(&image.manifest).unwrap_or(Value::Null);
            let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
            let layers: Vec<Value> = layers.iter().map(|layer| layer["digest"].clone()).collect();
            let name = match &at {
                Place::Registry(image) => {
                    let mut bare = image.clone();
                    (bare.tag, bare.digest) = (None, None);
                    bare.to_string()
                }
                _ => String::new(),
            };
            json!({
                "Name": name,
                "Digest": image.digest(),
                "RepoTags": tags,
                "Created": config["created"],
                "Labels": config["config"]["Labels"],
                "Architecture": config["architecture"],
                "Os": config["os"],
                "Layers": layers,
            })
        };
        let text = match read.value("--format") {
            None => serde_json::to_string_pretty(&value)
                .unwrap_or_default()
                .replace("\n  ", "\n    "),
            Some(template) => match go_template::render(template, &value) {
                Ok(text) => text,
                Err(text) => return Ok(fatal(desk, &text)),
            },
        };
        desk.out(format!("{text}\n"));
        Ok(self.ending.after(desk, late, 0))
    }

    fn list_tags(&mut self, desk: &mut Desk<'_>, args: &[String]) -> Result<Progress, Need> {
        let text = args.first().map_or("", String::as_str);
        Ok(not_modelled(desk, &format!("skopeo list-tags {text}"), 1))
    }
}
