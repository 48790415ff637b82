//! YAML as GitHub reads it, with the bytes of every key and value.
//!
//! `saphyr-parser` gives the events with their positions. Loading them is ours, since no crate at
//! hand keeps the place of every key, bounds what aliases expand to, and resolves scalars by the
//! core schema of YAML 1.2 alone, in which `on` is a string and `1.10` a number.

mod node;
mod read;
mod scalar;

use std::ops::Range;

use crate::place::{Place, Problem, Source};

pub use node::{Kind, Node, Resolved, Scalar, Span, Style};

/// What a file may cost to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest file that GitHub reads, in characters.
    pub file_size: usize,
    /// How deep mappings and sequences nest.
    pub depth: usize,
    /// How many nodes there are after aliases are expanded.
    pub nodes: usize,
    /// How much text scalars have after aliases are expanded, in bytes. (GitHub: 10 MiB, in which
    /// a character counts twice.)
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_size: 1024 * 1024,
            depth: 50,
            nodes: 100_000,
            text: 5 * 1024 * 1024,
        }
    }
}

/// A file as a tree of nodes, each with the bytes that it was read from.
///
/// ```
/// use lockkeeper_workflow::yaml::Tree;
///
/// let tree = Tree::read("ci.yml", "on: push\njobs: {}\n")?;
/// let on = tree.root().get("on").ok_or("no `on`")?;
/// assert_eq!(tree.excerpt(on.span), "push");
/// assert_eq!(tree.place(on.span).to_string(), "ci.yml:1:5");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tree<'t> {
    pub(crate) source: Source<'t>,
    root: Node<'t>,
    unused_anchors: Vec<Span>,
}

impl<'t> Tree<'t> {
    /// Reads the one document of a file. `file` is the name that places carry.
    ///
    /// # Errors
    /// What is not YAML, is more than one document, or goes beyond GitHub's limits: one problem,
    /// since nothing behind it can be read.
    pub fn read(file: &str, text: &'t str) -> Result<Tree<'t>, Problem> {
        Tree::read_within(file, text, &Limits::default())
    }

    /// Like [`Tree::read`], with limits of the caller's own.
    ///
    /// # Errors
    /// As [`Tree::read`].
    pub fn read_within(file: &str, text: &'t str, limits: &Limits) -> Result<Tree<'t>, Problem> {
        let source = Source::new(file, text);
        let document = read::read(&source, limits)?;
        let unused = document.unused_anchors.into_iter();
        Ok(Tree {
            source,
            root: document.root,
            unused_anchors: unused.map(Span::of).collect(),
        })
    }

    /// The node at the top.
    pub fn root(&self) -> &Node<'t> {
        &self.root
    }

    /// Anchors that no alias names, with their `&`.
    pub fn unused_anchors(&self) -> &[Span] {
        &self.unused_anchors
    }

    /// Line and column of what a span names.
    pub fn place(&self, span: Span) -> Place {
        self.source.place(span.range())
    }

    /// The bytes that a span of this tree names.
    pub fn excerpt(&self, span: Span) -> &'t str {
        let bytes: Range<usize> = span.range();
        self.source.text.get(bytes).unwrap_or_default()
    }
}
