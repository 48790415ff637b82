//! Merges: build once, scan, push those very bytes, deploy them to staging, leave evidence.

use super::deployment::{
    DEPLOY_MINUTES, Deployment, image_env, outcome, service_env, steps as deployment_steps,
};
use crate::error::PlanError;
use crate::gates::{LAYOUT, build, scan};
use crate::site::Site;
use crate::steps::{buildx, checkout, credentials, script};
use crate::workflow::{Concurrency, Environment, Job, Step, Workflow, flow};
use crate::yaml::Map;

pub(crate) fn staging(site: &Site<'_>) -> Result<Workflow, PlanError> {
    let scanned = site.policy.ci.image_scan.is_some();
    let mut jobs = vec![build_job(site)?];
    if let Some(rule) = &site.policy.ci.image_scan {
        jobs.push(Job {
            id: "scan",
            name: "Scan".into(),
            above: vec![
                "Third-party code looks at the image here, so there is nothing here to steal."
                    .into(),
            ],
            needs: vec!["build"],
            timeout_minutes: 20,
            steps: vec![download(), scan(rule)],
            ..Job::default()
        });
    }
    jobs.push(push_job(site, scanned));
    jobs.push(deploy_job(site));
    let all = jobs.iter().map(|job| job.id).collect();
    jobs.push(outcome(site, &site.staging, all));
    Ok(Workflow {
        name: "Deploy to staging".into(),
        run_name: None,
        on: Map::new().with(
            "push",
            Map::new().with("branches", flow(&[site.branch.as_str()])),
        ),
        concurrency: Concurrency {
            above: vec!["Merges are built side by side; only the deploy job takes turns.".into()],
            group: "build-${{ github.run_id }}".into(),
            cancel_in_progress: false,
            keep_all: false,
        },
        jobs,
    })
}

fn build_job(site: &Site<'_>) -> Result<Job, PlanError> {
    Ok(Job {
        id: "build",
        name: "Build".into(),
        timeout_minutes: 30,
        permissions: vec![("contents", "read")],
        outputs: vec![("digest", "${{ steps.digest.outputs.digest }}".into())],
        steps: vec![
            checkout(false),
            buildx(),
            build(site)?,
            Step::run(
                "Note its digest",
                format!(
                    "printf 'digest=%s\\n' \"$(jq -er '.manifests[0].digest' {LAYOUT}/index.json)\" >>\"$GITHUB_OUTPUT\""
                ),
            )
            .id("digest"),
            Step::uses(
                "Hand the image over",
                "actions/upload-artifact",
                vec![
                    ("name", LAYOUT.into()),
                    ("path", LAYOUT.into()),
                    ("if-no-files-found", "error".into()),
                    ("retention-days", 7.into()),
                    ("overwrite", true.into()),
                ],
            ),
        ],
        ..Job::default()
    })
}

fn download() -> Step {
    Step::uses(
        "Take the image over",
        "actions/download-artifact",
        vec![("name", LAYOUT.into()), ("path", LAYOUT.into())],
    )
}

fn push_job(site: &Site<'_>, scanned: bool) -> Job {
    let mut needs = vec!["build"];
    if scanned {
        needs.push("scan");
    }
    Job {
        id: "push",
        name: "Push".into(),
        needs,
        timeout_minutes: 30,
        environment: Some(Environment {
            name: site.staging.name.to_string(),
            url: None,
            deployment: false,
        }),
        permissions: vec![("contents", "read"), ("id-token", "write")],
        outputs: vec![("digest", "${{ steps.push.outputs.digest }}".into())],
        env: image_env(site),
        steps: vec![
            checkout(false),
            download(),
            credentials(site, site.staging.role.as_str(), &site.staging),
            script("Push exactly what was scanned", "push.sh")
                .id("push")
                .env("COMMIT", "${{ github.sha }}")
                .env("DIGEST", "${{ needs.build.outputs.digest }}"),
        ],
        ..Job::default()
    }
}

fn deploy_job(site: &Site<'_>) -> Job {
    let environment = &site.staging;
    let mut env = service_env(site, environment);
    env.push(("DIGEST", "${{ needs.push.outputs.digest }}".into()));
    let mut steps = vec![
        checkout(true),
        credentials(site, environment.role.as_str(), environment),
        script("Never replace a newer commit", "order.sh").env("COMMIT", "${{ github.sha }}"),
    ];
    steps.extend(deployment_steps(
        site,
        &Deployment {
            environment,
            expected_revision: None,
            returns: None,
            evidence: "staging-verified-${{ github.sha }}",
        },
    ));
    Job {
        id: "deploy",
        name: "Deploy".into(),
        needs: vec!["push"],
        timeout_minutes: DEPLOY_MINUTES,
        environment: Some(Environment {
            name: environment.name.to_string(),
            url: Some(environment.url()),
            deployment: true,
        }),
        concurrency: Some(Concurrency {
            above: vec!["One at a time, and none is dropped: each merge gets its turn or says who overtook it.".into()],
            group: format!("deploy-{}", environment.name),
            cancel_in_progress: false,
            keep_all: true,
        }),
        permissions: vec![("contents", "read"), ("id-token", "write")],
        env,
        steps,
        ..Job::default()
    }
}
