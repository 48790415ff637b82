//! What a step prints: lines, workflow commands, masks.

use std::collections::BTreeSet;

/// Texts that must never be shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Masks(BTreeSet<String>);

impl Masks {
    /// Hides `text`, and each of its lines when it has several.
    pub(crate) fn add(&mut self, text: &str) {
        for part in std::iter::once(text).chain(text.lines()) {
            let part = part.trim_end_matches(['\r', '\n']);
            if !part.trim().is_empty() {
                self.0.insert(part.to_owned());
            }
        }
    }

    pub(crate) fn apply(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        // The longest first, so that what contains another is hidden whole.
        let mut masks: Vec<&String> = self.0.iter().collect();
        masks.sort_by_key(|mask| std::cmp::Reverse(mask.len()));
        for mask in masks {
            if shown.contains(mask.as_str()) {
                shown = shown.replace(mask.as_str(), "***");
            }
        }
        shown
    }

    pub(crate) fn hides(&self, text: &str) -> bool {
        self.0.iter().any(|mask| text.contains(mask.as_str()))
    }
}

/// One line of output, read as the runner reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    Text(String),
    Mask(String),
    /// `notice`, `warning` or `error`, and its message.
    Annotation {
        level: &'static str,
        message: String,
    },
    /// The old command for outputs, which GitHub still carries out.
    SetOutput {
        name: String,
        value: String,
    },
    /// `group`, `endgroup`, `debug` and echo switches: nothing to carry out.
    Quiet,
    /// A command that GitHub no longer carries out, with the reason.
    Refused(String),
}

/// Splits a step's output into lines as it arrives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reader {
    partial: Vec<u8>,
    stopped: Option<String>,
}

impl Reader {
    /// The whole lines that `bytes` completes; with `end`, what is left too.
    pub(crate) fn read(&mut self, bytes: &[u8], end: bool) -> Vec<Line> {
        self.partial.extend_from_slice(bytes);
        let mut lines = Vec::new();
        while let Some(at) = self.partial.iter().position(|byte| *byte == b'\n') {
            let rest = self.partial.split_off(at + 1);
            let line = std::mem::replace(&mut self.partial, rest);
            lines.push(self.line(&line));
        }
        if end && !self.partial.is_empty() {
            let line = std::mem::take(&mut self.partial);
            lines.push(self.line(&line));
        }
        lines
    }

    fn line(&mut self, bytes: &[u8]) -> Line {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_end_matches(['\n', '\r']);
        if let Some(token) = &self.stopped {
            if text.trim() == format!("::{token}::") {
                self.stopped = None;
                return Line::Quiet;
            }
            return Line::Text(text.to_owned());
        }
        match command(text.trim_start()) {
            Some((name, properties, message)) => {
                self.carry_out(&name.to_ascii_lowercase(), properties, message, text)
            }
            None => Line::Text(text.to_owned()),
        }
    }

    fn carry_out(&mut self, name: &str, properties: &str, message: &str, text: &str) -> Line {
        let message = unescape(message);
        match name {
            "add-mask" => Line::Mask(message),
            "error" => Line::Annotation {
                level: "error",
                message,
            },
            "warning" => Line::Annotation {
                level: "warning",
                message,
            },
            "notice" => Line::Annotation {
                level: "notice",
                message,
            },
            "set-output" => match properties
                .split(',')
                .find_map(|p| p.trim().strip_prefix("name="))
            {
                Some(output) => Line::SetOutput {
                    name: unescape(output),
                    value: message,
                },
                None => Line::Text(text.to_owned()),
            },
            "stop-commands" => {
                self.stopped = Some(message);
                Line::Quiet
            }
            "group" | "endgroup" | "debug" | "echo" | "add-matcher" | "remove-matcher"
            | "save-state" => Line::Quiet,
            "set-env" | "add-path" => Line::Refused(format!("The `{name}` command is disabled.")),
            _ => Line::Text(text.to_owned()),
        }
    }
}

/// `::name key=value,…::message`
fn command(text: &str) -> Option<(&str, &str, &str)> {
    let rest = text.strip_prefix("::")?;
    let (head, message) = rest.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    (!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-'))
        .then_some((name, properties, message))
}

fn unescape(text: &str) -> String {
    text.replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%3A", ":")
        .replace("%2C", ",")
        .replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_commands() {
        let mut reader = Reader::default();
        assert!(reader.read(b"::add-ma", false).is_empty());
        assert_eq!(
            reader.read(b"sk::s3cret\nplain ::error::no\n", false),
            [
                Line::Mask("s3cret".into()),
                Line::Text("plain ::error::no".into())
            ]
        );
        assert_eq!(
            reader.read(b"::error file=a.sh,line=3::it%0Afailed\n::stop-commands::xyz\n::error::text\n::xyz::\n::set-output name=a::b", true),
            [
                Line::Annotation { level: "error", message: "it\nfailed".into() },
                Line::Quiet,
                Line::Text("::error::text".into()),
                Line::Quiet,
                Line::SetOutput { name: "a".into(), value: "b".into() },
            ]
        );
    }

    #[test]
    fn masks_hide_whole_values_and_their_lines() {
        let mut masks = Masks::default();
        masks.add("abc\nabcdef");
        masks.add(" ");
        assert_eq!(masks.apply("x abcdef y abc z"), "x *** y *** z");
        assert!(masks.hides("--abc--") && !masks.hides("ab"));
    }
}
