//! The judges' programs, at their pinned versions, in `.judges` at the root of the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Failure, output, step};
use crate::tree::root;

/// What is installed: pins of the tools, and of everything below them.
const REQUIREMENTS: &str = include_str!("../../judges/requirements.txt");
const CONSTRAINTS: &str = include_str!("../../judges/constraints.txt");
const PACKAGE: &str = include_str!("../../judges/package.json");
const PACKAGE_LOCK: &str = include_str!("../../judges/package-lock.json");

/// Programs of ours that must lie beside the packages they import.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "github-parser.mjs",
        include_str!("../../judges/github-parser.mjs"),
    ),
    (
        "json-modules.mjs",
        include_str!("../../judges/json-modules.mjs"),
    ),
];

pub(super) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Installs what is missing or pinned at another version now.
    pub(super) fn ready() -> Result<Tools, Failure> {
        let tools = Tools {
            folder: root().join(".judges"),
        };
        let pins = format!("{REQUIREMENTS}{CONSTRAINTS}{PACKAGE_LOCK}");
        let stamp = tools.folder.join("installed");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
            output(Command::new("node").arg("--version"))?;
        } else {
            tools.install()?;
            write(&stamp, &pins)?;
        }
        for (name, text) in PROGRAMS {
            write(&tools.node_program(name), text)?;
        }
        Ok(tools)
    }

    fn install(&self) -> Result<(), Failure> {
        println!("judges: installing into {}", self.folder.display());
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(Failure::file(&self.folder))?;
        }
        fs::create_dir_all(&self.folder).map_err(Failure::file(&self.folder))?;
        for (name, text) in [
            ("requirements.txt", REQUIREMENTS),
            ("constraints.txt", CONSTRAINTS),
            ("package.json", PACKAGE),
            ("package-lock.json", PACKAGE_LOCK),
        ] {
            write(&self.folder.join(name), text)?;
        }
        step(
            Command::new("python3")
                .args(["-m", "venv", "venv"])
                .current_dir(&self.folder),
        )?;
        step(
            Command::new(self.python("python"))
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                ])
                .args([
                    "--only-binary",
                    ":all:",
                    "-r",
                    "requirements.txt",
                    "-c",
                    "constraints.txt",
                ])
                .current_dir(&self.folder),
        )?;
        step(
            Command::new("npm")
                .args([
                    "ci",
                    "--no-audit",
                    "--no-fund",
                    "--ignore-scripts",
                    "--loglevel=error",
                ])
                .current_dir(&self.folder),
        )
    }

    /// A program of the virtual environment, by absolute path.
    pub(super) fn python(&self, name: &str) -> PathBuf {
        self.folder.join("venv/bin").join(name)
    }

    pub(super) fn node_program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(Failure::file(path))
}
