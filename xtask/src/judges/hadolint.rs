//! hadolint, on the example's Dockerfile.

use std::process::Command;

use super::{BadFile, Judge, Verdict};

pub(super) const JUDGE: Judge = Judge {
    name: "hadolint",
    takes: |path| path.file_name().is_some_and(|name| name == "Dockerfile"),
    command: |tools, files| {
        let mut command = Command::new(tools.python("hadolint"));
        command.arg("--no-color").args(files);
        command
    },
    // 1 is also what a file that cannot be read gives.
    verdict: |status| match status {
        0 => Verdict::Clean,
        1 => Verdict::Findings,
        _ => Verdict::NotJudged,
    },
    bad: BadFile {
        path: "Dockerfile",
        text: include_str!("../../judges/bad/Dockerfile"),
        objections: &["DL3007", "SC2164"],
    },
};
