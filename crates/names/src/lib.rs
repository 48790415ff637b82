//! Names that GitHub and AWS give to things, as types.
//!
//! Every value that can reach a file or a command is parsed into one of these first. What a type
//! accepts is the grammar that the platform documents; none of them can hold a quote, a newline or
//! a shell metacharacter, so a value of these types is safe wherever it is written.
//!
//! ```
//! use lockkeeper_names::{ImageDigest, ServiceName};
//! let service: ServiceName = "myapp-api".parse()?;
//! assert_eq!(service.as_str(), "myapp-api");
//! assert!("api\"; rm -rf /".parse::<ServiceName>().is_err());
//! assert!("sha256:12".parse::<ImageDigest>().is_err());
//! # Ok::<(), lockkeeper_names::NameError>(())
//! ```

mod aws;
mod command;
pub mod conventions;
mod git;
mod github;
mod grammar;
mod time;
mod web;

pub use aws::{
    AccountId, ClusterName, ContainerName, Region, RepositoryName, RoleName, ServiceName,
};
pub use command::CommandLine;
pub use git::{BranchName, CommitSha};
pub use github::{EnvironmentName, Login, RepositorySlug, SettingName, TeamSlug, WorkflowFile};
pub use grammar::NameError;
pub use time::TimeZone;
pub use web::{HttpsUrl, ImageDigest, ImageTag, UrlPath};
