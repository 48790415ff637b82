//! The judges' programs, at their pinned versions, in `.judges` at the root of the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Failure, output, step};
use crate::tree::root;

/// What is installed: pins of the tools, and of everything below them.
const REQUIREMENTS: &str = include_str!("../judges/requirements.txt");
const CONSTRAINTS: &str = include_str!("../judges/constraints.txt");
const PACKAGE: &str = include_str!("../judges/package.json");
const PACKAGE_LOCK: &str = include_str!("../judges/package-lock.json");

/// Programs of ours that must lie beside the packages they import.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "differential.mjs",
        include_str!("../judges/differential.mjs"),
    ),
    (
        "github-parser.mjs",
        include_str!("../judges/github-parser.mjs"),
    ),
    (
        "json-modules.mjs",
        include_str!("../judges/json-modules.mjs"),
    ),
    ("page.mjs", include_str!("../judges/page.mjs")),
];

/// Where packages come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    Npm,
    PyPi,
}

impl Source {
    /// The folder that holds what is installed.
    fn folder(self) -> &'static str {
        match self {
            Source::Npm => "node_modules",
            Source::PyPi => "venv",
        }
    }

    /// All that decides what is installed.
    fn pins(self) -> String {
        match self {
            Source::Npm => PACKAGE_LOCK.to_owned(),
            Source::PyPi => format!("{REQUIREMENTS}{CONSTRAINTS}"),
        }
    }
}

pub(crate) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Installs what is missing or pinned at another version now.
    pub(crate) fn ready(sources: &[Source]) -> Result<Tools, Failure> {
        let tools = Tools {
            folder: root().join(".judges"),
        };
        fs::create_dir_all(&tools.folder).map_err(Failure::file(&tools.folder))?;
        for source in sources {
            let folder = tools.folder.join(source.folder());
            let stamp = folder.join("installed");
            if fs::read_to_string(&stamp).is_ok_and(|installed| installed == source.pins()) {
                continue;
            }
            println!("  installing into {}", folder.display());
            if folder.exists() {
                fs::remove_dir_all(&folder).map_err(Failure::file(&folder))?;
            }
            match source {
                Source::Npm => tools.install_npm()?,
                Source::PyPi => tools.install_pypi()?,
            }
            write(&stamp, &source.pins())?;
        }
        output(Command::new("node").arg("--version"))?;
        for (name, text) in PROGRAMS {
            write(&tools.node_program(name), text)?;
        }
        Ok(tools)
    }

    fn install_pypi(&self) -> Result<(), Failure> {
        write(&self.folder.join("requirements.txt"), REQUIREMENTS)?;
        write(&self.folder.join("constraints.txt"), CONSTRAINTS)?;
        step(
            Command::new("python3")
                .args(["-m", "venv", "venv"])
                .current_dir(&self.folder),
        )?;
        let mut pip = Command::new(self.python("python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        pip.args([
            "--only-binary",
            ":all:",
            "-r",
            "requirements.txt",
            "-c",
            "constraints.txt",
        ]);
        step(pip.current_dir(&self.folder))
    }

    fn install_npm(&self) -> Result<(), Failure> {
        write(&self.folder.join("package.json"), PACKAGE)?;
        write(&self.folder.join("package-lock.json"), PACKAGE_LOCK)?;
        let mut npm = Command::new("npm");
        npm.args([
            "ci",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
        ]);
        step(npm.current_dir(&self.folder))
    }

    /// A program of the virtual environment, by absolute path.
    pub(crate) fn python(&self, name: &str) -> PathBuf {
        self.folder.join("venv/bin").join(name)
    }

    /// A file inside an installed Python package, by its path from the folder of packages.
    pub(crate) fn packaged(&self, path: &str) -> Result<PathBuf, Failure> {
        let library = self.folder.join("venv/lib");
        let versions = fs::read_dir(&library).map_err(Failure::file(&library))?;
        let found = versions
            .filter_map(|entry| Some(entry.ok()?.path().join("site-packages").join(path)))
            .find(|found| found.is_file());
        found.ok_or_else(|| Failure::Setup(format!("{path} is in no installed package")))
    }

    pub(crate) fn node_program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// One of our programs for Node.js, able to import what is installed.
    pub(crate) fn node(&self, program: &str) -> Command {
        let mut command = Command::new("node");
        command
            .arg("--import")
            .arg(self.node_program("json-modules.mjs"));
        command.arg(self.node_program(program));
        command
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(Failure::file(path))
}
