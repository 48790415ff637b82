//! The HTML report in Chromium: it works, asks nothing of the network, and axe-core finds it
//! accessible.

use std::path::Path;

use super::{BadFile, Judge, REPORTS, Verdict, has_extension};

pub(super) const JUDGE: Judge = Judge {
    name: "page",
    takes: |path| path.parent() == Some(Path::new(REPORTS)) && has_extension(path, &["html"]),
    command: |tools, files| {
        let mut command = tools.node("page.mjs");
        command.args(files);
        command
    },
    verdict: |status| match status {
        0 => Verdict::Clean,
        10 => Verdict::Findings,
        _ => Verdict::NotJudged,
    },
    bad: BadFile {
        path: "reports/page.html",
        text: include_str!("../../judges/bad/page.html"),
        objections: &["image-alt", "undefinedFunction", "no story over time"],
    },
};
