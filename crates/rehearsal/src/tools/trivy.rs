//! `trivy`: finds in an image, or in the repository, what the commit's traits say.

use lockkeeper_world::cloud::ImageRef;
use serde_json::json;

use super::arguments::{Arguments, Grammar, Known};
use super::ending::{misused, not_modelled};
use super::{Desk, Invocation, Need, Progress, Tool, oci, registry};
use crate::commits::Gate;
use crate::machine::LocalImage;

const KNOWN: Known = &[
    "--exit-code=",
    "--severity= -s",
    "--format= -f",
    "--output= -o",
    "--input=",
    "--quiet -q",
    "--scanners= --security-checks=",
    "--version -v",
    "--vuln-type= --pkg-types=",
    "--list-all-pkgs",
    "--image-src=",
    "--report=",
];

/// What changes where vulnerability data comes from, or leaves single findings out.
const COSMETIC: Known = &[
    "--cache-dir=",
    "--cache-backend=",
    "--config= -c",
    "--db-repository=",
    "--debug -d",
    "--exit-on-eol=",
    "--ignore-policy=",
    "--ignore-status=",
    "--ignore-unfixed",
    "--ignorefile=",
    "--insecure",
    "--java-db-repository=",
    "--no-progress",
    "--offline-scan",
    "--platform=",
    "--skip-db-update",
    "--skip-java-db-update",
    "--skip-dirs=",
    "--skip-files=",
    "--skip-version-check",
    "--skip-check-update",
    "--template= -t",
    "--timeout=",
    "--username=",
    "--password=",
    "--secret-config=",
    "--show-suppressed",
    "--vex=",
    "--table-mode=",
    "--disable-telemetry",
];

/// The one vulnerability that a vulnerable image has.
const ID: &str = "CVE-2026-10001";
const SEVERITY: &str = "HIGH";

#[derive(Default)]
struct Trivy {
    waited: bool,
}

pub(super) fn start(_: &Invocation) -> Box<dyn Tool> {
    Box::new(Trivy::default())
}

impl Tool for Trivy {
    fn resume(&mut self, desk: &mut Desk<'_>) -> Result<Progress, Need> {
        let read = match Arguments::parse(desk.call.args(), &Grammar::new(KNOWN, COSMETIC)) {
            Ok(read) => read,
            Err(misuse) => return Ok(misused(desk, "trivy", &misuse, 1)),
        };
        if read.has("--version") {
            desk.out("Version: 0.74.0\n");
            return Ok(Progress::Done(0));
        }
        let mut words = read.words.iter().map(String::as_str);
        let Some(command) = words.next() else {
            desk.out("Scanner for vulnerabilities in container images, file systems, and Git repositories\n");
            return Ok(Progress::Done(0));
        };
        let target = words.next();
        let code = match option(desk, &read, "--exit-code").map(|code| code.parse::<i32>()) {
            None => 0,
            Some(Ok(code)) => code,
            Some(Err(_)) => return Ok(fatal(desk, "invalid argument for \"--exit-code\"")),
        };
        let severities = option(desk, &read, "--severity")
            .unwrap_or_else(|| "UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL".to_owned());
        let severities = severities.to_ascii_uppercase();
        let format = option(desk, &read, "--format").unwrap_or_else(|| "table".to_owned());
        if !matches!(format.as_str(), "table" | "json" | "sarif") {
            return Ok(not_modelled(desk, &format!("trivy --format {format}"), 1));
        }
        if !self.waited {
            self.waited = true;
            return Ok(Progress::Sleep(desk.world.durations().image_scan));
        }
        let (name, vulnerable) = match command {
            "image" | "i" => {
                match self.image(desk, option(desk, &read, "--input").as_deref(), target)? {
                    Ok(image) => image,
                    Err(end) => return Ok(end),
                }
            }
            "fs" | "filesystem" | "rootfs" | "repo" | "repository" => {
                // A flaw of the image's own packages is not in the repository.
                (target.unwrap_or(".").to_owned(), false)
            }
            "config" | "conf" => (target.unwrap_or(".").to_owned(), false),
            "version" => {
                desk.out("Version: 0.74.0\n");
                return Ok(Progress::Done(0));
            }
            other => return Ok(not_modelled(desk, &format!("trivy {other}"), 1)),
        };
        let scans = option(desk, &read, "--scanners").is_none_or(|all| {
            all.split(',')
                .any(|one| matches!(one, "vuln" | "vulnerability"))
        });
        let found = vulnerable && scans && severities.split(',').any(|s| s.trim() == SEVERITY);
        let report = report(&format, &name, found);
        match option(desk, &read, "--output") {
            None => desk.out(&report),
            Some(path) => {
                if let Err(error) = desk.write(&path, report.into_bytes())? {
                    let text = format!(
                        "failed to create output file: open {path}: {}",
                        oci::lower(error)
                    );
                    return Ok(fatal(desk, &text));
                }
            }
        }
        Ok(Progress::Done(if found { code } else { 0 }))
    }
}

/// An option's value, or that of its environment variable (`TRIVY_EXIT_CODE`).
fn option(desk: &Desk<'_>, read: &Arguments, name: &str) -> Option<String> {
    let variable = name.trim_start_matches('-').replace('-', "_");
    let variable = format!("TRIVY_{}", variable.to_ascii_uppercase());
    let value = read.value(name).or(desk.call.env(&variable));
    value.map(str::to_owned)
}

fn fatal(desk: &mut Desk<'_>, text: &str) -> Progress {
    let at = desk.world.now().rfc3339();
    desk.err(format!("{at}\tFATAL\tFatal error\t{text}\n"));
    Progress::Done(1)
}

impl Trivy {
    /// The image's name, and whether it is vulnerable; or how the call ends.
    fn image(
        &mut self,
        desk: &mut Desk<'_>,
        input: Option<&str>,
        target: Option<&str>,
    ) -> Result<Result<(String, bool), Progress>, Need> {
        if let Some(input) = input {
            // A directory is an OCI layout, a file an archive.
            let (path, reference) = match input.split_once('@') {
                Some((path, reference)) => (path, Some(reference)),
                None => (input, None),
            };
            let image = match desk.read(path)? {
                Ok(bytes) => match oci::read_archive(desk, &bytes)? {
                    Ok((image, _)) => Ok(image),
                    Err(text) => Err(text),
                },
                Err(error) if error.0 == libc::EISDIR => {
                    oci::read_layout(desk, path.as_ref(), reference)?
                }
                Err(error) => Err(format!("open {path}: {}", oci::lower(error))),
            };
            return Ok(match image {
                Ok(image) => Ok((input.to_owned(), is_vulnerable(desk, &image))),
                Err(text) => Err(fatal(
                    desk,
                    &format!(
                        "run error: image scan error: scan error: unable to initialize a scanner: unable to initialize an image scanner: unable to open {input}: {text}"
                    ),
                )),
            });
        }
        let Some(name) = target else {
            return Ok(Err(fatal(
                desk,
                "Require at least 1 argument or --input option",
            )));
        };
        let Some(reference) = ImageRef::parse(name) else {
            return Ok(Err(fatal(
                desk,
                &format!("could not parse reference: {name}"),
            )));
        };
        if let Some(image) = super::docker::find(desk.machine, name).cloned() {
            return Ok(Ok((name.to_owned(), is_vulnerable(desk, &image))));
        }
        let pulled = registry::pull(desk, &reference).result;
        Ok(match pulled {
            Ok(found) => Ok((name.to_owned(), found.image.facts.vulnerable)),
            Err(registry::Trouble::NotModelled(what)) => {
                Err(not_modelled(desk, &format!("trivy image at {what}"), 1))
            }
            Err(trouble) => Err(fatal(
                desk,
                &format!(
                    "run error: image scan error: scan error: unable to initialize a scanner: unable to initialize an image scanner: unable to find the specified image \"{name}\" in [\"docker\" \"containerd\" \"podman\" \"remote\"]: remote error: {}",
                    trouble.words()
                ),
            )),
        })
    }
}

fn is_vulnerable(desk: &Desk<'_>, image: &LocalImage) -> bool {
    let by_commit = image
        .facts
        .commit
        .as_ref()
        .is_some_and(|sha| desk.commits.of(sha).fails.contains(&Gate::ImageScan));
    image.facts.vulnerable || by_commit
}

fn report(format: &str, name: &str, found: bool) -> String {
    let vulnerability = json!({
        "VulnerabilityID": ID,
        "PkgName": "openssl",
        "InstalledVersion": "3.5.1-r0",
        "FixedVersion": "3.5.2-r0",
        "Severity": SEVERITY,
        "Title": "openssl: a flaw that this commit's image has",
    });
    let vulnerabilities = if found {
        vec![vulnerability]
    } else {
        Vec::new()
    };
    match format {
        "json" => {
            let report = json!({
                "SchemaVersion": 2,
                "ArtifactName": name,
                "ArtifactType": "container_image",
                "Results": [{ "Target": name, "Class": "os-pkgs", "Vulnerabilities": vulnerabilities }],
            });
            format!(
                "{}\n",
                serde_json::to_string_pretty(&report).unwrap_or_default()
            )
        }
        "sarif" => {
            let results: Vec<_> = vulnerabilities
                .iter()
                .map(|v| json!({ "ruleId": ID, "level": "error", "message": { "text": v["Title"] } }))
                .collect();
            let report = json!({
                "version": "2.1.0",
                "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
                "runs": [{ "tool": { "driver": { "name": "Trivy", "rules": [] } }, "results": results }],
            });
            format!(
                "{}\n",
                serde_json::to_string_pretty(&report).unwrap_or_default()
            )
        }
        _ if found => format!(
            "\n{name} (alpine 3.22)\n\nTotal: 1 (HIGH: 1, CRITICAL: 0)\n\n\
             Library   Vulnerability    Severity   Installed   Fixed\n\
             openssl   {ID}   {SEVERITY}       3.5.1-r0    3.5.2-r0\n"
        ),
        _ => format!("\n{name} (alpine 3.22)\n\nTotal: 0 (HIGH: 0, CRITICAL: 0)\n"),
    }
}
