//! zizmor, in its strictest persona.

use std::process::Command;

use super::{BadFile, Judge, Verdict, is_workflow};

pub(super) const JUDGE: Judge = Judge {
    name: "zizmor",
    takes: is_workflow,
    command: |tools, files| {
        let mut command = Command::new(tools.python("zizmor"));
        // Without strict collection a file that it cannot read is skipped with a warning.
        command.args([
            "--offline",
            "--no-progress",
            "--no-config",
            "--strict-collection",
        ]);
        command
            .args(["--persona", "auditor", "--color", "never", "--"])
            .args(files);
        command
    },
    // 11 to 14 by the worst finding's severity; 1 is a crash, 3 that nothing could be read.
    verdict: |status| match status {
        0 => Verdict::Clean,
        11..=14 => Verdict::Findings,
        _ => Verdict::NotJudged,
    },
    bad: BadFile {
        path: ".github/workflows/zizmor.yml",
        text: include_str!("../../judges/bad/zizmor.yml"),
        objections: &["template-injection"],
    },
};
