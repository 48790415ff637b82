//! cfn-lint, AWS's checker of CloudFormation templates.

use std::path::Path;
use std::process::Command;

use super::{BadFile, Judge, Verdict, has_extension};

pub(super) const JUDGE: Judge = Judge {
    name: "cfn-lint",
    takes: |path| {
        path.starts_with(Path::new("infra")) && has_extension(path, &["yml", "yaml", "json"])
    },
    command: |tools, files| {
        let mut command = Command::new(tools.python("cfn-lint"));
        command.arg("--").args(files);
        command
    },
    // A sum of 2 (errors), 4 (warnings) and 8 (notes); 1 is a broken run.
    verdict: |status| match status {
        0 => Verdict::Clean,
        2 | 4 | 6 | 8 | 10 | 12 | 14 => Verdict::Findings,
        _ => Verdict::NotJudged,
    },
    bad: BadFile {
        path: "infra/cfn-lint.yml",
        text: include_str!("../../judges/bad/cfn-lint.yml"),
        objections: &["RoleNames"],
    },
};
