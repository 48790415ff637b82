//! The value of an expression as far as the contexts are known.

use std::borrow::Cow;
use std::cell::Cell;

use super::functions;
use super::known::{Known, Members, Unknown};
use crate::expr::{Contexts, EvalError, Expr, ExprKind, Op, Value};

/// What one evaluation may build from known parts, in bytes: GitHub's own bound.
const MAX_BYTES: usize = 1024 * 1024;

/// What `success()`, `failure()` and `cancelled()` answer; `None` where it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobStatus {
    /// What `success()` answers, where that is known.
    pub success: Option<bool>,
    /// What `failure()` answers, where that is known.
    pub failure: Option<bool>,
    /// What `cancelled()` answers, where that is known.
    pub cancelled: Option<bool>,
}

impl JobStatus {
    /// Nothing failed, was skipped or cancelled.
    pub const SUCCESS: JobStatus = JobStatus {
        success: Some(true),
        failure: Some(false),
        cancelled: Some(false),
    };
}

/// Contexts, as far as they are known, in which expressions are evaluated.
#[derive(Debug)]
pub struct Scope<'a> {
    contexts: &'a Members,
    status: Option<JobStatus>,
    budget: Cell<usize>,
}

/// A value, or the many that `.*` gave, over which later indexes spread.
pub(super) enum Found<'a> {
    One(Cow<'a, Known>),
    Many(Vec<Known>),
}

impl Found<'_> {
    fn truth(&self) -> Option<bool> {
        match self {
            Found::One(known) => known.truth(),
            Found::Many(_) => Some(true),
        }
    }

    fn may_fail(&self) -> bool {
        match self {
            Found::One(known) => known.may_fail(),
            Found::Many(items) => items.iter().any(Known::may_fail),
        }
    }

    pub(super) fn into_known(self) -> Known {
        match self {
            Found::One(known) => known.into_owned(),
            Found::Many(items) => {
                let known = Known::Array(items);
                match known.value() {
                    Some(value) => Known::Value(value),
                    None => known,
                }
            }
        }
    }
}

impl<'a> Scope<'a> {
    /// Contexts by name, such as `github`; a context that is not among them does not exist.
    pub fn new(contexts: &'a Members) -> Self {
        Self {
            contexts,
            status: None,
            budget: Cell::new(MAX_BYTES),
        }
    }

    /// The same with what status functions answer.
    #[must_use]
    pub fn with_status(mut self, status: JobStatus) -> Self {
        self.status = Some(status);
        self
    }

    pub(super) fn status(&self) -> Option<&JobStatus> {
        self.status.as_ref()
    }

    pub(super) fn context(&self, name: &str) -> Option<&Known> {
        self.contexts.get(name)
    }

    pub(super) fn start(&self) {
        self.budget.set(MAX_BYTES);
    }

    /// The value of an expression that was read from `text`.
    pub(super) fn reduce(&self, expr: &Expr, text: &str) -> Result<Known, EvalError> {
        let here = text.get(expr.span.clone()).unwrap_or(text);
        Ok(self.find(expr, text)?.into_known().named(here))
    }

    pub(super) fn find(&self, expr: &Expr, text: &str) -> Result<Found<'_>, EvalError> {
        let here = || text.get(expr.span.clone()).unwrap_or(text);
        let known = match &expr.kind {
            ExprKind::Literal(value) => Known::Value(value.clone()),
            ExprKind::Context(name) => {
                let found = self.contexts.get(name);
                let found = found.ok_or_else(|| EvalError::NoSuchContext(name.clone()))?;
                return Ok(Found::One(match found {
                    Known::Unknown(_) => Cow::Owned(found.clone().read_as(here())),
                    found => Cow::Borrowed(found),
                }));
            }
            ExprKind::Property { of, name } => {
                return self.member(self.find(of, text)?, &Value::from(name), here());
            }
            ExprKind::Index { of, index } => {
                let of = self.find(of, text)?;
                match (&of, self.reduce(index, text)) {
                    // An index into what has no members is not evaluated.
                    (Found::One(one), _) if is_primitive(one) => Known::Value(Value::Null),
                    (_, Ok(key)) => match key.value() {
                        Some(key) => return self.member(of, &key, here()),
                        None => {
                            let unknown = Unknown::of(vec![here().to_owned()]);
                            Known::Unknown(unknown.failing(key.may_fail() || of.may_fail()))
                        }
                    },
                    (Found::One(one), Err(_)) if matches!(**one, Known::Unknown(_)) => {
                        Known::Unknown(Unknown::of(vec![here().to_owned()]).failing(true))
                    }
                    (_, Err(error)) => return Err(error),
                }
            }
            ExprKind::Star(of) => return Ok(self.star(self.find(of, text)?, here())),
            ExprKind::Call { name, args } => return functions::call(self, name, args, text),
            ExprKind::Not(of) => {
                let of = self.reduce(of, text)?;
                match of.truth() {
                    Some(truth) => Known::from(!truth),
                    None => Known::Unknown(of.into_unknown().settled(None)),
                }
            }
            ExprKind::Compare { op, left, right } => {
                let (left, right) = (self.reduce(left, text)?, self.reduce(right, text)?);
                self.compare(*op, left, right)?
            }
            ExprKind::And(all) => return self.operands(all, false, text),
            ExprKind::Or(all) => return self.operands(all, true, text),
        };
        Ok(Found::One(Cow::Owned(known)))
    }

    fn member<'f>(&self, of: Found<'f>, key: &Value, here: &str) -> Result<Found<'f>, EvalError> {
        Ok(match of {
            Found::One(Cow::Borrowed(Known::Object(members))) if key.is_primitive() => {
                match members.get(&key.to_text()) {
                    Some(found @ Known::Unknown(_)) => {
                        Found::One(Cow::Owned(found.clone().read_as(here)))
                    }
                    Some(found) => Found::One(Cow::Borrowed(found)),
                    None => Found::One(Cow::Owned(absent(members, here))),
                }
            }
            Found::One(of) => Found::One(Cow::Owned(match of.into_owned() {
                Known::Value(value) => self.plain(ExprKind::Index {
                    of: literal(value),
                    index: literal(key.clone()),
                })?,
                Known::Object(members) if key.is_primitive() => match members.get(&key.to_text()) {
                    Some(found) => found.clone().read_as(here),
                    None => absent(&members, here),
                },
                Known::Object(_) => Known::Value(Value::Null),
                Known::Array(items) => {
                    let at = key.to_number();
                    let item = (at >= 0.0)
                        .then(|| items.get(at.floor() as usize))
                        .flatten();
                    item.cloned().unwrap_or(Known::Value(Value::Null))
                }
                Known::Unknown(unknown) => {
                    let may_fail = unknown.may_fail;
                    Known::Unknown(Unknown::of(vec![here.to_owned()]).failing(may_fail))
                }
            })),
            Found::Many(items) => {
                let mut found = Vec::new();
                for item in items {
                    match item {
                        Known::Value(Value::Object(object)) => {
                            let member = object.get(&key.to_text()).filter(|_| key.is_primitive());
                            found.extend(member.cloned().map(Known::Value));
                        }
                        Known::Value(Value::Array(items)) => {
                            let at = key.to_number();
                            let item = (at >= 0.0).then(|| items.get(at.floor() as usize));
                            found.extend(item.flatten().cloned().map(Known::Value));
                        }
                        Known::Value(_) => {}
                        Known::Object(members) => match members.get(&key.to_text()) {
                            Some(member) => found.push(member.clone().read_as(here)),
                            None if members.is_open() => {
                                return Ok(Found::One(Cow::Owned(Known::unknown().read_as(here))));
                            }
                            None => {}
                        },
                        // Whether it has the member decides how many items there are.
                        Known::Array(_) | Known::Unknown(_) => {
                            return Ok(Found::One(Cow::Owned(Known::unknown().read_as(here))));
                        }
                    }
                }
                Found::Many(found)
            }
        })
    }

    fn star<'f>(&self, of: Found<'f>, here: &str) -> Found<'f> {
        let items = match of {
            Found::One(known) => vec![known.into_owned()],
            Found::Many(items) => items,
        };
        let may_fail = items.iter().any(Known::may_fail);
        let unknown = || {
            let unknown = Unknown::of(vec![here.to_owned()]).failing(may_fail);
            Found::One(Cow::Owned(Known::Unknown(unknown)))
        };
        let mut found = Vec::new();
        for item in items {
            match item {
                Known::Value(Value::Object(object)) => {
                    found.extend(object.iter().map(|(_, v)| Known::Value(v.clone())));
                }
                Known::Value(Value::Array(items)) => {
                    found.extend(items.iter().cloned().map(Known::Value));
                }
                Known::Value(_) => {}
                Known::Object(members) if members.is_open() => return unknown(),
                Known::Object(members) => {
                    found.extend(
                        members
                            .iter()
                            .map(|(_, member)| member.clone().read_as(here)),
                    );
                }
                Known::Array(items) => found.extend(items),
                Known::Unknown(_) => return unknown(),
            }
        }
        Found::Many(found)
    }

    fn compare(&self, op: Op, left: Known, right: Known) -> Result<Known, EvalError> {
        let equality = matches!(op, Op::Equal | Op::NotEqual);
        let same = match (&left, &right) {
            (Known::Value(left), Known::Value(right)) => {
                return self.plain(ExprKind::Compare {
                    op,
                    left: literal(left.clone()),
                    right: literal(right.clone()),
                });
            }
            // A mapping or sequence equals only itself.
            (Known::Object(_) | Known::Array(_), Known::Value(value))
            | (Known::Value(value), Known::Object(_) | Known::Array(_))
                if value.is_primitive() =>
            {
                Some(false)
            }
            (Known::Unknown(unknown), Known::Value(Value::String(text)))
            | (Known::Value(Value::String(text)), Known::Unknown(unknown)) => unknown.equals(text),
            _ => None,
        };
        match same {
            Some(same) if equality && !left.may_fail() && !right.may_fail() => {
                Ok(Known::from(same == (op == Op::Equal)))
            }
            _ => {
                let mut unknown = left.into_unknown().settled(None);
                unknown.also(right.into_unknown());
                Ok(Known::Unknown(
                    Unknown::of(unknown.reads).failing(unknown.may_fail),
                ))
            }
        }
    }

    /// `&&` and `||`: the first operand whose truth is `decides`, or the last, as it is: what `.*`
    /// gave stays that.
    fn operands(&self, all: &[Expr], decides: bool, text: &str) -> Result<Found<'_>, EvalError> {
        let unknown = |unknown| Found::One(Cow::Owned(Known::Unknown(unknown)));
        let mut last = Found::One(Cow::Owned(Known::Value(Value::Null)));
        let mut before: Option<Unknown> = None;
        for expr in all {
            let found = match (self.find(expr, text), &mut before) {
                (Ok(found), _) => found,
                // An earlier operand may keep this one from being evaluated.
                (Err(_), Some(before)) => {
                    return Ok(unknown(before.clone().failing(true).settled(None)));
                }
                (Err(error), None) => return Err(error),
            };
            match (found.truth(), &mut before) {
                (Some(truth), None) if truth == decides => return Ok(found),
                (Some(truth), Some(before)) if truth == decides => {
                    return Ok(unknown(before.clone().settled(Some(decides))));
                }
                (Some(_), _) => last = found,
                (None, before) => {
                    let here = text.get(expr.span.clone()).unwrap_or(text);
                    let found = found.into_known().named(here).into_unknown();
                    before.get_or_insert_default().also(found);
                }
            }
        }
        Ok(match before {
            Some(before) => unknown(before.settled(None)),
            None => last,
        })
    }

    /// Evaluates what consists of known parts only.
    pub(super) fn plain(&self, kind: ExprKind) -> Result<Known, EvalError> {
        let expr = Expr { kind, span: 0..0 };
        let value = expr.eval(&Contexts::new())?;
        if let Value::String(text) = &value {
            let left = self.budget.get().checked_sub(text.len());
            self.budget.set(left.ok_or(EvalError::TooBig)?);
        }
        Ok(Known::Value(value))
    }
}

fn is_primitive(known: &Known) -> bool {
    matches!(known, Known::Value(value) if value.is_primitive())
}

fn absent(members: &Members, here: &str) -> Known {
    if members.is_open() {
        Known::unknown().read_as(here)
    } else {
        Known::Value(Value::Null)
    }
}

pub(super) fn literal(value: Value) -> Box<Expr> {
    Box::new(Expr {
        kind: ExprKind::Literal(value),
        span: 0..0,
    })
}

impl Unknown {
    pub(super) fn failing(mut self, may_fail: bool) -> Unknown {
        self.may_fail |= may_fail;
        self
    }
}
