//! The type of an expression, and where its parts do not fit together.

use std::ops::Range;

use super::functions;
use super::lattice::{Object, Type};
use crate::check::finding::Severity;
use crate::expr::{Expr, ExprKind, Op, Value};
use crate::suggest;

/// A member that cannot be there.
pub(crate) const UNDEFINED: &str = "expression-undefined";
/// A value of a type that its use cannot take.
pub(crate) const TYPE: &str = "expression-type";
/// An argument that a function can do nothing with.
pub(crate) const ARGUMENT: &str = "expression-argument";
/// A comparison that always comes out the same.
pub(crate) const COMPARISON: &str = "expression-comparison";

/// What the contexts are at the place of an expression.
pub(crate) trait Environment {
    /// The type of a context, whose name may have any case.
    fn context(&self, name: &str) -> Type;
}

/// A part of an expression that cannot give what it seems to be written for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) kind: &'static str,
    pub(crate) severity: Severity,
    /// Bytes of the expression.
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) suggestion: Option<String>,
}

/// The type of `expr`, which was read from `source`. What does not fit goes to `found`.
pub(crate) fn infer(
    expr: &Expr,
    source: &str,
    environment: &dyn Environment,
    found: &mut Vec<Mismatch>,
) -> Type {
    let mut inference = Inference {
        source,
        environment,
        found,
    };
    inference.of(expr)
}

pub(super) struct Inference<'a> {
    source: &'a str,
    environment: &'a dyn Environment,
    found: &'a mut Vec<Mismatch>,
}

/// What an operand of `&&` or `||` is where it is true, and where it is not; `None` where it cannot
/// be that.
struct Outcome {
    truthy: Option<Type>,
    falsy: Option<Type>,
}

impl Outcome {
    fn of_type(of: Type) -> Outcome {
        match of {
            // What is looked up may be missing after all.
            Type::Object(_) | Type::Array(_) => Outcome {
                truthy: Some(of),
                falsy: Some(Type::Null),
            },
            Type::Null => Outcome {
                truthy: None,
                falsy: Some(of),
            },
            of => Outcome {
                truthy: Some(of.clone()),
                falsy: Some(of),
            },
        }
    }

    fn of_value(value: &Value) -> Outcome {
        let of = Some(Type::of_value(value));
        if value.is_truthy() {
            Outcome {
                truthy: of,
                falsy: None,
            }
        } else {
            Outcome {
                truthy: None,
                falsy: of,
            }
        }
    }

    fn whole(&self) -> Type {
        either(&self.truthy, &self.falsy).unwrap_or(Type::Any)
    }
}

fn either(a: &Option<Type>, b: &Option<Type>) -> Option<Type> {
    Type::union(a.iter().chain(b))
}

impl Inference<'_> {
    /// Reports what evaluates to something that is not meant.
    pub(super) fn report(
        &mut self,
        kind: &'static str,
        at: &Expr,
        message: String,
        suggestion: Option<String>,
    ) {
        self.found.push(Mismatch {
            kind,
            severity: Severity::Warning,
            span: at.span.clone(),
            message,
            suggestion,
        });
    }

    /// Reports an argument with which the evaluation fails.
    pub(super) fn fail(&mut self, at: &Expr, message: String) {
        self.found.push(Mismatch {
            kind: ARGUMENT,
            severity: Severity::Error,
            span: at.span.clone(),
            message,
            suggestion: None,
        });
    }

    /// The text that an expression was read from.
    pub(super) fn text(&self, expr: &Expr) -> &str {
        self.source.get(expr.span.clone()).unwrap_or("")
    }

    /// The type of what was looked at before.
    pub(super) fn quietly(&mut self, expr: &Expr) -> Type {
        let before = self.found.len();
        let of = self.of(expr);
        self.found.truncate(before);
        of
    }

    pub(super) fn of(&mut self, expr: &Expr) -> Type {
        match &expr.kind {
            ExprKind::Literal(value) => Type::of_value(value),
            ExprKind::Context(name) => self.environment.context(name),
            ExprKind::Property { of, name } => {
                let receiver = self.of(of);
                self.property(expr, of, &receiver, name)
            }
            ExprKind::Index { of, index } => self.index(expr, of, index),
            ExprKind::Star(of) => {
                let receiver = self.of(of);
                self.filter(expr, of, &receiver)
            }
            ExprKind::Call { name, args } => functions::call(self, expr, name, args),
            ExprKind::Not(inner) => {
                self.of(inner);
                Type::Bool
            }
            ExprKind::Compare { op, left, right } => {
                let (a, b) = (self.of(left), self.of(right));
                self.compare(*op, (left, &a), (right, &b));
                Type::Bool
            }
            ExprKind::And(_) | ExprKind::Or(_) => self.outcome(expr).whole(),
        }
    }

    fn outcome(&mut self, expr: &Expr) -> Outcome {
        match &expr.kind {
            ExprKind::Literal(value) => Outcome::of_value(value),
            ExprKind::And(operands) => {
                let mut all = Outcome {
                    truthy: Some(Type::Any),
                    falsy: None,
                };
                for operand in operands {
                    let next = self.outcome(operand);
                    if all.truthy.is_some() {
                        all.falsy = either(&all.falsy, &next.falsy);
                        all.truthy = next.truthy;
                    }
                }
                all
            }
            ExprKind::Or(operands) => {
                let mut all = Outcome {
                    truthy: None,
                    falsy: Some(Type::Any),
                };
                for operand in operands {
                    let next = self.outcome(operand);
                    if all.falsy.is_some() {
                        all.truthy = either(&all.truthy, &next.truthy);
                        all.falsy = next.falsy;
                    }
                }
                all
            }
            _ => Outcome::of_type(self.of(expr)),
        }
    }

    fn property(&mut self, expr: &Expr, of: &Expr, receiver: &Type, name: &str) -> Type {
        match receiver {
            Type::Any => Type::Any,
            Type::Object(object) => match object.member(name) {
                Some(member) => member.clone(),
                None => self.undefined(expr, of, object, name),
            },
            Type::Array(array) if array.filtered => {
                let item = self.property(expr, of, &array.items, name);
                Type::filtered(item)
            }
            other => {
                let message = format!(
                    "`{name}` is read of `{}`, which is no object but {other}",
                    self.text(of)
                );
                let suggestion = matches!(other, Type::Array(_))
                    .then(|| format!("for `{name}` of each item write `.*.{name}`"));
                self.report(TYPE, expr, message, suggestion);
                Type::Any
            }
        }
    }

    fn undefined(&mut self, expr: &Expr, of: &Expr, object: &Object, name: &str) -> Type {
        let context = match &of.kind {
            ExprKind::Context(name) => name.to_ascii_lowercase(),
            _ => String::new(),
        };
        let known = object.members().map(|(name, _)| name);
        let suggestion = suggest::did_you_mean(name, known);
        let why = match context.as_str() {
            "steps" => "no step before this one in its job has this id".to_owned(),
            "needs" => "this job does not name it under `needs`".to_owned(),
            "jobs" => "the workflow has no such job".to_owned(),
            "inputs" => "no such input is declared".to_owned(),
            "secrets" => "no such secret is declared".to_owned(),
            "matrix" => "the matrix of this job does not set it".to_owned(),
            _ if suggestion.is_some() => format!("`{}` has no such member", self.text(of)),
            _ => format!("`{}` is {object}", self.text(of)),
        };
        let message = format!("`{}` is not defined: {why}", self.text(expr));
        self.report(UNDEFINED, expr, message, suggestion);
        Type::Any
    }

    fn index(&mut self, expr: &Expr, of: &Expr, index: &Expr) -> Type {
        let receiver = self.of(of);
        let by = self.of(index);
        if let (Type::Object(_), ExprKind::Literal(Value::String(name))) = (&receiver, &index.kind)
        {
            return self.property(expr, of, &receiver, name);
        }
        match &receiver {
            Type::Any => Type::Any,
            Type::Object(object) => {
                if !matches!(by, Type::Any | Type::String) {
                    let message = format!(
                        "a member of an object is named by a string, and `{}` is {by}",
                        self.text(index)
                    );
                    self.report(TYPE, index, message, None);
                }
                object.any_member()
            }
            Type::Array(array) if array.filtered => self.index_each(expr, of, index, &by),
            Type::Array(array) => {
                if !matches!(by, Type::Any | Type::Number) {
                    let message = format!(
                        "an item of an array is named by a number, and `{}` is {by}",
                        self.text(index)
                    );
                    self.report(TYPE, index, message, None);
                    return Type::Any;
                }
                array.items.clone()
            }
            other => {
                let message = format!("`{}` is {other}, which has no members", self.text(of));
                self.report(TYPE, expr, message, None);
                Type::Any
            }
        }
    }

    /// Behind `.*` an index does not pick an item, but is looked up in each of them.
    fn index_each(&mut self, expr: &Expr, of: &Expr, index: &Expr, by: &Type) -> Type {
        let receiver = self.quietly(of);
        if let ExprKind::Literal(Value::String(name)) = &index.kind {
            return self.property(expr, of, &receiver, name);
        }
        let items = match &receiver {
            Type::Array(array) => &array.items,
            _ => &Type::Any,
        };
        match (items, by) {
            (Type::Array(inner), Type::Number) => return Type::filtered(inner.items.clone()),
            (_, Type::Any) => {}
            _ => {
                let message = format!(
                    "behind `.*` this picks none of the items: `{}` is looked up in each of them",
                    self.text(index)
                );
                let way_out = "for one item, index what stands before `.*`";
                self.report(TYPE, index, message, Some(way_out.to_owned()));
            }
        }
        Type::Any
    }

    fn filter(&mut self, expr: &Expr, of: &Expr, receiver: &Type) -> Type {
        match receiver {
            Type::Any => Type::filtered(Type::Any),
            Type::Object(object) => Type::filtered(object.any_member()),
            Type::Array(array) if array.filtered => self.filter(expr, of, &array.items),
            Type::Array(array) => Type::filtered(array.items.clone()),
            other => {
                let message = format!(
                    "`.*` takes the members of an object or an array, and `{}` is {other}",
                    self.text(of)
                );
                self.report(TYPE, expr, message, None);
                Type::filtered(Type::Any)
            }
        }
    }

    fn compare(&mut self, op: Op, (left, a): (&Expr, &Type), (right, b): (&Expr, &Type)) {
        let order = !matches!(op, Op::Equal | Op::NotEqual);
        let always = if op == Op::NotEqual { "true" } else { "false" };
        if !order && !a.comparable(b) {
            let message = format!("{a} is compared with {b}, which is always {always}");
            self.report(COMPARISON, left, message, None);
        } else if order && !(a.is_ordered() && b.is_ordered()) {
            let odd = if a.is_ordered() { b } else { a };
            let message = format!("{odd} is neither less nor greater than anything");
            self.report(COMPARISON, left, message, None);
        } else if let Some(text) = never_a_number(a, right).or_else(|| never_a_number(b, left)) {
            let of = if matches!(a, Type::Bool | Type::Number) {
                a
            } else {
                b
            };
            let message = format!(
                "{of} is compared with the text '{text}', which is no number: always {always}"
            );
            let plain = matches!(text, "true" | "false");
            let suggestion = plain.then(|| format!("without quotes: {text}"));
            self.report(COMPARISON, left, message, suggestion);
        }
    }
}

/// Booleans and numbers are compared with text as numbers; text that is none is NaN.
fn never_a_number<'e>(of: &Type, other: &'e Expr) -> Option<&'e str> {
    let ExprKind::Literal(value @ Value::String(text)) = &other.kind else {
        return None;
    };
    (matches!(of, Type::Bool | Type::Number) && value.to_number().is_nan()).then_some(text)
}
