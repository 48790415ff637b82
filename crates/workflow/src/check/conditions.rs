//! `if:` that always or never holds
//! (<https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobsjob_idif>).

use super::site::{Key, Site, Text};
use super::{Check, Report, Subject};
use crate::expr::{Contexts, Expr, ExprKind};

const TEXT: &str = "condition-text";
const CONSTANT: &str = "condition-constant";

pub(super) const CHECK: Check = Check {
    kinds: &[TEXT, CONSTANT],
    run,
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    for site in &subject.sites {
        if let (Key::If, Text::Condition(condition)) = (site.key, site.text) {
            if condition.value.is_always_true_text() {
                report.warning(
                    TEXT,
                    &condition.place,
                    "this condition is always true: with text around `${{ }}` it is a string, and \
                     a string that is not empty is true",
                    Some("put all of it inside one `${{ }}`, or leave the braces out".to_owned()),
                );
            } else {
                constant(site, report);
            }
        }
    }
}

fn constant(site: &Site<'_>, report: &mut Report) {
    let Some(expression) = site.expressions().next() else {
        return;
    };
    if !is_constant(&expression.expr) {
        return;
    }
    let Ok(value) = expression.expr.eval(&Contexts::new()) else {
        return;
    };
    let (always, way_out) = if value.is_truthy() {
        ("always true", "leave the `if` out")
    } else {
        (
            "never true",
            "leave out what never runs, or write what should decide",
        )
    };
    report.warning(
        CONSTANT,
        site.place(),
        format!("this condition is {always}: nothing that it names can change"),
        Some(way_out.to_owned()),
    );
}

/// Whether nothing outside the expression decides its value.
fn is_constant(expr: &Expr) -> bool {
    let pure = match &expr.kind {
        ExprKind::Context(_) => false,
        ExprKind::Call { name, .. } => [
            "contains",
            "startswith",
            "endswith",
            "format",
            "join",
            "tojson",
            "fromjson",
            "case",
        ]
        .contains(&name.to_ascii_lowercase().as_str()),
        _ => true,
    };
    pure && expr.children().into_iter().all(is_constant)
}
