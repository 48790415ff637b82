//! What keeps each rule: a part of the pipeline, a setting of GitHub, a setting of AWS, a promise.

use lockkeeper_policy::PromiseId;

/// How one value of the policy is kept.
pub(crate) struct Keeper {
    /// The JSON pointer of the value; `*` stands for one part.
    pub(crate) pointer: &'static str,
    pub(crate) pipeline: &'static str,
    pub(crate) github: &'static str,
    pub(crate) aws: &'static str,
    pub(crate) promises: &'static [PromiseId],
}

const fn keeper(
    pointer: &'static str,
    pipeline: &'static str,
    github: &'static str,
    aws: &'static str,
    promises: &'static [PromiseId],
) -> Keeper {
    Keeper {
        pointer,
        pipeline,
        github,
        aws,
        promises,
    }
}

const GATES: &[PromiseId] = &[PromiseId::MergeGated, PromiseId::PrHasNoCredentials];

pub(crate) const KEEPERS: &[Keeper] = &[
    keeper(
        "/production_branch",
        "triggers of all workflows; `verify-run.sh`",
        "environments limited to the branch",
        "roles trust the branch alone",
        &[PromiseId::ProductionApproved],
    ),
    keeper(
        "/pull_request/required",
        "—",
        "ruleset: pull request required, no bypass",
        "—",
        &[PromiseId::MergeGated],
    ),
    keeper(
        "/ci/lint",
        "ci.yml, job Lint",
        "required check CI gate",
        "—",
        GATES,
    ),
    keeper(
        "/ci/type_check",
        "ci.yml, job Type check",
        "required check CI gate",
        "—",
        GATES,
    ),
    keeper(
        "/ci/test",
        "ci.yml, job Test",
        "required check CI gate",
        "—",
        GATES,
    ),
    keeper(
        "/ci/coverage_percent",
        "ci.yml, job Test",
        "required check CI gate",
        "—",
        GATES,
    ),
    keeper(
        "/ci/image_build",
        "ci.yml, job Image",
        "required check CI gate",
        "—",
        GATES,
    ),
    keeper(
        "/ci/image_scan",
        "ci.yml, job Image; deploy-staging.yml, job Scan",
        "required check CI gate",
        "—",
        GATES,
    ),
    keeper(
        "/environments/staging/trigger",
        "deploy-staging.yml on push; `order.sh`",
        "environment staging",
        "staging's role",
        &[
            PromiseId::StagingServesMerge,
            PromiseId::NeverBackwards,
            PromiseId::OneAtATime,
        ],
    ),
    keeper(
        "/environments/production/trigger",
        "deploy-production.yml on workflow\\_dispatch",
        "environment production",
        "production's role; immutable tags",
        &[PromiseId::ProductionPromotesStaging, PromiseId::OneAtATime],
    ),
    keeper(
        "/migrations",
        "`migrate.sh`, before the deployment",
        "—",
        "deploy roles may run tasks in their cluster",
        &[PromiseId::MigratedFirst],
    ),
    keeper(
        "/environments/production/window",
        "`verify-window.sh`, before and after the approval",
        "—",
        "—",
        &[PromiseId::WindowKept],
    ),
    keeper(
        "/environments/production/approval",
        "`verify-environment.sh`, `verify-approval.sh`, job Supersede",
        "environment production: required reviewers",
        "production's role trusts the environment alone",
        &[
            PromiseId::ProductionApproved,
            PromiseId::ApprovalShowsDigest,
            PromiseId::UngatedFailsClosed,
            PromiseId::StaleApprovalRefused,
            PromiseId::RerunIsInert,
            PromiseId::RollbackNotBlocked,
        ],
    ),
    keeper(
        "/environments/*/smoke_test",
        "`smoke.sh`, `verify-serving.sh`, `restore.sh`",
        "—",
        "circuit breaker with rollback",
        &[
            PromiseId::SmokeDetects,
            PromiseId::GreenMeansServing,
            PromiseId::FailedDeployRestores,
            PromiseId::FailureSaysWhatServes,
        ],
    ),
    keeper(
        "/images",
        "—",
        "—",
        "lifecycle rules of the registry",
        &[PromiseId::PreviousImageKept],
    ),
    keeper(
        "/rollback",
        "deploy-production.yml with the previous commit; `verify-image.sh`",
        "environment production",
        "lifecycle rules keep what was served",
        &[PromiseId::RollbackRestores, PromiseId::RollbackNotBlocked],
    ),
];

impl Keeper {
    /// Whether this is about the value at `pointer`, or one above or below it.
    pub(crate) fn keeps(&self, pointer: &str) -> bool {
        let mut ours = self.pointer.split('/');
        let mut theirs = pointer.split('/');
        loop {
            match (ours.next(), theirs.next()) {
                (Some(one), Some(other)) if one == other || one == "*" => {}
                (None, _) => return true,
                _ => return false,
            }
        }
    }
}
