//! shellcheck, on the scripts themselves: inside workflows it sees little, since `${{ }}` is blanked
//! out first.

use std::process::Command;

use super::{BadFile, Judge, Verdict, has_extension};

pub(super) const JUDGE: Judge = Judge {
    name: "shellcheck",
    takes: |path| has_extension(path, &["sh"]),
    command: |tools, files| {
        let mut command = Command::new(tools.python("shellcheck"));
        command.args([
            "--norc",
            "--color=never",
            "--external-sources",
            "--source-path=SCRIPTDIR",
            "--",
        ]);
        command.args(files);
        command
    },
    verdict: |status| match status {
        0 => Verdict::Clean,
        1 => Verdict::Findings,
        _ => Verdict::NotJudged,
    },
    bad: BadFile {
        path: ".github/deploy/shellcheck.sh",
        text: include_str!("../../judges/bad/shellcheck.sh"),
        objections: &["SC2086"],
    },
};
