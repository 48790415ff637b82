//! How long things take: the modelled durations of steps and services, in one table.
//!
//! They are typical values, not measurements of anybody's pipeline; whoever knows theirs gives them.

use std::time::Duration;

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its name where somebody gives another duration, in kebab-case.
    pub name: &'static str,
    /// What takes so long.
    pub meaning: &'static str,
    pub usual: Duration,
}

macro_rules! durations {
    ($($(#[doc = $doc:literal])+ $field:ident $name:literal = $millis:literal,)*) => {
        /// How long everything takes in a world.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Durations { $($(#[doc = $doc])+ pub $field: Duration,)* }

        impl Default for Durations {
            fn default() -> Self {
                Self { $($field: Duration::from_millis($millis),)* }
            }
        }

        impl Durations {
            /// Everything that takes time, with what it usually takes.
            pub const TABLE: &[Entry] = &[$(Entry {
                name: $name,
                meaning: concat!($($doc),+).trim_ascii(),
                usual: Duration::from_millis($millis),
            },)*];

            /// The place of a duration by its name in the table.
            pub fn by_name(&mut self, name: &str) -> Option<&mut Duration> {
                match name {
                    $($name => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }
    };
}

durations! {
    /// GitHub gives a queued job to a runner.
    job_pickup "job-pickup" = 3_000,
    /// `actions/checkout`.
    checkout "checkout" = 2_000,
    /// An action that installs a tool: Node.js, Buildx, QEMU and the like.
    tool_setup "tool-setup" = 6_000,
    /// A cache is looked up and restored, or saved.
    cache "cache" = 2_000,
    /// An artifact is uploaded or downloaded.
    artifact "artifact" = 3_000,
    /// `aws-actions/configure-aws-credentials`.
    aws_credentials "aws-credentials" = 1_000,
    /// `npm ci` and its like.
    install "install" = 20_000,
    /// The linter.
    lint "lint" = 8_000,
    /// The type checker, and a build of the sources.
    type_check "type-check" = 8_000,
    /// The tests, with or without coverage.
    test "test" = 30_000,
    /// Any other command of a package's script.
    script "script" = 5_000,
    /// `docker build`.
    image_build "image-build" = 60_000,
    /// An image is scanned.
    image_scan "image-scan" = 25_000,
    /// `docker push`.
    image_push "image-push" = 8_000,
    /// `docker pull`.
    image_pull "image-pull" = 5_000,
    /// An image is copied between registries or tags.
    image_copy "image-copy" = 6_000,
    /// The AWS CLI starts, before its first request.
    aws_start "aws-start" = 400,
    /// A request's way to AWS.
    aws_request "aws-request" = 100,
    /// The answer's way back.
    aws_answer "aws-answer" = 200,
    /// GitHub's API answers.
    github_answer "github-answer" = 300,
    /// The application, or another host, answers `curl`.
    http_answer "http-answer" = 120,
    /// ECS takes up a change of a service.
    service_update "service-update" = 2_000,
    /// Fargate finds room for a task and attaches a network interface.
    task_placing "task-placing" = 10_000,
    /// The agent takes the task up.
    task_pending "task-pending" = 5_000,
    /// The task's images are pulled.
    task_pulling "task-pulling" = 12_000,
    /// From the start of a task's containers until it is RUNNING.
    task_starting "task-starting" = 3_000,
    /// From a target's registration to its first health check.
    first_check "first-check" = 5_000,
    /// From SIGTERM until a task's containers have ended.
    task_stopping "task-stopping" = 2_000,
    /// A stopped task's network interface is detached.
    task_deprovisioning "task-deprovisioning" = 15_000,
    /// From a task's end until ECS starts another in its place.
    task_replacing "task-replacing" = 15_000,
    /// The command of a task of its own, such as a migration.
    one_off_task "one-off-task" = 45_000,
}
