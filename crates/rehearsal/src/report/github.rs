//! For GitHub Actions: annotations at the lines that broke a promise, and a job summary.

use std::fmt::{self, Write};

use super::{Evidence, PromiseReport, Report, Verdict, cause, timeline};

/// Where the workflow files of a report lie in their repository.
const FOLDER: &str = ".github/workflows";

/// Workflow commands, one a line: an error for each broken promise, a warning for each that only
/// GitHub's default settings break. GitHub shows ten of a kind for a step.
/// <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>
pub struct Annotations<'a>(pub &'a Report);

impl fmt::Display for Annotations<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (promise, level) in judged(self.0) {
            let Some(evidence) = first(promise, level) else {
                continue;
            };
            let text = super::human::sentence(&evidence.message);
            let title = format!("{} {}", promise.id, level.words());
            let place = (evidence.file.as_str(), evidence.line);
            f.write_str(&annotation(
                level.command(),
                place,
                &title,
                &text,
                promise.mend,
            ))?;
        }
        Ok(())
    }
}

/// A workflow command about a line of a workflow.
pub(crate) fn annotation(
    command: &str,
    (file, line): (&str, u32),
    title: &str,
    text: &str,
    mend: &str,
) -> String {
    format!(
        "::{command} file={},line={line},title={}::{}. Mend: {}\n",
        property(&format!("{FOLDER}/{file}")),
        property(title),
        message(text),
        message(mend),
    )
}

/// Markdown for `$GITHUB_STEP_SUMMARY`.
pub struct Summary<'a> {
    pub report: &'a Report,
    /// The command that plays this rehearsal again.
    pub command: &'a str,
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        writeln!(
            f,
            "## Rehearsal: {} kept, {} broken, {} not exercised\n\n\
             | promise | as declared | with GitHub's default settings |\n| --- | --- | --- |",
            report.count(Verdict::Kept),
            report.count(Verdict::Broken),
            report.count(Verdict::NotExercised),
        )?;
        for promise in &report.promises {
            writeln!(
                f,
                "| `{}` | {} | {} |",
                promise.id,
                sign(promise.verdict),
                sign(promise.with_defaults)
            )?;
        }
        for (promise, level) in judged(report) {
            let Some(evidence) = first(promise, level) else {
                continue;
            };
            writeln!(
                f,
                "\n### `{}` {}\n\n{}.\n\n`{}:{}` in the story `{}`\n\n**Mend:** {}\n",
                promise.id,
                level.words(),
                markdown(&super::human::sentence(&evidence.message)),
                code(&evidence.file),
                evidence.line,
                evidence.scenario,
                markdown(promise.mend),
            )?;
            let Some(recording) = report.recordings.get(evidence.story) else {
                continue;
            };
            writeln!(f, "| when | who | what led to it |\n| --- | --- | --- |")?;
            let chain = cause::chain(&recording.events, evidence.seq);
            for line in timeline::told(&recording.events, &chain) {
                let (who, what) = (markdown(&line.who), markdown(&line.what));
                writeln!(f, "| {} | {who} | {what} |", line.time)?;
            }
            writeln!(
                f,
                "\nReplay: `{} {}`",
                code(self.command),
                evidence.replay()
            )?;
        }
        for (title, lines) in [
            ("Assumed", &report.assumptions),
            ("Not modelled", &report.not_modelled),
        ] {
            if !lines.is_empty() {
                writeln!(f, "\n<details><summary>{title}</summary>\n")?;
                for line in lines {
                    writeln!(f, "- {}", markdown(line))?;
                }
                writeln!(f, "\n</details>")?;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Broken,
    ByDefaults,
}

impl Level {
    fn command(self) -> &'static str {
        match self {
            Self::Broken => "error",
            Self::ByDefaults => "warning",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Broken => "is broken",
            Self::ByDefaults => "would be broken with GitHub's default settings",
        }
    }
}

/// The promises to speak of.
fn judged(report: &Report) -> impl Iterator<Item = (&PromiseReport, Level)> {
    report.promises.iter().filter_map(|promise| {
        if promise.verdict == Verdict::Broken {
            Some((promise, Level::Broken))
        } else if promise.with_defaults == Verdict::Broken {
            Some((promise, Level::ByDefaults))
        } else {
            None
        }
    })
}

fn first(promise: &PromiseReport, level: Level) -> Option<&Evidence> {
    let settings = match level {
        Level::Broken => "declared",
        Level::ByDefaults => "defaults",
    };
    promise.evidence.iter().find(|e| e.settings == settings)
}

fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Kept => "✅ kept",
        Verdict::Broken => "❌ broken",
        Verdict::NotExercised => "not exercised",
    }
}

/// The message of a workflow command.
fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a workflow command.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

/// Text in which no character means anything to Markdown or HTML.
fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => safe.push(' '),
            // Writing to a string cannot fail.
            '<' | '>' | '&' | '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '@' | '~' | '$'
            | '"' | '\'' | '!' => {
                let _ = write!(safe, "&#{};", c as u32);
            }
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// Text between backticks.
fn code(text: &str) -> String {
    text.replace(['`', '\n', '\r'], " ")
}
