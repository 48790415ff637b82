//! The promises that a rehearsal judges, by name.

use serde::{Serialize, Serializer};

macro_rules! promises {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal,)*) => {
        /// A property that holds in every schedule of the fault classes that it covers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum PromiseId { $($(#[doc = $doc])+ $name,)* }

        impl PromiseId {
            /// Every promise, in the order in which reports list them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What is promised, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)* }
            }

            /// The stable name, in kebab-case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }
        }
    };
}

promises! {
    /// No pull request with a failing, skipped or missing gate can merge.
    MergeGated = "merge-gated",
    /// No code of a pull request runs where a secret, a role or a write token can be reached.
    PrHasNoCredentials = "pr-has-no-credentials",
    /// Staging serves the newest merged commit, or that commit's run is not green.
    StagingServesMerge = "staging-serves-merge",
    /// A digest starts serving in production only after an allowed reviewer approved that change.
    ProductionApproved = "production-approved",
    /// What the reviewer could read named the digest that then served.
    ApprovalShowsDigest = "approval-shows-digest",
    /// With the environment missing or unprotected, production is not touched and the run is red.
    UngatedFailsClosed = "ungated-fails-closed",
    /// What changed between verification and approval is not deployed.
    StaleApprovalRefused = "stale-approval-refused",
    /// A new version serves only after its migration ended well there, and no two run at once.
    MigratedFirst = "migrated-first",
    /// A new version reaches production only inside of the deploy window.
    WindowKept = "window-kept",
    /// Re-running an old production run changes nothing.
    RerunIsInert = "rerun-is-inert",
    /// Production gets a digest that staging verified or that production served before.
    ProductionPromotesStaging = "production-promotes-staging",
    /// A green run means that the version asked for is serving, and stays.
    GreenMeansServing = "green-means-serving",
    /// A good change merges, reaches staging and, once approved, production, with green runs.
    GoodChangeArrives = "good-change-arrives",
    /// After a deploy that did not finish well, the previous revision serves again.
    FailedDeployRestores = "failed-deploy-restores",
    /// Every red deploy run ends with a line that says what is serving.
    FailureSaysWhatServes = "failure-says-what-serves",
    /// While what serves fails its smoke test, the run is not green.
    SmokeDetects = "smoke-detects",
    /// Deploys to one environment never interleave.
    OneAtATime = "one-at-a-time",
    /// An older merge never replaces a newer one on staging.
    NeverBackwards = "never-backwards",
    /// Dispatching a tag that production served before brings it back.
    RollbackRestores = "rollback-restores",
    /// Waiting runs never hold a rollback.
    RollbackNotBlocked = "rollback-not-blocked",
    /// The image before the current one can still be pulled.
    PreviousImageKept = "previous-image-kept",
    /// Every AWS call is allowed.
    PermissionsSuffice = "permissions-suffice",
    /// No other environment's resources are reachable.
    PermissionsIsolated = "permissions-isolated",
    /// Nothing that is granted is never used.
    PermissionsUsed = "permissions-used",
    /// Once faults stop, every run ends within its budget at a named version.
    AlwaysEnds = "always-ends",
}

impl std::fmt::Display for PromiseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for PromiseId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// No promise has the name asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no promise of that name")]
pub struct UnknownPromise;

impl std::str::FromStr for PromiseId {
    type Err = UnknownPromise;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|promise| promise.as_str() == text)
            .ok_or(UnknownPromise)
    }
}
