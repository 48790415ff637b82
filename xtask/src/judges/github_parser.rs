//! GitHub's own parser of workflows and actions.

use super::{BadFile, Judge, Verdict, is_workflow};

pub(super) const JUDGE: Judge = Judge {
    name: "github-parser",
    takes: is_workflow,
    command: |tools, files| {
        let mut command = tools.node("github-parser.mjs");
        command.args(files);
        command
    },
    verdict: |status| match status {
        0 => Verdict::Clean,
        10 => Verdict::Findings,
        _ => Verdict::NotJudged,
    },
    bad: BadFile {
        path: ".github/workflows/github-parser.yml",
        text: include_str!("../../judges/bad/github-parser.yml"),
        objections: &["no_such_context", "at least one job with no dependencies"],
    },
};
