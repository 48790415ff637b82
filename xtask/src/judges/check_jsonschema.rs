//! check-jsonschema, with the workflow schema that editors use. It judges shape only.

use std::process::Command;

use super::{BadFile, Judge, Verdict, is_workflow};

pub(super) const JUDGE: Judge = Judge {
    name: "check-jsonschema",
    takes: is_workflow,
    command: |tools, files| {
        let mut command = Command::new(tools.python("check-jsonschema"));
        command
            .args(["--builtin-schema", "vendor.github-workflows"])
            .args(files);
        command
    },
    verdict: |status| match status {
        0 => Verdict::Clean,
        1 => Verdict::Findings,
        _ => Verdict::NotJudged,
    },
    bad: BadFile {
        path: ".github/workflows/check-jsonschema.yml",
        text: include_str!("../../judges/bad/check-jsonschema.yml"),
        objections: &["'step' was unexpected"],
    },
};
