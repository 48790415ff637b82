//! actionlint, in a packaging that carries its binary (a fork with some rules of its own).

use std::process::Command;

use super::{BadFile, Judge, Verdict, is_workflow};

pub(super) const JUDGE: Judge = Judge {
    name: "actionlint",
    takes: is_workflow,
    command: |tools, files| {
        let mut command = Command::new(tools.python("actionlint"));
        // A shellcheck that is not found would switch that check off in silence: the bad file
        // below needs it.
        command.args(["-oneline", "-no-color", "-pyflakes=", "-shellcheck"]);
        command.arg(tools.python("shellcheck")).args(files);
        command
    },
    verdict: |status| match status {
        0 => Verdict::Clean,
        1 => Verdict::Findings,
        _ => Verdict::NotJudged,
    },
    bad: BadFile {
        path: ".github/workflows/actionlint.yml",
        text: include_str!("../../judges/bad/actionlint.yml"),
        objections: &["no_such_property", "[shellcheck]"],
    },
};
