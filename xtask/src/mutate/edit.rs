//! What an operator proposes: bytes of a file and what stands there instead.

use std::ops::Range;

/// One change of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// Where, by structure: the path of keys, or the function and the line's own text.
    pub(crate) context: String,
    /// What stood there and what stands there instead, shortened.
    pub(crate) before: String,
    pub(crate) after: String,
    range: Range<usize>,
    with: String,
}

impl Edit {
    pub(crate) fn apply(&self, text: &str) -> String {
        let mut changed = text.to_owned();
        changed.replace_range(self.range.clone(), &self.with);
        changed
    }
}

/// The changes that one operator finds in a file.
pub(crate) struct Edits<'t> {
    text: &'t str,
    found: Vec<Edit>,
}

impl<'t> Edits<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    pub(crate) fn replace(&mut self, context: String, range: Range<usize>, with: &str) {
        let Some(before) = self.text.get(range.clone()) else {
            return;
        };
        if before != with {
            self.found.push(Edit {
                context,
                before: short(before),
                after: short(with),
                range,
                with: with.to_owned(),
            });
        }
    }

    /// Takes over a change that was found in a part of this text, which begins at `start`.
    pub(crate) fn shifted(&mut self, edit: Edit, start: usize) {
        let range = edit.range.start + start..edit.range.end + start;
        self.replace(edit.context, range, &edit.with);
    }

    pub(crate) fn found(self) -> Vec<Edit> {
        self.found
    }
}

const LONGEST: usize = 90;

/// A text in one line and not too long, as keys and tables show it.
pub(crate) fn short(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= LONGEST {
        return words;
    }
    let head: String = words.chars().take(LONGEST).collect();
    format!("{head}…")
}
