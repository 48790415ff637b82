//! Promotions and returns: verify, show the reviewer, wait, verify again, deploy.

use super::PRODUCTION_FILE;
use super::deployment::{
    DEPLOY_MINUTES, Deployment, outcome, service_env, steps as deployment_steps,
};
use crate::site::Site;
use crate::steps::{checkout, credentials, github_script, script};
use crate::workflow::{Concurrency, Environment, Job, Step, Workflow};
use crate::yaml::Map;

pub(crate) fn production(site: &Site<'_>) -> Workflow {
    let approval = site.production.rule.approval;
    let mut jobs = vec![verify_job(site)];
    if approval {
        jobs.push(supersede_job());
    }
    jobs.push(deploy_job(site));
    let all = jobs.iter().map(|job| job.id).collect();
    jobs.push(outcome(site, &site.production, all));
    let input = Map::new()
        .with(
            "description",
            "The commit whose image goes to production (40 hexadecimal digits); to roll back, the previous one",
        )
        .with("required", true)
        .with("type", "string");
    Workflow {
        name: "Deploy to production".into(),
        run_name: Some("Deploy ${{ inputs.image_tag }} to production".into()),
        on: Map::new().with(
            "workflow_dispatch",
            Map::new().with("inputs", Map::new().with("image_tag", input)),
        ),
        concurrency: Concurrency {
            above: vec![
                "Requests are verified side by side; only the deploy job takes turns. A lock for the whole"
                    .into(),
                "run would be held for as long as a reviewer takes.".into(),
            ],
            group: "request-${{ github.run_id }}".into(),
            cancel_in_progress: false,
            keep_all: false,
        },
        jobs,
    }
}

/// The steps that need no AWS, the same before and after the gate.
fn checks(site: &Site<'_>) -> Vec<Step> {
    vec![
        checkout(true),
        script("Refuse re-runs and other branches", "verify-run.sh"),
        github_script("Verify the gate itself", "verify-environment.sh")
            .env("APPROVAL", site.production.rule.approval.to_string()),
    ]
}

/// The step that refuses what comes at the wrong time, where the rules name the right one.
fn window(site: &Site<'_>, name: &'static str) -> Option<Step> {
    let window = site.production.rule.window.as_ref()?;
    let days: Vec<String> = window
        .days
        .iter()
        .map(|day| day.number().to_string())
        .collect();
    Some(
        script(name, "verify-window.sh")
            .env("RETURN", "${{ steps.image.outputs.return }}")
            .env("WINDOW_DAYS", days.join(" "))
            .env("WINDOW_FROM", window.from.to_string())
            .env("WINDOW_TO", window.to.to_string())
            .env("WINDOW_ZONE", window.time_zone.as_str()),
    )
}

fn verify_job(site: &Site<'_>) -> Job {
    let environment = &site.production;
    let mut env = service_env(site, environment);
    env.push(("BRANCH", site.branch.to_string()));
    let mut service = script(
        "Verify the service, and show what will change",
        "verify-service.sh",
    )
    .id("service")
    .env("DIGEST", "${{ steps.image.outputs.digest }}")
    .env("RETURN", "${{ steps.image.outputs.return }}")
    .env("IMAGE_TAG", "${{ inputs.image_tag }}");
    if !site.stack.migrations.is_empty() {
        service = service.env("MIGRATIONS", site.stack.migrations.join(" "));
    }
    let mut steps = checks(site);
    steps.extend([
        credentials(site, site.read_role.as_str(), environment),
        script("Verify the image", "verify-image.sh")
            .id("image")
            .env("IMAGE_TAG", "${{ inputs.image_tag }}"),
    ]);
    steps.extend(window(site, "Verify the deploy window"));
    steps.push(service);
    Job {
        id: "verify",
        name: "Verify the request".into(),
        above: vec![
            "All that can be known before somebody is asked, with a role that can only look."
                .into(),
        ],
        timeout_minutes: 30,
        permissions: vec![
            ("actions", "read"),
            ("contents", "read"),
            ("id-token", "write"),
        ],
        outputs: vec![
            ("digest", "${{ steps.image.outputs.digest }}".into()),
            ("return", "${{ steps.image.outputs.return }}".into()),
            (
                "task_definition",
                "${{ steps.service.outputs.task_definition }}".into(),
            ),
        ],
        env,
        steps,
        ..Job::default()
    }
}

fn supersede_job() -> Job {
    Job {
        id: "supersede",
        name: "Supersede older requests".into(),
        above: vec![
            "A run that waits for a reviewer holds the deploy lock, for up to thirty days: a rollback would"
                .into(),
            "queue behind it. The newest request wins; runs that deploy are left alone.".into(),
        ],
        needs: vec!["verify"],
        timeout_minutes: 15,
        permissions: vec![("actions", "write"), ("contents", "read")],
        steps: vec![
            checkout(false),
            github_script("Cancel older runs that wait", "supersede.sh")
                .env("WORKFLOW", PRODUCTION_FILE),
        ],
        ..Job::default()
    }
}

fn deploy_job(site: &Site<'_>) -> Job {
    let environment = &site.production;
    let approval = environment.rule.approval;
    let mut env = service_env(site, environment);
    env.push(("BRANCH", site.branch.to_string()));
    env.push(("DIGEST", "${{ needs.verify.outputs.digest }}".into()));
    let mut steps = checks(site);
    if approval {
        steps.push(github_script("Verify the approval", "verify-approval.sh"));
    }
    steps.extend([
        credentials(site, environment.role.as_str(), environment),
        script("Verify the image again", "verify-image.sh")
            .id("image")
            .env("IMAGE_TAG", "${{ inputs.image_tag }}"),
    ]);
    steps.extend(window(site, "Verify the deploy window again"));
    steps.extend(deployment_steps(
        site,
        &Deployment {
            environment,
            expected_revision: Some("${{ needs.verify.outputs.task_definition }}"),
            returns: Some("${{ steps.image.outputs.return }}"),
            evidence: "production-served-${{ inputs.image_tag }}",
        },
    ));
    Job {
        id: "deploy",
        name: "Deploy".into(),
        above: vec!["The one job behind the gate: GitHub asks once for each.".into()],
        needs: if approval {
            vec!["verify", "supersede"]
        } else {
            vec!["verify"]
        },
        timeout_minutes: DEPLOY_MINUTES,
        environment: Some(Environment {
            name: environment.name.to_string(),
            url: Some(environment.url()),
            deployment: true,
        }),
        concurrency: Some(Concurrency {
            above: Vec::new(),
            group: format!("deploy-{}", environment.name),
            cancel_in_progress: false,
            keep_all: false,
        }),
        permissions: vec![
            ("actions", "read"),
            ("contents", "read"),
            ("id-token", "write"),
        ],
        env,
        steps,
        ..Job::default()
    }
}
