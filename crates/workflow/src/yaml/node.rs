//! The tree that a file is read into.

use crate::Place;
use crate::expr::Value;

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) place: Place,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// As written, with quotes, folding and escapes undone.
    pub(crate) text: String,
    /// Null, boolean, number or string.
    pub(crate) value: Value,
    pub(crate) style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

impl Node {
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

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(s) if s.value == Value::Null)
    }

    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(s) => Some(s),
            _ => None,
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
}

fn add(a: (usize, usize), b: (usize, usize)) -> (usize, usize) {
    (a.0 + b.0, a.1 + b.1)
}
