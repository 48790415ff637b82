//! Where something stands in a file, and what is wrong there.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::yaml::Node;

/// A piece of a file. `span` counts bytes; `line` and `column` count from 1, columns in characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The name that the file was loaded under.
    pub file: Arc<str>,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// Bytes of the file.
    pub span: Range<usize>,
}

impl Place {
    /// The bytes that this place names, if `text` is the file that it was made from.
    pub fn excerpt<'t>(&self, text: &'t str) -> Option<&'t str> {
        text.get(self.span.clone())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {:?}", self.span)
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub place: Place,
}

impl<T> Spanned<T> {
    /// A value with its place.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned {
            value: f(self.value),
            place: self.place,
        }
    }
}

/// Something that GitHub would refuse, with a way out where one is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct Problem {
    /// Where it is wrong.
    pub place: Place,
    /// What is wrong, in GitHub's words where it has some.
    pub message: String,
    /// What to write instead.
    pub suggestion: Option<String>,
}

/// How many problems of a file are kept: a broken file can have one in every few bytes.
pub(crate) const MAX_PROBLEMS: usize = 1000;

impl Problem {
    /// Adds a problem unless there are too many, so that one more than is kept tells of the rest.
    pub(crate) fn note(problems: &mut Vec<Problem>, problem: impl FnOnce() -> Problem) {
        match problems.len() {
            0..MAX_PROBLEMS => problems.push(problem()),
            MAX_PROBLEMS => problems.push(Problem {
                message: format!("More than {MAX_PROBLEMS} problems, the others are not listed"),
                suggestion: None,
                ..problem()
            }),
            _ => {}
        }
    }
}

/// A key that GitHub knows and this crate reads over: whoever judges a workflow must say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmodelled {
    /// The key as a path, such as `jobs.build.snapshot`.
    pub key: String,
    /// What its absence from the model means for a reader.
    pub why: &'static str,
    /// Where the key stands.
    pub place: Place,
}

/// The text of one file, able to turn offsets into places.
#[derive(Clone, Debug)]
pub(crate) struct Source<'t> {
    pub(crate) file: Arc<str>,
    pub(crate) text: &'t str,
    line_starts: Vec<u32>,
    /// Where each [`STRIDE`]th character begins, unless all are one byte long.
    chars: Option<Vec<u32>>,
}

/// Stands before the first line and is none of its characters.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// How many characters lie between two that are looked up.
const STRIDE: usize = 64;

impl<'t> Source<'t> {
    pub(crate) fn new(file: &str, text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let mut line_starts = Vec::with_capacity(bytes.len() / 32 + 1);
        line_starts.push(0);
        for (i, b) in bytes.iter().enumerate() {
            // A lone carriage return ends a line in YAML too.
            if *b == b'\n' || (*b == b'\r' && bytes.get(i + 1) != Some(&b'\n')) {
                line_starts.push(i as u32 + 1);
            }
        }
        let chars = || {
            let strides = text.char_indices().step_by(STRIDE);
            strides.map(|(i, _)| i as u32).collect()
        };
        Self {
            file: file.into(),
            text,
            line_starts,
            chars: (!text.is_ascii()).then(chars),
        }
    }

    /// The byte at which a character begins.
    pub(crate) fn byte(&self, char: usize) -> usize {
        let Some(chars) = &self.chars else {
            return char.min(self.text.len());
        };
        let Some(start) = chars.get(char / STRIDE) else {
            return self.text.len();
        };
        let start = *start as usize;
        let rest = self.text[start..].char_indices().nth(char % STRIDE);
        rest.map_or(self.text.len(), |(i, _)| start + i)
    }

    /// How many characters begin in a range of bytes that begins and ends between characters.
    fn count(&self, bytes: Range<usize>) -> usize {
        match &self.chars {
            None => bytes.len(),
            Some(_) => self.text.get(bytes).map_or(0, |t| t.chars().count()),
        }
    }

    pub(crate) fn place(&self, bytes: Range<usize>) -> Place {
        let line = self
            .line_starts
            .partition_point(|s| *s as usize <= bytes.start)
            - 1;
        let mut start = self.line_starts[line] as usize;
        if line == 0 && self.text.starts_with(BYTE_ORDER_MARK) && bytes.start > 0 {
            start = BYTE_ORDER_MARK.len_utf8();
        }
        let column = self.count(start..bytes.start);
        Place {
            file: self.file.clone(),
            line: line as u32 + 1,
            column: column as u32 + 1,
            span: bytes,
        }
    }

    pub(crate) fn place_of(&self, node: &Node<'_>) -> Place {
        self.place(node.span.range())
    }
}
