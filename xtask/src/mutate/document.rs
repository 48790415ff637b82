//! A workflow or a template as a tree of keys, each entry with the bytes that taking it out costs.

use std::ops::Range;

use lockkeeper_workflow::yaml::{Kind, Node, Style, Tree};

use super::edit::Edits;

pub(crate) struct Document<'t> {
    pub(crate) text: &'t str,
    tree: Tree<'t>,
}

/// A value, and how one gets to it.
pub(crate) struct Spot<'n, 't> {
    /// Keys, and for items what tells them apart from their neighbours.
    pub(crate) path: &'n [String],
    pub(crate) node: &'n Node<'t>,
    siblings: &'n [Range<usize>],
    index: usize,
    /// The mapping or sequence that holds it.
    holder: Range<usize>,
    empty: &'static str,
}

impl<'t> Document<'t> {
    pub(crate) fn read(file: &str, text: &'t str) -> Option<Self> {
        let tree = Tree::read(file, text).ok()?;
        Some(Self { text, tree })
    }

    /// Visits every value below the top.
    pub(crate) fn visit(&self, visit: &mut dyn FnMut(&Spot<'_, 't>)) {
        below(self.tree.root(), &mut Vec::new(), visit);
    }

    /// Visits the values at a path of keys, in which `*` is any one of them.
    pub(crate) fn at(&self, path: &str, visit: &mut dyn FnMut(&Spot<'_, 't>)) {
        let wanted: Vec<&str> = path.split('.').collect();
        self.visit(&mut |spot| {
            let same = spot.path.len() == wanted.len()
                && wanted
                    .iter()
                    .zip(spot.path)
                    .all(|(w, p)| *w == "*" || w == p);
            if same {
                visit(spot);
            }
        });
    }
}

fn below<'t>(node: &Node<'t>, path: &mut Vec<String>, visit: &mut dyn FnMut(&Spot<'_, 't>)) {
    let (children, empty): (Vec<(String, Range<usize>, &Node<'t>)>, _) = match &node.kind {
        Kind::Scalar(_) => return,
        Kind::Mapping(entries) => {
            let children = entries.iter().map(|(key, value)| {
                let name = key
                    .scalar()
                    .map_or_else(String::new, |s| s.text.to_string());
                let range =
                    key.span.range().start..value.span.range().end.max(key.span.range().end);
                (name, range, value)
            });
            (children.collect(), "{}")
        }
        Kind::Sequence(items) => {
            let children = items
                .iter()
                .map(|item| (format!("[{}]", label(item)), item.span.range(), item));
            (children.collect(), "[]")
        }
    };
    let siblings: Vec<Range<usize>> = children.iter().map(|(_, range, _)| range.clone()).collect();
    for (index, (name, _, child)) in children.into_iter().enumerate() {
        path.push(name);
        visit(&Spot {
            path,
            node: child,
            siblings: &siblings,
            index,
            holder: node.span.range(),
            empty,
        });
        below(child, path, visit);
        path.pop();
    }
}

/// What tells an item from its neighbours: its id or name, else the first value in it.
fn label(item: &Node<'_>) -> String {
    for key in ["id", "name", "PolicyName", "Action", "description"] {
        if let Some(value) = item.get(key) {
            return label(value);
        }
    }
    match &item.kind {
        Kind::Scalar(scalar) => scalar.text.to_string(),
        Kind::Sequence(items) => items.first().map(label).unwrap_or_default(),
        Kind::Mapping(entries) => entries
            .first()
            .map(|(_, value)| label(value))
            .unwrap_or_default(),
    }
}

impl Spot<'_, '_> {
    /// `jobs.deploy.steps.[record].env.DIGEST`
    pub(crate) fn context(&self) -> String {
        self.path.join(".")
    }

    pub(crate) fn key(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    pub(crate) fn text(&self) -> &str {
        self.node.scalar().map_or("", |scalar| &scalar.text)
    }

    pub(crate) fn is_plain_or_quoted(&self) -> bool {
        let style = self.node.scalar().map(|scalar| scalar.style);
        matches!(style, Some(Style::Plain | Style::Quoted))
    }

    pub(crate) fn children(&self) -> usize {
        match &self.node.kind {
            Kind::Scalar(_) => 0,
            Kind::Sequence(items) => items.len(),
            Kind::Mapping(entries) => entries.len(),
        }
    }

    /// Takes the entry or item out.
    pub(crate) fn remove(&self, edits: &mut Edits<'_>, text: &str) {
        let own = &self.siblings[self.index];
        let end = |range: &Range<usize>| {
            let bytes = text.get(range.clone()).unwrap_or_default();
            range.start + bytes.trim_end().len()
        };
        let (range, with) = if let Some(next) = self.siblings.get(self.index + 1) {
            (own.start..next.start, "")
        } else if let Some(before) = self.index.checked_sub(1).map(|at| &self.siblings[at]) {
            (end(before)..end(own), "")
        } else {
            (self.holder.start..end(&self.holder), self.empty)
        };
        edits.replace(self.context(), range, with);
    }

    /// Puts another value in this one's place.
    pub(crate) fn set(&self, edits: &mut Edits<'_>, with: &str) {
        edits.replace(self.context(), self.node.span.range(), with);
    }

    /// Puts a line before the first key of this mapping, with its indentation.
    pub(crate) fn put_first(&self, edits: &mut Edits<'_>, text: &str, entry: &str) {
        let at = self.node.span.range().start;
        let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let indent = " ".repeat(text[line..at].chars().count());
        edits.replace(self.context(), at..at, &format!("{entry}\n{indent}"));
    }
}
