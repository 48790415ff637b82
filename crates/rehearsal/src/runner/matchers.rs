//! Problem matchers: patterns that make annotations of what a step prints
//! (<https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md>).

use lockkeeper_world::event::Spot;
use regex::{Captures, Regex, RegexBuilder};
use serde::Deserialize;

use super::output::Note;

#[derive(Deserialize)]
struct File {
    #[serde(rename = "problemMatcher")]
    matchers: Vec<Written>,
}

#[derive(Deserialize)]
struct Written {
    owner: String,
    #[serde(default)]
    severity: Option<String>,
    pattern: Vec<WrittenPattern>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
struct WrittenPattern {
    regexp: String,
    file: Option<usize>,
    from_path: Option<usize>,
    line: Option<usize>,
    column: Option<usize>,
    severity: Option<usize>,
    message: Option<usize>,
    #[serde(rename = "loop", default)]
    repeats: bool,
}

/// What is found by one matcher, as far as its lines have come.
#[derive(Debug, Clone, Default)]
struct Found {
    file: Option<String>,
    line: Option<String>,
    column: Option<String>,
    severity: Option<String>,
    message: Option<String>,
}

/// A matcher.
pub(crate) struct Matcher {
    owner: String,
    severity: Option<String>,
    patterns: Vec<(Regex, WrittenPattern)>,
    /// What the first lines of a problem have given; as many patterns are met.
    under_way: Vec<Found>,
}

/// The matchers of a job.
#[derive(Default)]
pub(crate) struct Matchers(Vec<Matcher>);

/// Longer lines are not looked at, as on GitHub.
const LONGEST: usize = 4096;

impl Matchers {
    /// Adds matchers; one of the same owner is replaced.
    pub(crate) fn add(&mut self, matchers: Vec<Matcher>) {
        for matcher in matchers {
            self.remove(&matcher.owner);
            // The newest is asked first.
            self.0.insert(0, matcher);
        }
    }

    pub(crate) fn remove(&mut self, owner: &str) {
        self.0
            .retain(|matcher| !matcher.owner.eq_ignore_ascii_case(owner));
    }

    /// The annotation that a line completes.
    pub(crate) fn read(&mut self, line: &str) -> Option<Note> {
        if self.0.is_empty() || line.len() > LONGEST {
            return None;
        }
        let plain = without_colours(line);
        let at = self
            .0
            .iter_mut()
            .enumerate()
            .find_map(|(at, matcher)| Some((at, matcher.read(&plain)?)));
        let (found_by, note) = at?;
        for (other, matcher) in self.0.iter_mut().enumerate() {
            if other != found_by {
                matcher.under_way.clear();
            }
        }
        Some(note)
    }
}

impl Matcher {
    /// Reads a file of matchers; those whose patterns are not understood here come back as text.
    pub(crate) fn read_file(text: &str) -> Result<(Vec<Matcher>, Vec<String>), String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let (mut matchers, mut refused) = (Vec::new(), Vec::new());
        for written in file.matchers {
            if written.owner.is_empty() || written.pattern.is_empty() {
                return Err("Owner must not be empty, and patterns must be given".to_owned());
            }
            let mut patterns = Vec::new();
            for pattern in &written.pattern {
                let made = RegexBuilder::new(&pattern.regexp)
                    .size_limit(1 << 20)
                    .build();
                match made {
                    Ok(made) => patterns.push((made, pattern.clone())),
                    Err(_) => refused.push(pattern.regexp.clone()),
                }
            }
            if patterns.len() == written.pattern.len() {
                matchers.push(Matcher {
                    owner: written.owner,
                    severity: written.severity,
                    patterns,
                    under_way: Vec::new(),
                });
            }
        }
        Ok((matchers, refused))
    }

    fn read(&mut self, line: &str) -> Option<Note> {
        // One that repeats takes line after line; any other is tried from where it is.
        loop {
            let at = self.under_way.len();
            let last = self.patterns.len() - 1;
            let repeats = at > last;
            let (regex, pattern) = &self.patterns[at.min(last)];
            let Some(captures) = regex.captures(line) else {
                let had_begun = !self.under_way.is_empty();
                self.under_way.clear();
                if had_begun {
                    continue;
                }
                return None;
            };
            let before = match repeats {
                true => self.under_way.get(last.wrapping_sub(1)),
                false => self.under_way.last(),
            };
            let found = before.cloned().unwrap_or_default().with(pattern, &captures);
            if at < last {
                self.under_way.push(found);
                return None;
            }
            if pattern.repeats {
                self.under_way.truncate(last);
                self.under_way.push(found.clone());
            } else {
                self.under_way.clear();
            }
            return self.note(found);
        }
    }

    fn note(&self, found: Found) -> Option<Note> {
        let severity = found.severity.or_else(|| self.severity.clone());
        let level = match severity.unwrap_or_default().to_ascii_lowercase().as_str() {
            "" | "error" => "error",
            "warning" => "warning",
            "notice" => "notice",
            _ => return None,
        };
        let message = found.message.filter(|message| !message.is_empty())?;
        let number = |text: Option<String>| text.and_then(|text| text.parse::<u32>().ok());
        Some(Note {
            level,
            message,
            spot: Spot {
                file: found.file.filter(|file| !file.is_empty()),
                line: number(found.line),
                column: number(found.column),
                ..Spot::default()
            },
        })
    }
}

impl Found {
    fn with(mut self, pattern: &WrittenPattern, captures: &Captures<'_>) -> Self {
        let group = |at: Option<usize>| {
            let text = captures.get(at?)?.as_str();
            Some(text.to_owned())
        };
        let from = group(pattern.from_path);
        for (slot, at) in [
            (&mut self.file, pattern.file),
            (&mut self.line, pattern.line),
            (&mut self.column, pattern.column),
            (&mut self.severity, pattern.severity),
            (&mut self.message, pattern.message),
        ] {
            if let Some(text) = group(at) {
                *slot = Some(text);
            }
        }
        // A file may be named as seen from a project's file.
        if let (Some(file), Some(from)) = (&self.file, from)
            && let Some((directory, _)) = from.rsplit_once('/')
        {
            self.file = Some(format!("{directory}/{file}"));
        }
        self
    }
}

/// A line without the escape sequences that colour it.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let end = after
            .find(|c: char| !(c.is_ascii_digit() || c == ';'))
            .unwrap_or(after.len());
        rest = match after[end..].chars().next() {
            Some('m' | 'K') => &after[end + 1..],
            _ => after,
        };
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(file: &str, text: &str) -> Vec<String> {
        let (matchers, refused) = Matcher::read_file(file).unwrap();
        assert!(refused.is_empty());
        let mut all = Matchers::default();
        all.add(matchers);
        let shown = |note: Note| {
            let spot = note.spot;
            format!(
                "{} {}:{}:{} {}",
                note.level,
                spot.file.unwrap_or_default(),
                spot.line.unwrap_or_default(),
                spot.column.unwrap_or_default(),
                note.message
            )
        };
        text.lines()
            .filter_map(|line| all.read(line))
            .map(shown)
            .collect()
    }

    #[test]
    fn one_line_is_one_problem() {
        let file = r#"{"problemMatcher": [{"owner": "tool", "pattern": [{
            "regexp": "^(.+):(\\d+):(\\d+): (warning|error): (.*)$",
            "file": 1, "line": 2, "column": 3, "severity": 4, "message": 5}]}]}"#;
        let text =
            "building\nsrc/a.c:3:7: warning: unused\n\u{1b}[31ma.c:1:2: error: no\u{1b}[0m\n";
        assert_eq!(
            notes(file, text),
            ["warning src/a.c:3:7 unused", "error a.c:1:2 no"]
        );
    }

    #[test]
    fn later_lines_belong_to_the_file_above_them() {
        let file = r#"{"problemMatcher": [{"owner": "lint", "severity": "warning", "pattern": [
            {"regexp": "^([^\\s].*)$", "file": 1},
            {"regexp": "^\\s+(\\d+):(\\d+)\\s+(.*)$", "line": 1, "column": 2, "message": 3, "loop": true}]}]}"#;
        let text = "a.js\n  1:2  first\n  3:4  second\nb.js\n  5:6  third\n\nend\n";
        assert_eq!(
            notes(file, text),
            [
                "warning a.js:1:2 first",
                "warning a.js:3:4 second",
                "warning b.js:5:6 third"
            ]
        );
    }

    #[test]
    fn what_is_no_matcher_says_so() {
        assert!(Matcher::read_file("{}").is_err());
        let (matchers, refused) = Matcher::read_file(
            r#"{"problemMatcher": [{"owner": "x", "pattern": [{"regexp": "(?!a)b", "message": 0}]}]}"#,
        )
        .unwrap();
        assert!(matchers.is_empty());
        assert_eq!(refused, ["(?!a)b"]);
    }
}
