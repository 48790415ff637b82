//! A log from a file, which may hold anything, and its verdicts.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use lockkeeper_world::event::{Event, What};
use serde::Deserialize;
use serde_json::Value;

use super::{Record, Recording, SCHEMA, SURVEY, Subject, Told};
use crate::play::Outcome;
use crate::report::Report;
use crate::scenarios::{SCENARIOS, Scenario};
use crate::survey::Settings;
use crate::verdicts::assemble;

/// The most bytes of a log, and of one of its lines.
const MOST_BYTES: u64 = 256 << 20;
const MOST_LINE_BYTES: u64 = 32 << 20;
/// The most events, and attempts of runs, of a story: far more than any has, and few enough that
/// every question to them is answered soon.
const MOST_EVENTS: usize = 500_000;
const MOST_RUNS: usize = 1_000;

/// Why a log cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("the log cannot be read: {0}")]
    Read(#[from] std::io::Error),
    #[error("the log has more than {} MiB", MOST_BYTES >> 20)]
    TooLarge,
    #[error("line {line}: {message}")]
    Line { line: usize, message: String },
}

/// A story, or the survey, of which all lines so far have been read.
struct Open {
    /// None for the survey.
    story: Option<(&'static Scenario, Settings, Told)>,
    events: Vec<Event>,
    runs: usize,
    /// Its first line.
    line: usize,
}

/// Reads a log that `Report::write_events` has written, and judges it as a rehearsal does.
pub fn judge(log: impl Read) -> Result<Report, RecordError> {
    let mut reader = Reader {
        log: BufReader::new(log.take(MOST_BYTES + 1)),
        line: 0,
        bytes: 0,
    };
    let first = reader.next()?;
    let subject = match first {
        Some(value) if is_record(&value) => {
            check_schema(&value, reader.line)?;
            match read(value, reader.line)? {
                Record::Rehearsal { subject, .. } => subject,
                _ => {
                    return Err(reader.error("the log begins with another record than `rehearsal`"));
                }
            }
        }
        _ => {
            return Err(RecordError::Line {
                line: 1,
                message: "this is no log of `lockkeeper rehearse --events`: the record `rehearsal` is missing".into(),
            });
        }
    };
    let (outcomes, watched) = reader.stories(&subject)?;
    let mut report = assemble(*subject, outcomes);
    report.recordings.extend(watched.map(|events| Recording {
        scenario: SURVEY,
        settings: Settings::Declared.as_str(),
        events,
        told: None,
    }));
    Ok(report)
}

struct Reader<R> {
    log: BufReader<std::io::Take<R>>,
    /// The line that was read last, from 1.
    line: usize,
    bytes: u64,
}

impl<R: Read> Reader<R> {
    fn error(&self, message: impl Into<String>) -> RecordError {
        RecordError::Line {
            line: self.line,
            message: message.into(),
        }
    }

    /// The next line's object.
    fn next(&mut self) -> Result<Option<Value>, RecordError> {
        let mut text = Vec::new();
        let mut limited = (&mut self.log).take(MOST_LINE_BYTES + 1);
        let length = limited.read_until(b'\n', &mut text)? as u64;
        if length == 0 {
            return Ok(None);
        }
        self.line += 1;
        self.bytes += length;
        if self.bytes > MOST_BYTES {
            return Err(RecordError::TooLarge);
        }
        if length > MOST_LINE_BYTES {
            let most = MOST_LINE_BYTES >> 20;
            return Err(self.error(format!("the line is longer than {most} MiB")));
        }
        if text.last() != Some(&b'\n') {
            return Err(self.error("the log ends within this line: it was cut off"));
        }
        match serde_json::from_slice(&text) {
            Ok(value @ Value::Object(_)) => Ok(Some(value)),
            Ok(_) => Err(self.error("not a JSON object")),
            // The error's own line counts within this one.
            Err(error) => Err(self.error(format!(
                "not JSON: {}, column {}",
                message(&error),
                error.column()
            ))),
        }
    }

    /// Everything behind the first record: the judged stories, and what the survey watched.
    fn stories(
        &mut self,
        subject: &Subject,
    ) -> Result<(Vec<Outcome>, Option<Vec<Event>>), RecordError> {
        let (mut outcomes, mut watched) = (Vec::new(), None);
        let mut seen = BTreeSet::new();
        let mut open: Option<Open> = None;
        loop {
            let Some(value) = self.next()? else {
                return Err(RecordError::Line {
                    line: self.line + 1,
                    message: "the record `end` is missing: the log was cut off".into(),
                });
            };
            if !is_record(&value) {
                let event = self.event(value, open.as_ref())?;
                if let Some(open) = &mut open {
                    open.runs += usize::from(matches!(event.what, What::RunCreated { .. }));
                    open.events.push(event);
                    if open.events.len() > MOST_EVENTS || open.runs > MOST_RUNS {
                        return Err(self.error(format!(
                            "a story of more than {MOST_EVENTS} events or {MOST_RUNS} runs"
                        )));
                    }
                }
                continue;
            }
            if let Some(open) = open.take() {
                match open.story {
                    None => watched = Some(open.events),
                    Some((scenario, settings, told)) => {
                        if open
                            .events
                            .last()
                            .is_some_and(|last| last.at > told.settled)
                        {
                            return Err(RecordError::Line {
                                line: open.line,
                                message: "`settled` is earlier than the story's last event".into(),
                            });
                        }
                        let wall = Duration::ZERO;
                        let facts = &subject.facts;
                        outcomes.push(Outcome::judged(
                            scenario,
                            settings,
                            told,
                            open.events,
                            facts,
                            wall,
                        ));
                    }
                }
            }
            let story = match read(value, self.line)? {
                Record::Rehearsal { .. } => {
                    return Err(self.error("a second record `rehearsal`: one log at a time"));
                }
                Record::End { stories } => {
                    if stories != outcomes.len() {
                        return Err(self.error(format!(
                            "{stories} stories were recorded, and the log has {}",
                            outcomes.len()
                        )));
                    }
                    return match self.next()? {
                        None => Ok((outcomes, watched)),
                        Some(_) => Err(self.error("behind the record `end`")),
                    };
                }
                Record::Survey {} => None,
                Record::Story {
                    scenario,
                    settings,
                    told,
                } => {
                    let known = SCENARIOS.iter().find(|known| known.id == scenario);
                    let Some(scenario) = known else {
                        return Err(self.error(format!("there is no story `{scenario}`")));
                    };
                    if subject.wanted().all(|wanted| wanted.id != scenario.id) {
                        return Err(self.error(format!(
                            "the story `{}` is not among those that were asked for",
                            scenario.id
                        )));
                    }
                    Some((*scenario, settings, *told))
                }
            };
            let name = story
                .as_ref()
                .map(|(scenario, settings, _)| (scenario.id, *settings));
            if !seen.insert(name) {
                return Err(self.error("this story was recorded already"));
            }
            open = Some(Open {
                story,
                events: Vec::new(),
                runs: 0,
                line: self.line,
            });
        }
    }

    /// An event of the story that is open.
    fn event(&self, mut value: Value, open: Option<&Open>) -> Result<Event, RecordError> {
        let Some(open) = open else {
            return Err(self.error("an event before the first record `story`"));
        };
        let (scenario, settings) = match &open.story {
            Some((scenario, settings, _)) => (scenario.id, *settings),
            None => (SURVEY, Settings::Declared),
        };
        for (member, expected) in [("scenario", scenario), ("settings", settings.as_str())] {
            match value.as_object_mut().and_then(|event| event.remove(member)) {
                Some(Value::String(found)) if found == expected => {}
                _ => {
                    return Err(self.error(format!(
                        "`{member}` is not `{expected}`, as in the record of line {}",
                        open.line
                    )));
                }
            }
        }
        // A number would be taken for the place of a kind in their list.
        if !value.get("event").is_some_and(Value::is_string) {
            return Err(self.error("`event` is not the name of a kind of event"));
        }
        let event: Event = read(value, self.line)?;
        if let Some(last) = open.events.last()
            && (event.seq <= last.seq || event.at < last.at)
        {
            return Err(self.error("the event is not later than the one before it"));
        }
        Ok(event)
    }
}

fn is_record(value: &Value) -> bool {
    value.get("record").is_some_and(Value::is_string)
}

/// What a later lockkeeper wrote may have another shape altogether, so this is looked at first.
fn check_schema(value: &Value, line: usize) -> Result<(), RecordError> {
    match value.get("schema").map(Value::as_u64) {
        Some(Some(schema)) if schema == u64::from(SCHEMA) => Ok(()),
        Some(Some(schema)) => Err(RecordError::Line {
            line,
            message: format!("`schema` is {schema}, and this lockkeeper reads {SCHEMA}"),
        }),
        _ => Err(RecordError::Line {
            line,
            message: "the first record has no `schema`".into(),
        }),
    }
}

fn read<T: for<'de> Deserialize<'de>>(value: Value, line: usize) -> Result<T, RecordError> {
    serde_json::from_value(value).map_err(|error| RecordError::Line {
        line,
        message: message(&error),
    })
}

/// An error without its place, and no longer than can be read.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = match text.rsplit_once(" at line ") {
        Some((text, place)) if place.contains(" column ") => text,
        _ => &text,
    };
    let mut clean: String = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(300)
        .collect();
    if text.chars().count() > 300 {
        clean.push('…');
    }
    clean
}
