//! A small YAML writer: values in, text out, always the same and always read back as the same value.

use std::fmt::Write;

/// A value as it will be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yaml {
    Bool(bool),
    Int(i64),
    Text(String),
    Seq(Vec<Yaml>),
    /// Short words on one line: `[a, b]`.
    Flow(Vec<String>),
    Map(Map),
}

/// Entries in the order in which they are written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Map(Vec<Entry>);

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    above: Vec<String>,
    key: String,
    value: Yaml,
    beside: Option<String>,
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Yaml {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Yaml {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Map> for Yaml {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Vec<Yaml>> for Yaml {
    fn from(items: Vec<Yaml>) -> Self {
        Self::Seq(items)
    }
}

impl Map {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds an entry at the end.
    pub(crate) fn with(mut self, key: impl Into<String>, value: impl Into<Yaml>) -> Self {
        self.push(key, value);
        self
    }

    pub(crate) fn push(&mut self, key: impl Into<String>, value: impl Into<Yaml>) {
        self.0.push(Entry {
            above: Vec::new(),
            key: key.into(),
            value: value.into(),
            beside: None,
        });
    }

    /// Adds an entry with comment lines above it.
    pub(crate) fn push_under(
        &mut self,
        above: &[String],
        key: impl Into<String>,
        value: impl Into<Yaml>,
    ) {
        self.push(key, value);
        if let Some(entry) = self.0.last_mut() {
            entry.above = above.to_vec();
        }
    }

    /// Adds an entry with a comment after its value, which must be a plain one.
    pub(crate) fn push_beside(
        &mut self,
        key: impl Into<String>,
        value: impl Into<Yaml>,
        beside: impl Into<String>,
    ) {
        self.push(key, value);
        if let Some(entry) = self.0.last_mut() {
            entry.beside = Some(beside.into());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The document that holds `map`.
pub(crate) fn document(map: &Map) -> String {
    let mut out = String::new();
    write_map(&mut out, map, 0, false);
    out
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

/// `started`: the first line's indentation is already there, as after `- `.
fn write_map(out: &mut String, map: &Map, depth: usize, started: bool) {
    for (at, entry) in map.0.iter().enumerate() {
        let inline = started && at == 0;
        if !inline {
            // Top-level blocks, and the large ones below them, breathe.
            let block = matches!(&entry.value, Yaml::Map(map) if depth == 0 || map.0.len() > 3);
            if depth < 2 && at > 0 && block {
                out.push('\n');
            }
            for line in &entry.above {
                indent(out, depth);
                comment(out, line);
                out.push('\n');
            }
            indent(out, depth);
        }
        // Only readers of YAML 1.1 take this key of workflows for a boolean.
        match entry.key.as_str() {
            "on" => out.push_str("on"),
            key => out.push_str(&scalar(key)),
        }
        out.push(':');
        write_value(out, &entry.value, depth, entry.beside.as_deref());
    }
}

fn write_value(out: &mut String, value: &Yaml, depth: usize, beside: Option<&str>) {
    match value {
        Yaml::Map(map) if map.is_empty() => out.push_str(" {}"),
        Yaml::Map(map) => {
            out.push('\n');
            write_map(out, map, depth + 1, false);
            return;
        }
        Yaml::Seq(items) if items.is_empty() => out.push_str(" []"),
        Yaml::Seq(items) => {
            out.push('\n');
            for item in items {
                indent(out, depth + 1);
                out.push('-');
                match item {
                    Yaml::Map(map) if !map.is_empty() => {
                        out.push(' ');
                        write_map(out, map, depth + 2, true);
                    }
                    other => write_value(out, other, depth + 1, None),
                }
            }
            return;
        }
        Yaml::Text(text) if is_block(text) => {
            out.push_str(if text.ends_with('\n') {
                " |\n"
            } else {
                " |-\n"
            });
            for line in text.lines() {
                if !line.is_empty() {
                    indent(out, depth + 1);
                    out.push_str(line);
                }
                out.push('\n');
            }
            return;
        }
        Yaml::Text(text) => {
            out.push(' ');
            out.push_str(&scalar(text));
        }
        Yaml::Flow(words) => {
            let words: Vec<String> = words.iter().map(|word| flow_scalar(word)).collect();
            let _ = write!(out, " [{}]", words.join(", "));
        }
        Yaml::Bool(value) => {
            let _ = write!(out, " {value}");
        }
        Yaml::Int(value) => {
            let _ = write!(out, " {value}");
        }
    }
    if let Some(text) = beside {
        out.push(' ');
        comment(out, text);
    }
    out.push('\n');
}

/// A comment, whatever `text` holds: nothing in it can end the line.
fn comment(out: &mut String, text: &str) {
    out.push('#');
    if !text.is_empty() {
        out.push(' ');
    }
    out.extend(text.chars().map(|c| {
        if c.is_control() || is_break(c) {
            ' '
        } else {
            c
        }
    }));
}

fn is_break(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Whether `text` reads best, and safely, as a literal block.
fn is_block(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
        && !text.starts_with([' ', '\n'])
        && !text.ends_with("\n\n")
        && text.lines().all(|line| {
            !line.ends_with(' ') && !line.contains(|c: char| c.is_control() || is_break(c))
        })
        && !text.contains('\r')
}

fn flow_scalar(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    if text.chars().all(word) && is_plain(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Whether `text` without quotes is read back as this very string.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 11] = [
        "null", "~", "true", "false", "yes", "no", "on", "off", "y", "n", "nan",
    ];
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    let second = chars.next().unwrap_or(' ');
    let number = first.is_ascii_digit()
        || ("+-.".contains(first) && (second.is_ascii_digit() || second == '.'));
    let word = text.trim_start_matches(['.', '+']).to_ascii_lowercase();
    !number
        && !WORDS.contains(&word.as_str())
        && word != "inf"
        && !"-?:,[]{}#&*!|>'\"%@`= <".contains(first)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(|c| (' '..='~').contains(&c))
}

fn quoted(text: &str) -> String {
    if text.chars().all(|c| !c.is_control() && !is_break(c)) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            _ => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use saphyr_parser::{Event, Parser};

    /// The scalars of a document, as an independent parser reads them, with whether they are plain.
    fn scalars(text: &str) -> Vec<(String, bool)> {
        Parser::new_from_str(text)
            .filter_map(|event| match event.unwrap().0 {
                Event::Scalar(value, style, ..) => Some((
                    value.into_owned(),
                    style == saphyr_parser::ScalarStyle::Plain,
                )),
                _ => None,
            })
            .collect()
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_as_it_is(text in any::<String>(), key in "[a-z -~]{1,12}") {
            let inner = Map::new().with(key.clone(), text.clone()).with("next", 1);
            let map = Map::new()
                .with("list", vec![Yaml::from(text.clone()), Yaml::Flow(vec![text.clone()]), inner.clone().into()])
                .with("inside", inner);
            let read: Vec<String> = scalars(&document(&map)).into_iter().map(|s| s.0).collect();
            prop_assert_eq!(read, vec![
                "list".to_owned(), text.clone(), text.clone(), key.clone(), text.clone(), "next".into(), "1".into(),
                "inside".into(), key, text, "next".into(), "1".into(),
            ]);
        }

        #[test]
        fn no_comment_leaks(text in any::<String>()) {
            let mut map = Map::new();
            map.push_under(std::slice::from_ref(&text), "a", "b");
            map.push_beside("c", "d", text);
            let read: Vec<String> = scalars(&document(&map)).into_iter().map(|s| s.0).collect();
            prop_assert_eq!(read, vec!["a", "b", "c", "d"]);
        }
    }

    #[test]
    fn what_looks_like_another_type_is_quoted() {
        for text in [
            "true",
            "No",
            "on",
            "null",
            "~",
            "1",
            "1.5",
            "-1",
            "+1",
            ".5",
            ".inf",
            ".NaN",
            "0x1f",
            "2026-01-01",
            "",
            "1e3",
            "12:30",
        ] {
            let map = Map::new().with("a", text);
            assert_eq!(
                scalars(&document(&map))[1],
                (text.to_owned(), false),
                "{text}"
            );
        }
    }

    #[test]
    fn everyday_values_stay_plain() {
        for text in [
            "ubuntu-24.04",
            "${{ github.sha }}",
            "bash .github/deploy/smoke.sh",
            "actions/checkout@abc",
            "Deploy to staging",
        ] {
            let map = Map::new().with("a", text);
            assert_eq!(document(&map), format!("a: {text}\n"));
        }
    }
}
