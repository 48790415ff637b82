//! Text that a stranger chooses, pasted into a script
//! (<https://docs.github.com/actions/concepts/security/script-injections>).

use super::site::{Key, Site};
use super::{Check, Report, Subject};
use crate::expr::{Expr, ExprKind};
use crate::model::StepKind;
use crate::template::TemplateExpr;

const INJECTION: &str = "script-injection";

pub(super) const CHECK: Check = Check {
    kinds: &[INJECTION],
    run,
};

/// What anyone who opens an issue or a pull request can write. `*` is any member.
const UNTRUSTED: &[&[&str]] = &[
    &["head_ref"],
    &["event", "issue", "title"],
    &["event", "issue", "body"],
    &["event", "discussion", "title"],
    &["event", "discussion", "body"],
    &["event", "comment", "body"],
    &["event", "review", "body"],
    &["event", "review_comment", "body"],
    &["event", "pages", "*", "page_name"],
    &["event", "commits", "*", "message"],
    &["event", "commits", "*", "author", "email"],
    &["event", "commits", "*", "author", "name"],
    &["event", "head_commit", "message"],
    &["event", "head_commit", "author", "email"],
    &["event", "head_commit", "author", "name"],
    &["event", "pull_request", "title"],
    &["event", "pull_request", "body"],
    &["event", "pull_request", "head", "ref"],
    &["event", "pull_request", "head", "label"],
    &["event", "pull_request", "head", "repo", "default_branch"],
    &["event", "workflow_run", "display_title"],
    &["event", "workflow_run", "head_branch"],
    &["event", "workflow_run", "head_commit", "message"],
    &["event", "workflow_run", "head_commit", "author", "email"],
    &["event", "workflow_run", "head_commit", "author", "name"],
    &["event", "workflow_run", "head_repository", "description"],
    &["event", "workflow_run", "pull_requests", "*", "head", "ref"],
];

fn run(subject: &Subject<'_>, report: &mut Report) {
    for site in subject.sites.iter().filter(|s| is_script(s)) {
        for expression in site.expressions() {
            visit(&expression.expr, expression, report);
        }
    }
}

/// Whether what comes out is run: by a shell, or as JavaScript by `actions/github-script`.
fn is_script(site: &Site<'_>) -> bool {
    let action = site.step.and_then(|at| match &at.step.kind {
        StepKind::Uses { action, .. } => action.value.name(),
        _ => None,
    });
    match site.key {
        Key::Run => true,
        Key::With(input) => {
            input.eq_ignore_ascii_case("script")
                && action.as_deref() == Some("actions/github-script")
        }
        _ => false,
    }
}

fn visit(expr: &Expr, expression: &TemplateExpr, report: &mut Report) {
    // These give true or false, whatever they are asked about.
    if let ExprKind::Call { name, .. } = &expr.kind
        && ["contains", "startswith", "endswith"].contains(&name.to_ascii_lowercase().as_str())
    {
        return;
    }
    if let Some(path) = github_path(expr) {
        told(&path, expr, expression, report);
        // What an index reads is pasted nowhere, and still decides which text is.
        let mut at = expr;
        loop {
            at = match &at.kind {
                ExprKind::Property { of, .. } | ExprKind::Star(of) => of,
                ExprKind::Index { of, index } => {
                    visit(index, expression, report);
                    of
                }
                _ => return,
            };
        }
    }
    for child in expr.children() {
        visit(child, expression, report);
    }
}

/// Stands for a member whose name is computed: an element of an array, as far as is known.
const COMPUTED: &str = "[]";

/// The members read from `github`, in lower case; `*` for all of them.
fn github_path(expr: &Expr) -> Option<Vec<String>> {
    let (of, member) = match &expr.kind {
        ExprKind::Context(name) => {
            return name.eq_ignore_ascii_case("github").then(Vec::new);
        }
        ExprKind::Property { of, name } => (of, name.to_ascii_lowercase()),
        ExprKind::Star(of) => (of, "*".to_owned()),
        ExprKind::Index { of, index } => match &index.kind {
            ExprKind::Literal(value) => (of, value.to_text().to_ascii_lowercase()),
            _ => (of, COMPUTED.to_owned()),
        },
        _ => return None,
    };
    let mut path = github_path(of)?;
    path.push(member);
    Some(path)
}

fn told(path: &[String], expr: &Expr, expression: &TemplateExpr, report: &mut Report) {
    let reads = |known: &&&[&str]| {
        let mut pairs = known.iter().zip(path);
        known.len() == path.len() && pairs.all(|(k, p)| *k == "*" || p == "*" || k == p)
    };
    let Some(first) = UNTRUSTED.iter().find(reads) else {
        return;
    };
    let name = format!("github.{}", first.join("."));
    report.warning(
        INJECTION,
        &expression.place_of(&expr.span),
        format!(
            "`{name}` is what a stranger wrote, and it becomes part of the script before the \
             script runs: `$(…)` in it is executed"
        ),
        Some("give it to the step as a variable under `env` and read that variable".to_owned()),
    );
}
