//! What would become of files, as a unified diff.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use lockkeeper_pipeline::GeneratedFile;
use similar::{ChangeTag, TextDiff};

use crate::printable::printable;

const HEAD: Style = Style::new().bold();
const PLACE: Style = AnsiColor::Cyan.on_default();
const GONE: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();

/// Prints what leads from `present` to the generated file, as `git diff` would.
pub(super) fn print(
    out: &mut impl Write,
    file: &GeneratedFile,
    present: Option<&[u8]>,
) -> io::Result<()> {
    let path = &file.path;
    let from = match present {
        Some(_) => format!("a/{path}"),
        None => "/dev/null".to_owned(),
    };
    let Ok(before) = std::str::from_utf8(present.unwrap_or_default()) else {
        return writeln!(out, "Binary files {from} and b/{path} differ");
    };
    let diff = TextDiff::from_lines(before, file.text());
    writeln!(out, "{HEAD}--- {from}{HEAD:#}")?;
    writeln!(out, "{HEAD}+++ b/{path}{HEAD:#}")?;
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        writeln!(out, "{PLACE}{}{PLACE:#}", hunk.header())?;
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', GONE),
                ChangeTag::Insert => ('+', NEW),
                ChangeTag::Equal => (' ', Style::new()),
            };
            let line = change.value();
            let text = line.strip_suffix('\n').unwrap_or(line);
            writeln!(out, "{style}{sign}{}{style:#}", printable(text))?;
            if change.missing_newline() {
                writeln!(out, "\\ No newline at end of file")?;
            }
        }
    }
    Ok(())
}
