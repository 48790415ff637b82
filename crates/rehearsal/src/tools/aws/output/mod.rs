//! `--output`: how an answer is written to standard output.

mod table;
mod text;
mod yaml;

use serde::Serialize;
use serde_json::Value;

pub(super) use text::text;

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Text,
    Table,
    Yaml,
    YamlStream,
    Off,
}

impl Format {
    pub(super) fn named(name: &str) -> Option<Format> {
        Some(match name {
            "json" => Format::Json,
            "text" => Format::Text,
            "table" => Format::Table,
            "yaml" => Format::Yaml,
            "yaml-stream" => Format::YamlStream,
            "off" => Format::Off,
            _ => return None,
        })
    }

    /// What a whole answer looks like; `title` is the operation.
    pub(super) fn write(self, title: &str, value: &Value) -> String {
        let empty = value.as_object().is_some_and(serde_json::Map::is_empty);
        match self {
            Format::Text => text(value),
            Format::Off => String::new(),
            Format::Table => table::table(title, value),
            _ if empty => String::new(),
            Format::Json => json(value),
            Format::Yaml => yaml::document(value),
            Format::YamlStream => yaml::document(&Value::Array(vec![value.clone()])),
        }
    }
}

/// JSON with an indentation of four, as Python's `json.dump` writes it.
pub(super) fn json(value: &Value) -> String {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut writer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    // Writing a JSON value into memory cannot fail; an empty text would show if it did.
    let _ = value.serialize(&mut writer);
    let mut out = String::from_utf8(bytes).unwrap_or_default();
    out.push('\n');
    out
}
