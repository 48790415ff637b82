//! Steps that several jobs have.

use crate::site::{EnvironmentSite, Site};
use crate::stacks::{NodeVersion, Stack, Toolchain};
use crate::workflow::Step;

/// The repository; with its whole history where a script asks which commit contains which.
pub(crate) fn checkout(history: bool) -> Step {
    let mut with = vec![("persist-credentials", false.into())];
    if history {
        with.push(("fetch-depth", 0.into()));
    }
    Step::uses("Check out", "actions/checkout", with)
}

/// The language's tools and the repository's dependencies.
pub(crate) fn toolchain(stack: &Stack) -> Vec<Step> {
    let Toolchain::Node(version) = &stack.toolchain;
    let version = match version {
        NodeVersion::File(file) => ("node-version-file", file.as_str().into()),
        NodeVersion::Number(number) => ("node-version", number.as_str().into()),
    };
    vec![
        checkout(false),
        Step::uses(
            "Set up Node.js",
            "actions/setup-node",
            vec![version, ("cache", "npm".into())],
        ),
        Step::run("Install dependencies", stack.install.as_str()),
    ]
}

pub(crate) fn buildx() -> Step {
    Step::uses(
        "Set up Buildx",
        "docker/setup-buildx-action",
        vec![("cache-binary", false.into())],
    )
    .above("Only a builder of its own can write an OCI layout.")
}

/// Credentials of `role` for the rest of the job.
pub(crate) fn credentials(site: &Site<'_>, role: &str, environment: &EnvironmentSite<'_>) -> Step {
    Step::uses(
        "Get AWS credentials",
        "aws-actions/configure-aws-credentials",
        vec![
            ("role-to-assume", site.role_arn(role).into()),
            ("role-session-name", "github-${{ github.run_id }}".into()),
            ("role-duration-seconds", SESSION_SECONDS.into()),
            ("aws-region", environment.region.as_str().into()),
            ("allowed-account-ids", site.account().into()),
        ],
    )
}

/// Credentials that outlive an outage of a minute and a half: by itself the action gives up before.
pub(crate) fn patient(credentials: Step) -> Step {
    credentials.with("retry-max-attempts", 14_i64)
}

/// How long credentials last: longer than any job that uses them.
const SESSION_SECONDS: i64 = 3600;

/// Runs one of the scripts in `.github/deploy`, in the step's own shell: when a run is cancelled,
/// GitHub asks that shell to stop and none below it.
pub(crate) fn script(name: impl Into<String>, file: &str) -> Step {
    Step::run(name, format!("source .github/deploy/{file}"))
}

/// A script that asks GitHub.
pub(crate) fn github_script(name: impl Into<String>, file: &str) -> Step {
    script(name, file).env("GH_TOKEN", "${{ github.token }}")
}
