//! Pull requests: every gate a job, and one job that is green only if all of them are.

use crate::error::PlanError;
use crate::gates::GATES;
use crate::site::Site;
use crate::workflow::{Concurrency, Job, Step, Workflow, flow};
use crate::yaml::Map;

/// The one status check to require. Its name appears in the repository's ruleset.
pub(crate) const CI_GATE: &str = "CI gate";

/// `None` where the rules ask for no gate.
pub(crate) fn ci(site: &Site<'_>) -> Result<Option<Workflow>, PlanError> {
    let mut jobs = GATES
        .iter()
        .filter(|gate| (gate.asked)(&site.policy.ci))
        .map(|gate| (gate.job)(site))
        .collect::<Result<Vec<Job>, PlanError>>()?;
    if jobs.is_empty() {
        return Ok(None);
    }
    jobs.push(Job {
        id: "ci-gate",
        name: CI_GATE.into(),
        above: vec![
            "The one required status check. It always runs, because GitHub takes a skipped check for a"
                .into(),
            "passed one; and it is green only if every gate ran and passed.".into(),
        ],
        needs: jobs.iter().map(|job| job.id).collect(),
        condition: Some("always()".into()),
        timeout_minutes: 5,
        steps: vec![
            Step::run(
                "Every gate passed",
                "printf '%s\\n' \"$RESULTS\"\njq -e 'all(.[]; .result == \"success\")' <<<\"$RESULTS\" >/dev/null\n",
            )
            .env("RESULTS", "${{ toJSON(needs) }}"),
        ],
        ..Job::default()
    });
    let branches = || Map::new().with("branches", flow(&[site.branch.as_str()]));
    Ok(Some(Workflow {
        name: "CI".into(),
        run_name: None,
        on: Map::new()
            .with("pull_request", branches())
            .with("merge_group", branches()),
        concurrency: Concurrency {
            above: vec!["A newer push to the same pull request makes this run pointless.".into()],
            group: "ci-${{ github.ref }}".into(),
            cancel_in_progress: true,
            keep_all: false,
        },
        jobs,
    }))
}
