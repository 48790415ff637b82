//! The tree that a file is read into.

use std::borrow::Cow;
use std::ops::Range;

/// The bytes of a file that a node was read from, in offsets of the file's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

impl Span {
    /// Files are smaller than 4 GiB: the limits see to that before anything is read.
    pub(crate) fn of(bytes: Range<usize>) -> Span {
        let offset = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        Span {
            start: offset(bytes.start),
            end: offset(bytes.end),
        }
    }

    /// The bytes as a range.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A scalar, sequence or mapping, and the bytes that it was read from.
///
/// A scalar's span has its quotes in it, and the indicator of a block. A flow collection's has its
/// brackets, a block collection's all from its first key or dash to the end of its last value. An
/// alias stands for what it names, and has the span of that.
#[derive(Clone, Debug)]
pub struct Node<'t> {
    /// What the node is.
    pub kind: Kind<'t>,
    /// Its bytes.
    pub span: Span,
}

/// The kinds of nodes.
#[derive(Clone, Debug)]
pub enum Kind<'t> {
    /// A single value.
    Scalar(Scalar<'t>),
    /// Items in their order.
    Sequence(Vec<Node<'t>>),
    /// Keys and values in the order of the file; the keys may be equal.
    Mapping(Vec<(Node<'t>, Node<'t>)>),
}

/// A single value.
#[derive(Clone, Debug)]
pub struct Scalar<'t> {
    /// As written, with quotes, folding and escapes undone.
    pub text: Cow<'t, str>,
    /// What it means by the core schema.
    pub value: Resolved,
    /// How it is written.
    pub style: Style,
}

/// What a scalar is by the core schema of YAML 1.2
/// (<https://yaml.org/spec/1.2.2/#103-core-schema>), and by its tag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resolved {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer or a decimal.
    Number(f64),
    /// The text itself.
    String,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// With single or double quotes.
    Quoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

impl<'t> Node<'t> {
    /// Nodes and bytes of text in this tree.
    pub(crate) fn size(&self) -> (usize, usize) {
        match &self.kind {
            Kind::Scalar(s) => (1, s.text.len()),
            Kind::Sequence(items) => items.iter().map(Node::size).fold((1, 0), add),
            Kind::Mapping(entries) => entries
                .iter()
                .map(|(k, v)| add(k.size(), v.size()))
                .fold((1, 0), add),
        }
    }

    /// Whether it is a scalar that says null, such as a value that is left out.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(s) if s.value == Resolved::Null)
    }

    /// The single value, if it is one.
    pub fn scalar(&self) -> Option<&Scalar<'t>> {
        match &self.kind {
            Kind::Scalar(s) => Some(s),
            _ => None,
        }
    }

    /// The value of a key of a mapping that is written so.
    pub fn get(&self, key: &str) -> Option<&Node<'t>> {
        let Kind::Mapping(entries) = &self.kind else {
            return None;
        };
        let has = |node: &Node<'_>| node.scalar().is_some_and(|s| s.text == key);
        let found = entries.iter().find(|(k, _)| has(k));
        found.map(|(_, value)| value)
    }

    /// This node and all in it, keys before their values.
    pub fn walk<'n>(&'n self, visit: &mut dyn FnMut(&'n Node<'t>)) {
        visit(self);
        match &self.kind {
            Kind::Scalar(_) => {}
            Kind::Sequence(items) => items.iter().for_each(|item| item.walk(visit)),
            Kind::Mapping(entries) => {
                for (key, value) in entries {
                    key.walk(visit);
                    value.walk(visit);
                }
            }
        }
    }

    /// What the node is, in words for a message.
    pub(crate) fn noun(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(_) => "a single value",
            Kind::Sequence(_) => "a sequence",
            Kind::Mapping(_) => "a mapping",
        }
    }

    pub(crate) fn into_owned(self) -> Node<'static> {
        let kind = match self.kind {
            Kind::Scalar(s) => Kind::Scalar(Scalar {
                text: Cow::Owned(s.text.into_owned()),
                value: s.value,
                style: s.style,
            }),
            Kind::Sequence(items) => {
                Kind::Sequence(items.into_iter().map(Node::into_owned).collect())
            }
            Kind::Mapping(entries) => Kind::Mapping(
                entries
                    .into_iter()
                    .map(|(key, value)| (key.into_owned(), value.into_owned()))
                    .collect(),
            ),
        };
        Node {
            kind,
            span: self.span,
        }
    }
}

impl Scalar<'_> {
    /// The value as GitHub prints it.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self.value {
            Resolved::String => Cow::Borrowed(&self.text),
            _ => Cow::Owned(self.to_value().to_text()),
        }
    }

    /// The value as expressions know it.
    pub fn to_value(&self) -> crate::expr::Value {
        use crate::expr::Value;
        match self.value {
            Resolved::Null => Value::Null,
            Resolved::Bool(b) => Value::Bool(b),
            Resolved::Number(n) => Value::Number(n),
            Resolved::String => Value::String(self.text.clone().into_owned()),
        }
    }
}

fn add(a: (usize, usize), b: (usize, usize)) -> (usize, usize) {
    (a.0 + b.0, a.1 + b.1)
}
