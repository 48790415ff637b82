//! What the repository is: its language, its commands, its image, its databases.

mod compose;
mod dockerfile;
mod node;
mod repository;

use std::path::Path;

pub use dockerfile::Dockerfile;
pub(crate) use repository::Repository;

/// What a repository is, as far as a pipeline needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// How the language's tools come onto a runner.
    pub toolchain: Toolchain,
    /// The command that installs what the repository depends on.
    pub install: String,
    /// The command of each gate, where the repository has one.
    pub lint: Option<String>,
    pub type_check: Option<String>,
    pub test: Option<String>,
    /// How tests can be held to a coverage.
    pub coverage: Coverage,
    pub dockerfile: Option<Dockerfile>,
    /// The image of the PostgreSQL that tests need.
    pub postgres: Option<String>,
    /// Folders of database migrations.
    pub migrations: Vec<String>,
    /// What was taken for granted, in a sentence each.
    pub assumptions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toolchain {
    Node(NodeVersion),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeVersion {
    /// A file that names it, which `actions/setup-node` reads.
    File(String),
    Number(String),
}

/// How the tests' coverage can be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// The test command itself fails below this many percent of lines.
    Enforced { percent: u8 },
    /// Arguments for the test command; `{percent}` stands for the threshold.
    Arguments(String),
    /// A command to run after the tests; `{percent}` stands for the threshold.
    Afterwards(String),
    /// Nothing that is known measures it; why.
    Unknown(String),
}

/// Why a repository cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    #[error("{dir} is not a directory")]
    NoDirectory { dir: String },
    #[error("cannot read {file}: {error}")]
    Unreadable {
        file: String,
        #[source]
        error: std::io::Error,
    },
    #[error("{file} is larger than {limit} bytes")]
    TooLarge { file: String, limit: u64 },
    #[error("{file} is not UTF-8")]
    NotUtf8 { file: String },
    #[error("{file} is not valid: {why}")]
    Malformed { file: String, why: String },
    #[error(
        "there is no package.json: lockkeeper writes pipelines for Node.js services with npm so far, and found none here"
    )]
    NoLanguage,
    #[error(
        "{found} belongs to another package manager: lockkeeper knows npm (package-lock.json) so far"
    )]
    OtherPackageManager { found: &'static str },
    #[error(
        "there is no package-lock.json, without which `npm ci` cannot run: run `npm install` and commit it"
    )]
    NoLockfile,
    #[error(
        "nothing says which Node.js version to use: add a file .nvmrc with it, or start the Dockerfile from node:<version>"
    )]
    NoNodeVersion,
}

impl Stack {
    /// Reads the repository in `dir`.
    pub fn detect(dir: &Path) -> Result<Self, StackError> {
        let repository = Repository::open(dir)?;
        node::detect(&repository)?.ok_or(StackError::NoLanguage)
    }
}
