//! What an expression reads, without evaluating it.

use std::ops::Range;

use super::Value;
use super::parser::{Expr, ExprKind};

/// A context that an expression reads, and how far into it: `secrets.TOKEN` is
/// `Reference { context: "secrets", path: ["TOKEN"], … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// In lower case.
    pub context: String,
    /// Names as written; `*` stands for every member and ends the path if an index is computed.
    pub path: Vec<String>,
    /// Bytes within the expression.
    pub span: Range<usize>,
}

impl Expr {
    /// Every context that is read, in the order of the text.
    pub fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        collect(self, &mut found);
        found
    }

    /// Names of the functions called, in lower case.
    pub fn calls(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self];
        while let Some(expr) = open.pop() {
            if let ExprKind::Call { name, .. } = &expr.kind {
                found.push(name.to_ascii_lowercase());
            }
            open.extend(expr.children().into_iter().rev());
        }
        found
    }
}

fn collect(expr: &Expr, found: &mut Vec<Reference>) {
    if let Some(reference) = chain(expr) {
        found.push(reference);
        // Indexes may read other contexts.
        let mut at = expr;
        loop {
            at = match &at.kind {
                ExprKind::Property { of, .. } | ExprKind::Star(of) => of,
                ExprKind::Index { of, index } => {
                    collect(index, found);
                    of
                }
                _ => return,
            };
        }
    }
    for child in expr.children() {
        collect(child, found);
    }
}

fn chain(expr: &Expr) -> Option<Reference> {
    match &expr.kind {
        ExprKind::Context(name) => Some(Reference {
            context: name.to_ascii_lowercase(),
            path: Vec::new(),
            span: expr.span.clone(),
        }),
        ExprKind::Property { of, name } => extend(of, name.clone(), expr),
        ExprKind::Star(of) => extend(of, "*".to_owned(), expr),
        ExprKind::Index { of, index } => match &index.kind {
            ExprKind::Literal(value @ (Value::String(_) | Value::Number(_))) => {
                extend(of, value.to_text(), expr)
            }
            _ => extend(of, "*".to_owned(), expr),
        },
        _ => None,
    }
}

fn extend(of: &Expr, name: String, whole: &Expr) -> Option<Reference> {
    let mut reference = chain(of)?;
    reference.path.push(name);
    reference.span = whole.span.clone();
    Some(reference)
}
