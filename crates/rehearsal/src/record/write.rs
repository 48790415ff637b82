//! The log as JSON Lines.

use std::io::{self, Write};

use lockkeeper_world::event::Event;
use serde::Serialize;

use super::{Record, Recording, SCHEMA, Subject};
use crate::survey::Settings;

#[derive(Serialize)]
struct Line<'a> {
    scenario: &'a str,
    settings: &'a str,
    #[serde(flatten)]
    event: &'a Event,
}

pub(crate) fn write(
    subject: &Subject,
    recordings: &[Recording],
    out: &mut impl Write,
) -> io::Result<()> {
    let rehearsal = Record::Rehearsal {
        schema: SCHEMA,
        subject: Box::new(subject.clone()),
    };
    line(out, &rehearsal)?;
    for recording in recordings {
        let head = match &recording.told {
            Some(told) => Record::Story {
                scenario: recording.scenario.to_owned(),
                settings: match recording.settings == Settings::Defaults.as_str() {
                    true => Settings::Defaults,
                    false => Settings::Declared,
                },
                told: Box::new(told.clone()),
            },
            None => Record::Survey {},
        };
        line(out, &head)?;
        for event in &recording.events {
            let Recording {
                scenario, settings, ..
            } = recording;
            let event = Line {
                scenario,
                settings,
                event,
            };
            line(out, &event)?;
        }
    }
    let stories = recordings.iter().filter(|r| r.told.is_some()).count();
    line(out, &Record::End { stories })
}

fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}
