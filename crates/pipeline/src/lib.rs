//! Deployment rules and a repository's stack → the files of a GitHub Actions pipeline for Amazon ECS.
//!
//! A [`Reading`](lockkeeper_policy::Reading) of the rules and a [`Stack`] flow in; a [`Plan`] flows
//! out, which is the whole pipeline as data, and becomes [`GeneratedFile`]s: workflows, the bash
//! scripts that they call, a CloudFormation template, DEPLOYMENT.md. The same input gives the same
//! bytes. Nothing is written here; the only input besides the arguments is the repository that
//! [`Stack::detect`] reads. [`compare`] says what has become of a file since.
//!
//! ```
//! use lockkeeper_pipeline::{PlanError, Pins, Stack, plan};
//! use lockkeeper_policy::Reading;
//!
//! fn list(reading: &Reading, stack: &Stack) -> Result<(), PlanError> {
//!     for file in plan(reading, stack)?.files(&Pins::default()) {
//!         println!("{} ({} bytes)", file.path, file.bytes.len());
//!     }
//!     Ok(())
//! }
//! ```

mod drift;
mod error;
mod file;
mod gates;
mod guide;
mod infra;
mod markdown;
mod pins;
mod plan;
mod rules;
mod scripts;
mod site;
mod stacks;
mod steps;
mod trace;
mod workflow;
mod workflows;
mod yaml;

pub use drift::{Standing, compare};
pub use error::PlanError;
pub use file::GeneratedFile;
pub use pins::Pins;
pub use plan::{Open, Plan, plan};
pub use stacks::{Coverage, Dockerfile, NodeVersion, Stack, StackError, Toolchain};
