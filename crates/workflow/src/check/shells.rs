//! `shell`
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobsjob_idstepsshell>).

use super::runners::{Os, system};
use super::site::{Key, Text};
use super::{Check, Report, Subject};
use crate::suggest;

const SHELL: &str = "shell-name";

pub(super) const CHECK: Check = Check {
    kinds: &[SHELL],
    run,
};

const EVERYWHERE: &[&str] = &["bash", "pwsh", "python"];
const UNIX_ONLY: &[&str] = &["sh"];
const WINDOWS_ONLY: &[&str] = &["cmd", "powershell"];

fn run(subject: &Subject<'_>, report: &mut Report) {
    for site in &subject.sites {
        let (Key::Shell, Text::Template(template)) = (site.key, site.text) else {
            continue;
        };
        let Some(shell) = template.as_literal() else {
            continue;
        };
        // A format string runs any program.
        if shell.is_empty() || shell.contains("{0}") {
            continue;
        }
        let is = |names: &[&str]| names.iter().any(|n| n.eq_ignore_ascii_case(shell));
        let os = site.job.and_then(system);
        let message = if is(EVERYWHERE) {
            continue;
        } else if is(UNIX_ONLY) {
            if os != Some(Os::Windows) {
                continue;
            }
            format!("`{shell}` is no shell of Windows runners")
        } else if is(WINDOWS_ONLY) {
            if matches!(os, None | Some(Os::Windows)) {
                continue;
            }
            format!("`{shell}` is a shell of Windows runners alone")
        } else {
            format!(
                "`{shell}` is none of the built-in shells, and a command needs `{{0}}` where the \
                 script's file goes"
            )
        };
        let known = [EVERYWHERE, UNIX_ONLY, WINDOWS_ONLY].concat();
        let way_out = suggest::did_you_mean(shell, known.iter().copied().filter(|n| *n != shell))
            .unwrap_or_else(|| format!("known shells: {}", known.join(", ")));
        report.error(SHELL, template.place(), message, Some(way_out));
    }
}
