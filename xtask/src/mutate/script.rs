//! A bash script as the tree that tree-sitter's grammar makes of it: a whole file, or the `run:` of
//! a step, which keeps its place in the workflow.

use std::ops::Range;

use tree_sitter::{Node, Parser, Point, Tree};

pub(crate) struct Script<'t> {
    /// The file's text; nodes count its bytes.
    pub(crate) text: &'t str,
    tree: Tree,
    /// What every context begins with.
    within: String,
}

/// Statements stand in these, one below the other.
const BLOCKS: &[&str] = &[
    "program",
    "compound_statement",
    "do_group",
    "if_statement",
    "elif_clause",
    "else_clause",
    "case_item",
    "subshell",
];

/// Commands whose words only people read. What is thrown away with them has no effect.
const FOR_PEOPLE: &[&str] = &["printf", "echo", "warn"];

impl<'t> Script<'t> {
    pub(crate) fn read(text: &'t str) -> Option<Self> {
        Self::within(text, 0..text.len(), "")
    }

    /// The script that these bytes of a file are.
    pub(crate) fn within(text: &'t str, bytes: Range<usize>, within: &str) -> Option<Self> {
        let mut parser = Parser::new();
        parser
            .set_language(&tree_sitter_bash::LANGUAGE.into())
            .ok()?;
        parser
            .set_included_ranges(&[tree_sitter::Range {
                start_byte: bytes.start,
                end_byte: bytes.end,
                start_point: point(text, bytes.start),
                end_point: point(text, bytes.end),
            }])
            .ok()?;
        let tree = parser.parse(text, None)?;
        Some(Self {
            text,
            tree,
            within: within.to_owned(),
        })
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.tree.root_node().has_error()
    }

    /// Every node, parents before what is in them.
    pub(crate) fn nodes(&self) -> Vec<Node<'_>> {
        let mut found = Vec::new();
        let mut waiting = vec![self.tree.root_node()];
        while let Some(node) = waiting.pop() {
            found.push(node);
            let mut cursor = node.walk();
            let children: Vec<_> = node.children(&mut cursor).collect();
            waiting.extend(children.into_iter().rev());
        }
        found
    }

    pub(crate) fn of_kind<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = Node<'s>> {
        let nodes = self.nodes().into_iter();
        nodes.filter(move |node| node.kind() == kind && !self.is_for_people(*node))
    }

    pub(crate) fn text_of(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The functions around a node, and the line on which it begins.
    pub(crate) fn context(&self, node: Node<'_>) -> String {
        self.context_at(node.start_byte(), Some(node))
    }

    pub(crate) fn context_at(&self, byte: usize, mut node: Option<Node<'_>>) -> String {
        let mut names = Vec::new();
        while let Some(inner) = node {
            if inner.kind() == "function_definition"
                && let Some(name) = inner.child_by_field_name("name")
            {
                names.push(format!("{}()", self.text_of(name)));
            }
            node = inner.parent();
        }
        names.reverse();
        let start = self.text[..byte].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[byte..]
            .find('\n')
            .map_or(self.text.len(), |at| byte + at);
        let line = super::edit::short(&self.text[start..end]);
        let parts = [self.within.clone()].into_iter().chain(names).chain([line]);
        parts
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" › ")
    }

    /// What stands in blocks, one below the other: commands, assignments and what is made of them.
    pub(crate) fn statements(&self) -> Vec<Node<'_>> {
        let nodes = self.nodes().into_iter();
        nodes
            .filter(|node| {
                node.is_named()
                    && node.kind() != "comment"
                    && node
                        .parent()
                        .is_some_and(|parent| BLOCKS.contains(&parent.kind()))
                    && !is_condition(*node)
                    && !matches!(node.kind(), "elif_clause" | "else_clause")
                    && !is_case_value(*node)
                    && !self.is_for_people(*node)
            })
            .collect()
    }

    /// The name of the command that a statement runs.
    pub(crate) fn command_name(&self, node: Node<'_>) -> Option<&'t str> {
        match node.kind() {
            "command" => Some(self.text_of(node.child_by_field_name("name")?)),
            "redirected_statement" => self.command_name(node.child_by_field_name("body")?),
            "negated_command" => self.command_name(node.named_child(0)?),
            _ => None,
        }
    }

    /// Whether a node is, or is part of, a command whose words only people read.
    pub(crate) fn is_for_people(&self, node: Node<'_>) -> bool {
        let mut prints = false;
        let mut around = Some(node);
        while let Some(inner) = around {
            match inner.kind() {
                "command" => {
                    let name = self.command_name(inner);
                    prints |= name.is_some_and(|name| FOR_PEOPLE.contains(&name));
                    // Its message, not the failing itself.
                    prints |= name == Some("fail") && inner != node;
                }
                "redirected_statement" if prints && self.writes(inner) => return false,
                "command_substitution" | "pipeline" if prints && inner != node => return false,
                "function_definition" => break,
                _ => {}
            }
            around = inner.parent();
        }
        prints
    }

    /// Whether it redirects to a file that is not thrown away.
    fn writes(&self, redirected: Node<'_>) -> bool {
        let mut cursor = redirected.walk();
        redirected.children(&mut cursor).any(|child| {
            child.kind() == "file_redirect"
                && self.text_of(child).contains('>')
                && !self.text_of(child).contains("&2")
                && !self.text_of(child).contains("/dev/null")
        })
    }
}

/// Whether a node is what an `if`, `elif` or `while` asks.
pub(crate) fn is_condition(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else {
        return false;
    };
    if !matches!(
        parent.kind(),
        "if_statement" | "elif_clause" | "while_statement"
    ) {
        return false;
    }
    // Everything before `then` or `do`.
    let mut cursor = parent.walk();
    let mut before = parent
        .children(&mut cursor)
        .take_while(|child| !matches!(child.kind(), "then" | "do_group"));
    before.any(|child| child == node)
}

fn is_case_value(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else {
        return false;
    };
    if parent.kind() != "case_item" {
        return false;
    }
    let mut cursor = parent.walk();
    let mut before = parent
        .children(&mut cursor)
        .take_while(|child| child.kind() != ")");
    before.any(|child| child == node)
}

fn point(text: &str, byte: usize) -> Point {
    let before = &text[..byte];
    Point {
        row: before.matches('\n').count(),
        column: byte - before.rfind('\n').map_or(0, |at| at + 1),
    }
}
