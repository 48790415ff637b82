//! A table's row → the statements that it stands for.

use crate::clause;
use crate::token::{Kind, Token};

/// What the first column's head is called where the rows are environments.
const ROW_HEADS: [&str; 6] = [
    "environment",
    "environments",
    "env",
    "stage",
    "target",
    "name",
];

/// What a last column is called that says whether the row must hold.
const DEMANDS: [&str; 2] = ["required", "mandatory"];
const YES: [&str; 4] = ["yes", "y", "true", "required"];

/// The statements of a row: one for a column that has a value, or one for the row.
pub(crate) fn statements(cells: &[Vec<Token>], heads: &[Vec<Token>]) -> Vec<Vec<Token>> {
    let Some(first) = cells.first() else {
        return Vec::new();
    };
    let head = |at: usize| heads.get(at).map_or(&[][..], Vec::as_slice);
    let by_column = (1..cells.len())
        .filter(|at| clause::is_environment(head(*at)))
        .count();
    // | setting | staging | production |
    if by_column > 0 && by_column == cells.len() - 1 {
        return (1..cells.len())
            .filter(|at| !is_empty(&cells[*at]))
            .map(|at| joined(&[head(at), first, &cells[at]]))
            .collect();
    }
    // | environment | branch | cluster | …
    let names_rows = match head(0) {
        [] => cells.len() > 2,
        [word] => ROW_HEADS.contains(&word.norm.as_str()),
        _ => false,
    };
    if names_rows && clause::is_environment(first) {
        return (1..cells.len())
            .filter(|at| !is_empty(&cells[*at]))
            .map(|at| joined(&[first, head(at), &cells[at]]))
            .collect();
    }
    // | … | criterion | required |
    let last = cells.len() - 1;
    if last > 0
        && let [word] = head(last)
        && DEMANDS.contains(&word.norm.as_str())
        && let [answer] = &cells[last][..]
        && YES.contains(&answer.norm.as_str())
    {
        let demand = vec![Token {
            span: answer.span.clone(),
            ..word.clone()
        }];
        let mut parts: Vec<&[Token]> = cells[..last].iter().map(Vec::as_slice).collect();
        parts.push(&demand);
        return vec![joined(&parts)];
    }
    vec![joined(&cells.iter().map(Vec::as_slice).collect::<Vec<_>>())]
}

/// Nothing, or a dash for nothing. A tick is something.
fn is_empty(cell: &[Token]) -> bool {
    cell.iter()
        .all(|token| token.kind == Kind::Soft && matches!(token.norm.as_str(), "-" | ","))
}

fn joined(parts: &[&[Token]]) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if at + 1 == parts.len()
            && let Some(last) = out.last()
        {
            out.push(Token {
                kind: Kind::Colon,
                raw: ":".to_owned(),
                norm: ":".to_owned(),
                span: last.span.end..last.span.end,
                code: false,
            });
        }
        out.extend(part.iter().cloned());
    }
    out
}
