//! "Did you mean": the nearest of the known names.

use crate::expr::{ParseError, ParseErrorKind, Scope};

/// Names of a file's author can be many; no more are compared.
const MAX_CANDIDATES: usize = 200;

/// The known name that is nearest to `written`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let normal = |s: &str| s.to_ascii_lowercase().replace('_', "-");
    // Longer than any key: no typing slip, and not worth a table.
    if written.len() > 64 {
        return None;
    }
    let wanted = normal(written);
    let allowed = (written.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .filter(|name| name.len().abs_diff(written.len()) <= allowed)
        .take(MAX_CANDIDATES)
        .map(|name| (distance(&wanted, &normal(name)), name))
        .filter(|(d, _)| *d <= allowed)
        .min_by_key(|(d, _)| *d)
        .map(|(_, name)| name)
}

pub(crate) fn did_you_mean<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(written, known).map(|name| format!("did you mean `{name}`?"))
}

/// Edits between two words, a swap of neighbours counting as one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// A way out of a broken expression.
pub(crate) fn for_expression(error: &ParseError, text: &str, scope: &Scope<'_>) -> Option<String> {
    let word = text.get(error.span.clone())?;
    match error.kind {
        ParseErrorKind::UnknownContext if Scope::ANY.contexts.contains(&word) => Some(format!(
            "here only these contexts exist: {}",
            scope.contexts.join(", ")
        )),
        ParseErrorKind::UnknownContext => did_you_mean(word, scope.contexts.iter().copied())
            .or_else(|| Some(format!("a string needs single quotes: '{word}'"))),
        ParseErrorKind::UnknownFunction => did_you_mean(word, scope.function_names())
            .or_else(|| Some("this function does not exist here".to_owned())),
        ParseErrorKind::UnexpectedSymbol if word.starts_with('"') => {
            Some("strings in expressions take single quotes".to_owned())
        }
        ParseErrorKind::UnexpectedSymbol if word.starts_with('\'') => {
            Some("the quote is never closed; a quote inside a string is written twice".to_owned())
        }
        ParseErrorKind::UnexpectedSymbol if word.starts_with('=') => {
            Some("equality is `==`".to_owned())
        }
        _ => None,
    }
}
