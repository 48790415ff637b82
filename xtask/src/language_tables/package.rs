//! A package of npm, unpacked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::process::{Failure, output, text};

/// The newest version of a package, and where it was unpacked.
pub(super) struct Package {
    name: &'static str,
    version: String,
    /// The day of its release, `YYYY-MM-DD`.
    published: String,
    folder: PathBuf,
}

impl Package {
    /// Gets the newest version from the npm registry that this machine is set up for.
    pub(super) fn fetch(name: &'static str, scratch: &Path) -> Result<Package, Failure> {
        let known = npm(&["view", name, "version", "time", "--json"])?;
        let version = known["version"].as_str().unwrap_or_default().to_owned();
        let published = known["time"][&version].as_str().unwrap_or_default();
        let published = published.get(..10).unwrap_or_default().to_owned();
        let folder = scratch.join(name.replace(['@', '/'], "-"));
        fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
        let wanted = format!("{name}@{version}");
        let target = folder.display().to_string();
        let packed = npm(&["pack", &wanted, "--json", "--pack-destination", &target])?;
        let archive = packed[0]["filename"].as_str().unwrap_or_default();
        // Older npm names scoped packages as they are, not as the file.
        let archive = archive.trim_start_matches('@').replace('/', "-");
        let unpacked = output(
            Command::new("tar")
                .arg("-xzf")
                .arg(folder.join(archive))
                .arg("-C")
                .arg(&folder),
        )?;
        if !unpacked.status.success() {
            return Err(Failure::Setup(format!("{wanted}: {}", text(&unpacked))));
        }
        Ok(Package {
            name,
            version,
            published,
            folder: folder.join("package"),
        })
    }

    pub(super) fn described(&self) -> Value {
        json!({ "name": self.name, "version": self.version, "published": self.published })
    }

    pub(super) fn text(&self, path: &str) -> Result<String, Failure> {
        let path = self.folder.join(path);
        fs::read_to_string(&path).map_err(Failure::file(&path))
    }

    pub(super) fn json(&self, path: &str) -> Result<Value, Failure> {
        let text = self.text(path)?;
        serde_json::from_str(&text)
            .map_err(|error| Failure::Setup(format!("{} {path}: {error}", self.name)))
    }

    /// The files of a folder whose names end so, in the order of their names.
    pub(super) fn texts(
        &self,
        folder: &str,
        ending: &str,
    ) -> Result<Vec<(String, String)>, Failure> {
        let path = self.folder.join(folder);
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(Failure::file(&path))? {
            let entry = entry.map_err(Failure::file(&path))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.retain(|name| name.ends_with(ending));
        names.sort();
        let texts = names.into_iter().map(|name| {
            let text = self.text(&format!("{folder}/{name}"))?;
            Ok((name, text))
        });
        texts.collect()
    }
}

fn npm(arguments: &[&str]) -> Result<Value, Failure> {
    let answer = output(
        Command::new("npm")
            .args(arguments)
            // Where there is no network, that is known soon.
            .args([
                "--loglevel",
                "error",
                "--fetch-retries",
                "1",
                "--fetch-timeout",
                "30000",
            ]),
    )?;
    if !answer.status.success() {
        let said = text(&answer);
        let mut errors = said.lines().filter(|line| line.starts_with("npm error"));
        return Err(Failure::Setup(format!(
            "npm {}: {}",
            arguments.join(" "),
            errors.next().unwrap_or("no answer")
        )));
    }
    serde_json::from_slice(&answer.stdout)
        .map_err(|error| Failure::Setup(format!("npm {}: {error}", arguments.join(" "))))
}
