//! Members of `github.event` that no event of the workflow brings
//! (<https://docs.github.com/webhooks/webhook-events-and-payloads>).

use std::ops::Range;

use super::{Check, Report, Subject};
use crate::expr::{Expr, ExprKind, Reference};
use crate::model::Triggers;
use crate::suggest;
use crate::tables::Payload;

const NOT_BROUGHT: &str = "event-without-member";

pub(super) const CHECK: Check = Check {
    kinds: &[NOT_BROUGHT],
    run,
};

fn run(subject: &Subject<'_>, report: &mut Report) {
    let mut brought: Option<Option<Vec<Payload>>> = None;
    for site in &subject.sites {
        for expression in site.expressions() {
            if !names_event(&expression.source) {
                continue;
            }
            for reference in expression.expr.references() {
                let Some(path) = in_event(&reference) else {
                    continue;
                };
                let payloads = brought.get_or_insert_with(|| payloads(&subject.workflow.on));
                let Some(payloads) = payloads else {
                    return;
                };
                let missing = payloads.iter().map(|p| missing(*p, path));
                // Told as far as the event gets that gets farthest.
                let Some((at, known)) = farthest(missing) else {
                    continue;
                };
                if at == 0 && is_guarded(&expression.expr, &reference.span) {
                    continue;
                }
                let events = subject.workflow.on.events().join("` or `");
                let written = path[..=at].join(".");
                report.warning(
                    NOT_BROUGHT,
                    &expression.place_of(&reference.span),
                    format!(
                        "`github.event.{written}` is never there: it does not come with `{events}`"
                    ),
                    suggest::did_you_mean(&path[at], known.members().map(|(name, _)| name)),
                );
            }
        }
    }
}

/// Whether what is there only with some events stands beside something else: what is written for
/// several workflows does not mind that it is missing in one.
fn is_guarded(expr: &Expr, span: &Range<usize>) -> bool {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if !(expr.span.start <= span.start && span.end <= expr.span.end) {
            continue;
        }
        if matches!(expr.kind, ExprKind::And(_) | ExprKind::Or(_)) {
            return true;
        }
        open.extend(expr.children());
    }
    false
}

/// Whether the text can name `github.event`: most expressions do not.
fn names_event(source: &str) -> bool {
    source
        .as_bytes()
        .windows(5)
        .any(|word| word.eq_ignore_ascii_case(b"event"))
}

/// The names behind `github.event`.
fn in_event(reference: &Reference) -> Option<&[String]> {
    let (first, rest) = reference.path.split_first()?;
    let event = reference.context == "github" && first.eq_ignore_ascii_case("event");
    (event && !rest.is_empty()).then_some(rest)
}

/// What the events of a workflow bring, for each activity type; `None` if that is not known of all.
fn payloads(on: &Triggers) -> Option<Vec<Payload>> {
    let mut all = Vec::new();
    for event in on.events() {
        // A called workflow sees the event of its caller.
        if event == "workflow_call" {
            return None;
        }
        let before = all.len();
        for of in Payload::types(event).filter_map(|name| Payload::of(event, name)) {
            if !all.contains(&of) {
                all.push(of);
            }
        }
        let known = all.len() > before || Payload::types(event).next().is_some();
        if !known {
            return None;
        }
    }
    Some(all)
}

/// Which name of a path is not there, and where it is looked for.
fn missing(payload: Payload, path: &[String]) -> Option<(usize, Payload)> {
    let mut at = payload;
    for (i, name) in path.iter().enumerate() {
        // What is in a leaf is not known, and neither is which members `*` leads through.
        if at.is_leaf() || name == "*" {
            return None;
        }
        // The members of a list stand as its own.
        if name.parse::<f64>().is_ok() {
            continue;
        }
        let Some(member) = at.member(name) else {
            return Some((i, at));
        };
        at = member;
    }
    None
}

/// The miss that is deepest in the path, unless one payload has all of it.
fn farthest(misses: impl Iterator<Item = Option<(usize, Payload)>>) -> Option<(usize, Payload)> {
    let mut deepest = None;
    for miss in misses {
        let miss = miss?;
        if deepest.is_none_or(|(at, _)| at < miss.0) {
            deepest = Some(miss);
        }
    }
    deepest
}
