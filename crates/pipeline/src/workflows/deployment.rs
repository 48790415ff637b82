//! What both deploy jobs do once they may: record, deploy, prove it, leave evidence, or go back.

use lockkeeper_names::conventions::SMOKE_TEST_HEADER;

use crate::site::{EnvironmentSite, Site};
use crate::steps::{credentials, patient, script};
use crate::workflow::{Job, Step};

/// How long a deploy job may take: deploying, proving and going back, each with its own limit, fit
/// into it, and it fits into the credentials' hour.
pub(crate) const DEPLOY_MINUTES: i64 = 50;

/// What sets one deploy job apart from the other.
pub(crate) struct Deployment<'a> {
    pub(crate) environment: &'a EnvironmentSite<'a>,
    /// The task definition that the service must still have.
    pub(crate) expected_revision: Option<&'static str>,
    /// Whether the environment served this image before.
    pub(crate) returns: Option<&'static str>,
    /// The tag that says what this run proved.
    pub(crate) evidence: &'static str,
}

/// The environment variables by which scripts know the service.
pub(crate) fn service_env(
    site: &Site<'_>,
    environment: &EnvironmentSite<'_>,
) -> Vec<(&'static str, String)> {
    let mut env = vec![
        ("ENVIRONMENT", environment.name.to_string()),
        ("CLUSTER", environment.cluster.to_string()),
        ("SERVICE", site.service.name.to_string()),
    ];
    if let Some(container) = &site.service.container {
        env.push(("CONTAINER", container.to_string()));
    }
    env.extend(image_env(site));
    env
}

/// The environment variables by which scripts know the image.
pub(crate) fn image_env(site: &Site<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("IMAGE_REPOSITORY", site.image_repository()),
        ("REPOSITORY", site.service.repository.to_string()),
        ("REGISTRY_REGION", site.registry_region().to_string()),
    ]
}

/// The steps from the recording of what serves to the evidence. DIGEST is in the job's environment.
pub(crate) fn steps(site: &Site<'_>, deployment: &Deployment<'_>) -> Vec<Step> {
    let environment = deployment.environment;
    let smoke_test = environment.rule.smoke_test;
    let url = environment.url();
    let container = "${{ steps.record.outputs.container }}";
    let serving = |name, id| {
        script(name, "verify-serving.sh")
            .id(id)
            .env("CONTAINER", container)
            .env("DEPLOYMENT", "${{ steps.deploy.outputs.deployment }}")
    };

    let mut record = script("Record what to go back to", "record.sh").id("record");
    if smoke_test {
        record = record
            .env("BASE_URL", url.as_str())
            .env("BASE_URL_VARIABLE", environment.url_variable);
    }
    if let Some(expected) = deployment.expected_revision {
        record = record.env("EXPECTED_REVISION", expected);
    }
    let mut deploy = script("Deploy", "deploy.sh")
        .id("deploy")
        .env("CONTAINER", container)
        .env("PREVIOUS", "${{ steps.record.outputs.task_definition }}");
    if let Some(returns) = deployment.returns {
        deploy = deploy.env("RETURN", returns);
    }

    let mut steps = vec![record];
    let mut before = String::from("steps.record.outcome == 'success'");
    if let Some(migrations) = &site.policy.migrations {
        deploy = deploy.env("TARGET", "${{ steps.migrate.outputs.task_definition }}");
        let mut migrate = script("Migrate the database", "migrate.sh")
            .id("migrate")
            .above("Fails before anything else is touched, so there is nothing to restore then.")
            .env("CONTAINER", container)
            .env("PREVIOUS", "${{ steps.record.outputs.task_definition }}")
            .env("COMMAND", migrations.command.as_str());
        if let Some(returns) = deployment.returns {
            migrate = migrate.env("RETURN", returns);
        }
        before.push_str(" && steps.migrate.outcome == 'success'");
        steps.push(migrate);
    }
    steps.extend([deploy, serving("Verify what serves", "serving")]);
    let mut proofs = vec!["deploy", "serving"];
    if smoke_test {
        steps.push(
            script("Smoke test", "smoke.sh")
                .id("smoke")
                .env("BASE_URL", url)
                .env("SMOKE_PATHS", site.smoke_paths())
                .env(
                    "SMOKE_TEST_HEADER",
                    format!("${{{{ secrets.{SMOKE_TEST_HEADER} }}}}"),
                ),
        );
        steps.push(
            serving("Verify that it still serves", "still-serving")
                .env("TASKS", "${{ steps.serving.outputs.tasks }}"),
        );
        proofs.extend(["smoke", "still-serving"]);
    }
    steps.push(script("Leave evidence", "evidence.sh").env("EVIDENCE", deployment.evidence));

    let failed: Vec<String> = proofs
        .iter()
        .map(|step| format!("steps.{step}.outcome != 'success'"))
        .collect();
    steps.push(
        script("Restore what served before", "restore.sh")
            .when(format!(
                "always() && {before} && ({})",
                failed.join(" || ")
            ))
            .above("Runs also when the run is cancelled or out of time. Needs no approval: it returns to what was approved.")
            .env("CONTAINER", container)
            .env("PREVIOUS", "${{ steps.record.outputs.task_definition }}"),
    );
    steps
}

/// The last job, which has no gate: says what serves whenever the deployment did not succeed.
pub(crate) fn outcome(
    site: &Site<'_>,
    environment: &EnvironmentSite<'_>,
    needs: Vec<&'static str>,
) -> Job {
    Job {
        id: "outcome",
        name: "What serves".into(),
        above: vec![
            "However the run ended, short of success: what serves now. It has no gate and changes nothing."
                .into(),
        ],
        needs,
        condition: Some("always() && needs.deploy.result != 'success'".into()),
        timeout_minutes: 15,
        permissions: vec![("contents", "read"), ("id-token", "write")],
        env: service_env(site, environment),
        steps: vec![
            crate::steps::checkout(false),
            patient(credentials(site, site.read_role.as_str(), environment)),
            script("Say what serves", "report.sh").when("always()"),
        ],
        ..Job::default()
    }
}
