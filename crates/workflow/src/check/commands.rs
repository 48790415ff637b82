//! Workflow commands that runners no longer take
//! (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).

use super::site::{Key, Text};
use super::{Check, Report, Subject};

const COMMAND: &str = "deprecated-command";

pub(super) const CHECK: Check = Check {
    kinds: &[COMMAND],
    run,
};

/// How a command begins, its name, and the file that took its place.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("::set-output name=", "set-output", "GITHUB_OUTPUT"),
    ("::save-state name=", "save-state", "GITHUB_STATE"),
    ("::set-env name=", "set-env", "GITHUB_ENV"),
    ("::add-path::", "add-path", "GITHUB_PATH"),
];

fn run(subject: &Subject<'_>, report: &mut Report) {
    for site in &subject.sites {
        let (Key::Run, Text::Template(script)) = (site.key, site.text) else {
            continue;
        };
        if !script.source().contains("::") {
            continue;
        }
        for (command, name, file) in COMMANDS {
            if script.source().contains(command) {
                let value = match *name {
                    "add-path" => "\"$DIRECTORY\"",
                    _ => "\"name=value\"",
                };
                report.warning(
                    COMMAND,
                    script.place(),
                    format!("the workflow command `{name}` is deprecated: GitHub takes it away"),
                    Some(format!("write `echo {value} >> \"${file}\"`")),
                );
            }
        }
    }
}
