use lockkeeper_policy::{ImageScan, Scanner, Severity};

use super::Gate;
use crate::error::PlanError;
use crate::site::Site;
use crate::steps;
use crate::workflow::{Job, Step};

/// The folder of the OCI image layout that is built, scanned and pushed.
pub(crate) const LAYOUT: &str = "image";
/// Set explicitly: the action's own default lags behind.
const TRIVY: &str = "v0.74.0";

pub(super) const GATE: Gate = Gate {
    asked: |ci| ci.image_build || ci.image_scan.is_some(),
    job: |site| {
        let mut steps = vec![steps::checkout(false), steps::buildx(), build(site)?];
        if let Some(found) = &site.policy.ci.image_scan {
            steps.push(scan(found));
        }
        Ok(Job {
            id: "image",
            name: "Image".into(),
            timeout_minutes: 30,
            permissions: vec![("contents", "read")],
            steps,
            ..Job::default()
        })
    },
};

/// Builds the image into an OCI layout, whose manifest has the digest that a registry will see.
pub(crate) fn build(site: &Site<'_>) -> Result<Step, PlanError> {
    let dockerfile = site
        .stack
        .dockerfile
        .as_ref()
        .ok_or_else(|| PlanError::NoDockerfile {
            place: site.rules.place("/ci/image_build"),
        })?;
    let mut lines = vec!["docker buildx build --provenance=false".to_owned()];
    if dockerfile.production_stage {
        lines.push("--target production".to_owned());
    }
    if let Some(argument) = &dockerfile.version_argument {
        lines.push(format!("--build-arg \"{argument}=$GITHUB_SHA\""));
    }
    lines.push("--label \"org.opencontainers.image.revision=$GITHUB_SHA\"".to_owned());
    lines.push(format!("--output type=oci,dest={LAYOUT},tar=false ."));
    Ok(Step::run("Build the image", lines.join(" \\\n  ") + "\n"))
}

/// Scans the layout; findings of the severities that the rules name fail the step.
pub(crate) fn scan(rule: &ImageScan) -> Step {
    let severities: Vec<&str> = rule
        .severities
        .iter()
        .map(|severity| match severity {
            Severity::Low => "LOW",
            Severity::Medium => "MEDIUM",
            Severity::High => "HIGH",
            Severity::Critical => "CRITICAL",
        })
        .collect();
    match rule.scanner {
        Scanner::Trivy => Step::uses(
            "Scan the image",
            "aquasecurity/trivy-action",
            vec![
                ("input", LAYOUT.into()),
                ("version", TRIVY.into()),
                ("scanners", "vuln".into()),
                ("severity", severities.join(",").into()),
                ("exit-code", "1".into()),
                ("format", "table".into()),
                ("cache", "false".into()),
            ],
        ),
    }
}
