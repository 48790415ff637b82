//! Numbers and handles that the hub and the cloud give out.

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// A workflow run; the same over all its attempts.
    RunId
}
number! {
    /// A job of one attempt of a run.
    JobId
}
number! {
    /// A pull request.
    PullNumber
}

/// The step in which something was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Caller {
    pub run: RunId,
    pub attempt: u32,
    pub job: JobId,
    /// The step's place in its job, from 0.
    pub step: u32,
    /// Its line in the workflow file, from 1.
    pub line: u32,
}
