//! JUnit XML, which CI systems draw as a list of tests: the form that Jenkins' schema describes.
//! Ant's older schema knows no skipped tests, and is kept in everything else.

use std::io;

use lockkeeper_world::clock::START;
use quick_xml::Writer;
use quick_xml::events::BytesText;

use super::{Played, PromiseReport, Report, ScenarioReport, Verdict};

/// One suite with a case for each promise as declared, one with a case for each story. Times are
/// virtual.
///
/// # Errors
/// None that input could cause: the document is written to memory.
pub fn junit(report: &Report) -> io::Result<String> {
    let promises: Vec<Case<'_>> = report.promises.iter().map(promise).collect();
    let stories: Vec<Case<'_>> = report
        .scenarios
        .iter()
        .map(|scenario| story(report, scenario))
        .collect();
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    out.create_element("testsuites")
        .write_inner_content(|out| {
            suite(out, report, 0, "promises", &promises)?;
            suite(out, report, 1, "stories", &stories)
        })?;
    let mut bytes = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec();
    bytes.extend(out.into_inner());
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(io::Error::other)
}

struct Case<'r> {
    name: &'r str,
    seconds: f64,
    end: End,
}

enum End {
    Passed,
    Skipped(String),
    Failed {
        kind: &'static str,
        message: String,
        text: String,
    },
}

fn promise(promise: &PromiseReport) -> Case<'_> {
    let end = match promise.verdict {
        Verdict::Kept => End::Passed,
        Verdict::NotExercised => {
            End::Skipped("no story in which it could have been broken was played".into())
        }
        Verdict::Broken => {
            let declared = promise.evidence.iter().filter(|e| e.settings == "declared");
            let lines: Vec<String> = declared
                .map(|e| format!("{}:{}: {} ({})", e.file, e.line, e.message, e.scenario))
                .collect();
            End::Failed {
                kind: "broken",
                message: lines.first().cloned().unwrap_or_default(),
                text: format!("{}\nmend: {}", lines.join("\n"), promise.mend),
            }
        }
    };
    Case {
        name: promise.id.as_str(),
        seconds: 0.0,
        end,
    }
}

fn story<'r>(report: &Report, scenario: &'r ScenarioReport) -> Case<'r> {
    let note = scenario.note.clone();
    let end = match scenario.verdict {
        Played::Passed => End::Passed,
        Played::NotPlayed => End::Skipped(note.unwrap_or_default()),
        Played::Failed => {
            let breaks = report.promises.iter().filter(|promise| {
                let mut evidence = promise.evidence.iter();
                evidence.any(|e| e.scenario == scenario.id && e.settings == "declared")
            });
            let breaks: Vec<&str> = breaks.map(|promise| promise.id.as_str()).collect();
            End::Failed {
                kind: "failed",
                message: note.unwrap_or_else(|| format!("breaks {}", breaks.join(", "))),
                text: scenario.title.to_owned(),
            }
        }
    };
    Case {
        name: scenario.id,
        seconds: scenario.virtual_seconds,
        end,
    }
}

fn suite(
    out: &mut Writer<Vec<u8>>,
    report: &Report,
    id: usize,
    name: &str,
    cases: &[Case<'_>],
) -> io::Result<()> {
    let count = |wanted: &dyn Fn(&End) -> bool| {
        let found = cases.iter().filter(|case| wanted(&case.end)).count();
        found.to_string()
    };
    let started = START.rfc3339();
    let seconds: f64 = cases.iter().map(|case| case.seconds).sum();
    out.create_element("testsuite")
        .with_attribute(("name", name))
        .with_attribute(("package", "lockkeeper.rehearse"))
        .with_attribute(("id", id.to_string().as_str()))
        // Ant's schema wants no time zone.
        .with_attribute(("timestamp", started.trim_end_matches('Z')))
        .with_attribute(("hostname", "rehearsal"))
        .with_attribute(("tests", cases.len().to_string().as_str()))
        .with_attribute((
            "failures",
            count(&|end| matches!(end, End::Failed { .. })).as_str(),
        ))
        .with_attribute(("errors", "0"))
        .with_attribute((
            "skipped",
            count(&|end| matches!(end, End::Skipped(_))).as_str(),
        ))
        .with_attribute(("time", format!("{seconds:.3}").as_str()))
        .write_inner_content(|out| {
            out.create_element("properties")
                .write_inner_content(|out| {
                    out.create_element("property")
                        .with_attribute(("name", "seed"))
                        .with_attribute(("value", report.seed.to_string().as_str()))
                        .write_empty()?;
                    Ok(())
                })?;
            for case in cases {
                write(out, name, case)?;
            }
            let defaults = report
                .promises
                .iter()
                .filter(|promise| id == 0 && promise.with_defaults != promise.verdict)
                .map(|promise| format!("{}: {}\n", promise.id, promise.with_defaults.as_str()));
            let text = match defaults.collect::<String>() {
                none if none.is_empty() => none,
                some => format!("With GitHub's default settings:\n{some}"),
            };
            for (stream, text) in [("system-out", text.as_str()), ("system-err", "")] {
                out.create_element(stream)
                    .write_text_content(BytesText::new(&legal(text)))?;
            }
            Ok(())
        })?;
    Ok(())
}

fn write(out: &mut Writer<Vec<u8>>, suite: &str, case: &Case<'_>) -> io::Result<()> {
    let class = format!("lockkeeper.{suite}");
    let time = format!("{:.3}", case.seconds);
    let element = out
        .create_element("testcase")
        .with_attribute(("name", case.name))
        .with_attribute(("classname", class.as_str()))
        .with_attribute(("time", time.as_str()));
    match &case.end {
        End::Passed => element.write_empty()?,
        End::Skipped(why) => element.write_inner_content(|out| {
            out.create_element("skipped")
                .write_text_content(BytesText::new(&legal(why)))?;
            Ok(())
        })?,
        End::Failed {
            kind,
            message,
            text,
        } => element.write_inner_content(|out| {
            out.create_element("failure")
                .with_attribute(("message", legal(message).as_str()))
                .with_attribute(("type", *kind))
                .write_text_content(BytesText::new(&legal(text)))?;
            Ok(())
        })?,
    };
    Ok(())
}

/// XML 1.0 has no place for most control characters, escaped or not.
/// <https://www.w3.org/TR/xml/#charsets>
fn legal(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' => c,
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
            c => c,
        })
        .collect()
}
