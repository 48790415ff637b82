//! What a step prints: lines, and workflow commands among them
//! (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).

use lockkeeper_world::event::Spot;

/// An annotation of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// `notice`, `warning` or `error`.
    pub(crate) level: &'static str,
    pub(crate) message: String,
    pub(crate) spot: Spot,
}

impl Note {
    pub(crate) fn new(level: &'static str, message: impl Into<String>) -> Self {
        Self {
            level,
            message: message.into(),
            spot: Spot::default(),
        }
    }
}

/// One line of output, read as the runner reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    Text(String),
    Mask(String),
    Annotation(Note),
    /// Shown when the repository asks for debug logs.
    Debug(String),
    /// The old command for outputs, which GitHub still carries out.
    SetOutput {
        name: String,
        value: String,
    },
    /// `set-env` and `add-path`, where the workflow allows them.
    SetEnv {
        name: String,
        value: String,
    },
    AddPath(String),
    /// `add-matcher` with the file that holds the matchers.
    AddMatcher(String),
    /// `remove-matcher` by owner.
    RemoveMatcher(String),
    /// Nothing to carry out.
    Quiet,
    /// A command that cannot be carried out, and why: its step fails.
    Refused {
        command: String,
        why: String,
    },
}

const COMMANDS: &[&str] = &[
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
];
/// What `::echo::on` does not repeat.
const NOT_ECHOED: &[&str] = &[
    "add-mask", "debug", "echo", "endgroup", "error", "group", "notice", "warning",
];

/// Splits a step's output into lines as it arrives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reader {
    partial: Vec<u8>,
    stopped: Option<String>,
    echo: bool,
    /// `ACTIONS_ALLOW_UNSECURE_COMMANDS`: `set-env` and `add-path` are carried out.
    pub(crate) unsecure: bool,
}

/// A line without an end is cut here.
const LONGEST: usize = 1 << 20;

impl Reader {
    /// The whole lines that `bytes` completes; with `end`, what is left too.
    pub(crate) fn read(&mut self, bytes: &[u8], end: bool) -> Vec<Line> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.partial.len() > LONGEST {
                let line = std::mem::take(&mut self.partial);
                self.line(&line, &mut lines);
            }
        }
        if end && !self.partial.is_empty() {
            let line = std::mem::take(&mut self.partial);
            self.line(&line, &mut lines);
        }
        lines
    }

    fn line(&mut self, bytes: &[u8], lines: &mut Vec<Line>) {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_end_matches(['\n', '\r']);
        let Some(command) = parse(text, self.stopped.as_deref()) else {
            lines.push(Line::Text(text.to_owned()));
            return;
        };
        if let Some(token) = &self.stopped {
            if command.name.eq_ignore_ascii_case(token) {
                self.stopped = None;
            }
            lines.push(Line::Text(text.to_owned()));
            return;
        }
        let name = command.name.to_ascii_lowercase();
        if self.echo && !NOT_ECHOED.contains(&name.as_str()) {
            lines.push(Line::Text(text.to_owned()));
        }
        self.carry_out(&name, command, text, lines);
    }

    fn carry_out(&mut self, name: &str, command: Command, text: &str, lines: &mut Vec<Line>) {
        let refused = |why: String| Line::Refused {
            command: text.to_owned(),
            why,
        };
        let named = command.property("name").map(str::to_owned);
        let missing = || {
            refused(format!(
                "Required field 'name' is missing in ##[{name}] command."
            ))
        };
        let data = command.data.clone();
        let line = match name {
            "add-mask" if data.trim().is_empty() => Line::Annotation(Note::new(
                "warning",
                "Can't add secret mask for empty string in ##[add-mask] command.",
            )),
            "add-mask" => {
                if self.echo {
                    lines.push(Line::Text("::add-mask::***".to_owned()));
                }
                Line::Mask(data)
            }
            "error" => note("error", &command, lines),
            "warning" => note("warning", &command, lines),
            "notice" => note("notice", &command, lines),
            "debug" => Line::Debug(data),
            "group" => Line::Text(format!("##[group]{data}")),
            "endgroup" => Line::Quiet,
            "echo" => match data.trim().to_ascii_lowercase().as_str() {
                "on" => {
                    self.echo = true;
                    Line::Quiet
                }
                "off" => {
                    self.echo = false;
                    Line::Quiet
                }
                other => refused(format!(
                    "Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '{other}'."
                )),
            },
            "set-output" | "save-state" => {
                lines.push(Line::Annotation(Note::new("warning", format!(
                    "The `{name}` command is deprecated and will be disabled soon. Please upgrade to using Environment Files. For more information see: https://github.blog/changelog/2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/"
                ))));
                match named {
                    None => missing(),
                    Some(name_) if name == "set-output" => Line::SetOutput {
                        name: name_,
                        value: data,
                    },
                    // Only an action's own later stages read it, and models keep theirs.
                    Some(_) => Line::Quiet,
                }
            }
            "set-env" | "add-path" if !self.unsecure => refused(format!(
                "The `{name}` command is disabled. Please upgrade to using Environment Files or opt into unsecure command execution by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to `true`. For more information see: https://github.blog/changelog/2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/"
            )),
            "set-env" => match named {
                None => missing(),
                Some(name) if name.eq_ignore_ascii_case("NODE_OPTIONS") => {
                    Line::Annotation(Note::new(
                        "error",
                        "Can't update NODE_OPTIONS environment variable using ::set-env:: command.",
                    ))
                }
                Some(name) => Line::SetEnv { name, value: data },
            },
            "add-path" => Line::AddPath(data),
            "add-matcher" if data.is_empty() => {
                Line::Annotation(Note::new("warning", "File path must be specified."))
            }
            "add-matcher" => Line::AddMatcher(data),
            "remove-matcher" => {
                Line::RemoveMatcher(command.property("owner").unwrap_or_default().to_owned())
            }
            "stop-commands" => {
                let invalid = data.is_empty()
                    || data.eq_ignore_ascii_case("pause-logging")
                    || COMMANDS
                        .iter()
                        .any(|known| known.eq_ignore_ascii_case(&data));
                if invalid {
                    refused("Invoking ::stopCommand:: with unsafe token is disabled.".to_owned())
                } else {
                    self.stopped = Some(data.clone());
                    if data.len() > 6 {
                        lines.push(Line::Mask(data));
                    }
                    Line::Text(text.to_owned())
                }
            }
            _ => Line::Quiet,
        };
        lines.push(line);
    }
}

/// An annotation, with its place as far as it is well-formed.
fn note(level: &'static str, command: &Command, lines: &mut Vec<Line>) -> Line {
    let mut number = |name: &str| -> Option<u32> {
        let text = command.property(name)?;
        let number = text.parse::<u32>().ok();
        if number.is_none() {
            lines.push(Line::Debug(format!("Invalid '{name}' value: {text}")));
        }
        number
    };
    let (line, end_line) = (number("line"), number("endLine"));
    let (column, end_column) = (number("col"), number("endColumn"));
    let text = |name: &str| command.property(name).map(str::to_owned);
    // GitHub drops columns without a line, or of several lines.
    let columns = line.is_some() && end_line.is_none_or(|end| Some(end) == line);
    Line::Annotation(Note {
        level,
        message: command.data.clone(),
        spot: Spot {
            title: text("title"),
            file: text("file"),
            line: line.or(end_line),
            end_line: end_line.filter(|end| line.is_none_or(|line| line <= *end)),
            column: column.filter(|_| columns),
            end_column: end_column.filter(|_| columns),
        },
    })
}

struct Command {
    name: String,
    properties: Vec<(String, String)>,
    data: String,
}

impl Command {
    /// A property that is not empty, whatever the case of its name; the last of that name.
    fn property(&self, name: &str) -> Option<&str> {
        let mut found = self.properties.iter().rev();
        found
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// `::name key=value,…::data` at a line's beginning, or the older `##[name key=value;…]data`
/// anywhere in it. `token` ends `stop-commands`.
fn parse(text: &str, token: Option<&str>) -> Option<Command> {
    let known = |name: &str| {
        COMMANDS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
            || token.is_some_and(|token| token.eq_ignore_ascii_case(name))
    };
    let make = |head: &str, data: String, separator: char, unescape: fn(&str) -> String| {
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        let properties = properties.trim().split(separator).filter_map(|property| {
            let (key, value) = property.split_once('=')?;
            (!key.is_empty() && !value.is_empty()).then(|| (key.to_owned(), unescape(value)))
        });
        known(name).then(|| Command {
            name: name.to_owned(),
            properties: properties.collect(),
            data,
        })
    };
    if let Some((head, data)) = text
        .trim_start()
        .strip_prefix("::")
        .and_then(|rest| rest.split_once("::"))
        && let Some(command) = make(head, unescape_data(data), ',', unescape_property)
    {
        return Some(command);
    }
    let (_, rest) = text.split_once("##[")?;
    let (head, data) = rest.split_once(']')?;
    make(head, unescape_older(data), ';', unescape_older)
}

fn unescape(text: &str, table: &[(&str, &str)]) -> String {
    // The percent sign comes last, lest it make new escapes.
    let mut text = text.to_owned();
    for (escaped, plain) in table.iter().chain(&[("%25", "%")]) {
        if text.contains(escaped) {
            text = text.replace(escaped, plain);
        }
    }
    text
}

fn unescape_data(text: &str) -> String {
    unescape(text, &[("%0D", "\r"), ("%0A", "\n")])
}

fn unescape_property(text: &str) -> String {
    unescape(
        text,
        &[("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")],
    )
}

fn unescape_older(text: &str) -> String {
    unescape(
        text,
        &[("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]")],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Line> {
        Reader::default().read(text.as_bytes(), true)
    }

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
            reader.read(
                b"::stop-commands::xyz\n::error::text\n::XYZ::\n  ::ERROR::it%0Afailed%252C",
                true
            ),
            [
                Line::Text("::stop-commands::xyz".into()),
                Line::Text("::error::text".into()),
                Line::Text("::XYZ::".into()),
                Line::Annotation(Note::new("error", "it\nfailed%2C")),
            ]
        );
    }

    #[test]
    fn annotations_have_places() {
        let spot = |text: &str| match read(text).pop() {
            Some(Line::Annotation(note)) => note.spot,
            other => panic!("{other:?}"),
        };
        let full = spot("::warning file=a%2Cb.js,line=3,col=2,endColumn=5,title=Odd%3A::x");
        assert_eq!(full.file.as_deref(), Some("a,b.js"));
        assert_eq!(full.title.as_deref(), Some("Odd:"));
        assert_eq!(
            (full.line, full.column, full.end_column),
            (Some(3), Some(2), Some(5))
        );
        let several = spot("::error line=3,endLine=4,col=2::x");
        assert_eq!(
            (several.line, several.end_line, several.column),
            (Some(3), Some(4), None)
        );
        assert_eq!(spot("::notice line=x::y").line, None);
        assert_eq!(spot("see ##[error file=a;line=2]y").line, Some(2));
    }

    #[test]
    fn what_cannot_be_carried_out_says_why() {
        for text in [
            "::set-env name=A::b",
            "::add-path::/x",
            "::set-output::b",
            "::echo::maybe",
            "::stop-commands::",
            "::stop-commands::error",
        ] {
            let refused = read(text)
                .into_iter()
                .any(|line| matches!(line, Line::Refused { .. }));
            assert!(refused, "{text}");
        }
        let mut reader = Reader {
            unsecure: true,
            ..Reader::default()
        };
        assert_eq!(
            reader.read(b"::set-env name=A::b\n::add-path::/x\n", false),
            [
                Line::SetEnv {
                    name: "A".into(),
                    value: "b".into()
                },
                Line::AddPath("/x".into())
            ]
        );
        assert_eq!(read("::unknown::x"), [Line::Text("::unknown::x".into())]);
    }

    #[test]
    fn echo_repeats_commands() {
        assert_eq!(
            read("::echo::on\n::add-matcher::a.json\n::error::x\n::echo::off"),
            [
                Line::Quiet,
                Line::Text("::add-matcher::a.json".into()),
                Line::AddMatcher("a.json".into()),
                Line::Annotation(Note::new("error", "x")),
                Line::Quiet,
            ]
        );
    }
}
