use super::Gate;
use crate::error::PlanError;
use crate::steps;
use crate::workflow::{Job, Step};

pub(super) const GATE: Gate = Gate {
    asked: |ci| ci.type_check,
    job: |site| {
        let command = site
            .stack
            .type_check
            .as_deref()
            .ok_or_else(|| PlanError::NoCommand {
                gate: "type check",
                place: site.rules.place("/ci/type_check"),
                remedy: "add a script `type-check` to package.json, for example `tsc --noEmit`",
            })?;
        Ok(Job {
            id: "type-check",
            name: "Type check".into(),
            timeout_minutes: 15,
            permissions: vec![("contents", "read")],
            steps: [
                steps::toolchain(site.stack),
                vec![Step::run("Type check", command)],
            ]
            .concat(),
            ..Job::default()
        })
    },
};
