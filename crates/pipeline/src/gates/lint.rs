use super::Gate;
use crate::error::PlanError;
use crate::steps;
use crate::workflow::{Job, Step};

pub(super) const GATE: Gate = Gate {
    asked: |ci| ci.lint,
    job: |site| {
        let command = site
            .stack
            .lint
            .as_deref()
            .ok_or_else(|| PlanError::NoCommand {
                gate: "lint",
                place: site.rules.place("/ci/lint"),
                remedy: "add a script `lint` to package.json",
            })?;
        Ok(Job {
            id: "lint",
            name: "Lint".into(),
            timeout_minutes: 15,
            permissions: vec![("contents", "read")],
            steps: [
                steps::toolchain(site.stack),
                vec![Step::run("Lint", command)],
            ]
            .concat(),
            ..Job::default()
        })
    },
};
