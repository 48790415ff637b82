//! Where something stands in a file, and what is wrong there.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A piece of a file. `span` counts bytes; `line` and `column` count from 1, columns in characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Place {
    pub file: Arc<str>,
    pub line: u32,
    pub column: u32,
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
    pub value: T,
    pub place: Place,
}

impl<T> Spanned<T> {
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }

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
    pub place: Place,
    pub message: String,
    /// What to write instead.
    pub suggestion: Option<String>,
}

/// A key that GitHub knows and this crate reads over: whoever judges a workflow must say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmodelled {
    /// The key as a path, such as `jobs.build.snapshot`.
    pub key: String,
    /// What its absence from the model means for a reader.
    pub why: &'static str,
    pub place: Place,
}

/// The text of one file, able to turn byte offsets into places.
#[derive(Clone, Debug)]
pub(crate) struct Source<'t> {
    pub(crate) file: Arc<str>,
    pub(crate) text: &'t str,
    line_starts: Vec<usize>,
    /// Where each character begins, unless all are one byte long.
    chars: Option<Vec<usize>>,
}

impl<'t> Source<'t> {
    pub(crate) fn new(file: &str, text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let mut line_starts = vec![0];
        for (i, b) in bytes.iter().enumerate() {
            // A lone carriage return ends a line in YAML too.
            if *b == b'\n' || (*b == b'\r' && bytes.get(i + 1) != Some(&b'\n')) {
                line_starts.push(i + 1);
            }
        }
        Self {
            file: file.into(),
            text,
            line_starts,
            chars: (!text.is_ascii()).then(|| text.char_indices().map(|(i, _)| i).collect()),
        }
    }

    /// The byte at which a character begins.
    pub(crate) fn byte(&self, char: usize) -> usize {
        match &self.chars {
            None => char.min(self.text.len()),
            Some(chars) => *chars.get(char).unwrap_or(&self.text.len()),
        }
    }

    /// How many characters begin before a byte.
    fn char(&self, byte: usize) -> usize {
        match &self.chars {
            None => byte,
            Some(chars) => chars.partition_point(|c| *c < byte),
        }
    }

    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        let line = self.line_starts.partition_point(|s| *s <= span.start) - 1;
        let start = self.line_starts[line];
        let column = self.char(span.start) - self.char(start);
        Place {
            file: self.file.clone(),
            line: line as u32 + 1,
            column: column as u32 + 1,
            span,
        }
    }
}
