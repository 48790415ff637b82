//! A template's text as plain data, with CloudFormation's short tags in their long forms.

use saphyr_parser::{Event, Parser, Tag};
use serde_json::{Map, Value};

use super::intrinsic::text_of;

/// The most nodes that a template may have.
const MOST_NODES: usize = 50_000;

/// Reads YAML or JSON with CloudFormation's short tags (`!Ref`, `!Sub`, …) as their long forms.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut events = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.ok()?;
        events.push(event);
        if events.len() > MOST_NODES {
            return None;
        }
    }
    let mut events = events.into_iter().filter(|event| {
        !matches!(
            event,
            Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::StreamEnd
                | Event::Nothing
        )
    });
    node(&mut events, 0)
}

fn node<'a>(events: &mut impl Iterator<Item = Event<'a>>, depth: usize) -> Option<Value> {
    let event = events.next()?;
    after(event, events, depth)
}

fn after<'a>(
    event: Event<'a>,
    events: &mut impl Iterator<Item = Event<'a>>,
    depth: usize,
) -> Option<Value> {
    if depth > 64 {
        return None;
    }
    match event {
        Event::Scalar(text, style, _, tag) => {
            let plain = style == saphyr_parser::ScalarStyle::Plain && tag.is_none();
            let value = match text.as_ref() {
                "true" if plain => Value::Bool(true),
                "false" if plain => Value::Bool(false),
                "" | "~" | "null" if plain => Value::Null,
                other => Value::String(other.to_owned()),
            };
            Some(long_form(tag.as_deref(), value))
        }
        Event::SequenceStart(_, tag) => {
            let mut items = Vec::new();
            loop {
                match events.next()? {
                    Event::SequenceEnd => break,
                    other => items.push(after(other, events, depth + 1)?),
                }
            }
            Some(long_form(tag.as_deref(), Value::Array(items)))
        }
        Event::MappingStart(_, tag) => {
            let mut members = Map::new();
            loop {
                match events.next()? {
                    Event::MappingEnd => break,
                    key => {
                        let key = text_of(&after(key, events, depth + 1)?);
                        members.insert(key, node(events, depth + 1)?);
                    }
                }
            }
            Some(long_form(tag.as_deref(), Value::Object(members)))
        }
        // Aliases are not CloudFormation.
        _ => None,
    }
}

fn long_form(tag: Option<&Tag>, value: Value) -> Value {
    let Some(tag) = tag.filter(|tag| tag.handle == "!") else {
        return value;
    };
    let name = match tag.suffix.as_str() {
        "Ref" | "Condition" => tag.suffix.clone(),
        other => format!("Fn::{other}"),
    };
    Value::Object(Map::from_iter([(name, value)]))
}
