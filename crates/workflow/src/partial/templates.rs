//! Conditions and templates of which not everything is known.

use super::eval::Scope;
use super::known::{Known, Members, Unknown};
use crate::condition::Condition;
use crate::expr::{EvalError, Expr, ExprKind, Value};
use crate::template::{Data, Part, Template, TemplateExpr};

/// What a condition comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Decided {
    /// It holds, whatever is not known.
    Yes,
    /// The part that made it false, where there is a single one.
    No(Option<Deciding>),
    /// What would have to be known, as the expression writes it.
    Unknown(Vec<String>),
}

/// The part of a condition that decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Deciding {
    /// As it is written.
    pub part: String,
    /// What it read, and the values.
    pub values: Vec<(String, Value)>,
}

/// Text with `${{ }}` in it, evaluated as far as possible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// With the expressions that are not known left as they are written.
    pub shown: String,
    /// What would have to be known, as the expressions write it; empty if all is known.
    pub unknown: Vec<String>,
}

impl Text {
    /// The text, if all of it is known.
    pub fn known(&self) -> Option<&str> {
        self.unknown.is_empty().then_some(self.shown.as_str())
    }
}

impl Scope<'_> {
    /// Whether a condition holds, its implied `success()` left aside.
    pub fn condition(&self, condition: &Condition) -> Result<Decided, EvalError> {
        self.start();
        let known = match condition.expr() {
            Some(expr) => self.expression(expr)?,
            None => match condition.template().expressions().next() {
                Some(_) => self.template(condition.template())?,
                None => Known::from(true),
            },
        };
        Ok(match known.truth() {
            Some(true) => Decided::Yes,
            Some(false) => Decided::No(condition.expr().map(|e| self.deciding(e))),
            None => Decided::Unknown(known.into_unknown().reads),
        })
    }

    fn expression(&self, expr: &TemplateExpr) -> Result<Known, EvalError> {
        self.reduce(&expr.expr, &expr.source)
            .map_err(|error| EvalError::At {
                place: expr.place.clone(),
                error: Box::new(error),
            })
    }

    fn deciding(&self, expr: &TemplateExpr) -> Deciding {
        let mut part = &expr.expr;
        while let ExprKind::And(all) = &part.kind {
            let no = |e: &&Expr| {
                self.reduce(e, &expr.source)
                    .is_ok_and(|known| known.truth() == Some(false))
            };
            match all.iter().find(no) {
                Some(decides) => part = decides,
                None => break,
            }
        }
        let mut values = Vec::new();
        self.collect(part, &expr.source, &mut values);
        let part = expr.source.get(part.span.clone()).unwrap_or(&expr.source);
        Deciding {
            part: part.to_owned(),
            values,
        }
    }

    /// What an expression reads, with the values that a person can be shown.
    fn collect(&self, expr: &Expr, text: &str, values: &mut Vec<(String, Value)>) {
        let reads = match &expr.kind {
            ExprKind::Context(_)
            | ExprKind::Property { .. }
            | ExprKind::Index { .. }
            | ExprKind::Star(_) => true,
            ExprKind::Call { name, .. } => ["success", "failure", "cancelled"]
                .iter()
                .any(|f| name.eq_ignore_ascii_case(f)),
            _ => false,
        };
        if !reads {
            for child in expr.children() {
                self.collect(child, text, values);
            }
            return;
        }
        let Some(name) = text.get(expr.span.clone()) else {
            return;
        };
        if values.iter().any(|(known, _)| known == name) {
            return;
        }
        let known = self.reduce(expr, text).ok().and_then(|known| known.value());
        if let Some(value) = known.filter(shown_whole) {
            values.push((name.to_owned(), value));
        }
    }

    /// The value of a template as far as it is known.
    pub fn template(&self, template: &Template) -> Result<Known, EvalError> {
        self.start();
        self.value(template)
    }

    fn value(&self, template: &Template) -> Result<Known, EvalError> {
        if let Some(value) = template.literal() {
            return Ok(Known::Value(value.clone()));
        }
        if let Some(whole) = template.whole() {
            return self.expression(whole);
        }
        // Text in front of the first unknown expression, and behind the last one.
        let (mut prefix, mut suffix) = (String::new(), String::new());
        let mut unknown: Option<Unknown> = None;
        for part in template.parts() {
            let piece = match part {
                Part::Text(text) => text.clone(),
                Part::Expression(expr) => {
                    let known = self.expression(expr)?;
                    match known.value() {
                        Some(value) => value.to_text(),
                        None => {
                            unknown.get_or_insert_default().also(known.into_unknown());
                            suffix.clear();
                            continue;
                        }
                    }
                }
            };
            match unknown {
                None => prefix.push_str(&piece),
                Some(_) => suffix.push_str(&piece),
            }
        }
        Ok(match unknown {
            None => Known::from(prefix),
            Some(unknown) => {
                let may_fail = unknown.may_fail;
                let mut like = Unknown::like(&prefix, &suffix);
                like.also(unknown);
                let truth = Known::Unknown(like.clone()).truth().filter(|_| !may_fail);
                Known::Unknown(like.settled(truth))
            }
        })
    }

    /// The text of a template, with what is not known left as it is written.
    pub fn text(&self, template: &Template) -> Result<Text, EvalError> {
        self.start();
        if let Some(text) = template.as_literal() {
            return Ok(Text {
                shown: text.to_owned(),
                unknown: Vec::new(),
            });
        }
        let mut out = Text::default();
        for part in template.parts() {
            match part {
                Part::Text(text) => out.shown.push_str(text),
                Part::Expression(expr) => {
                    let known = self.expression(expr)?;
                    match known.value() {
                        Some(value) => out.shown.push_str(&value.to_text()),
                        None => {
                            out.shown.push_str(&format!("${{{{ {} }}}}", expr.source));
                            let mut reads = known.into_unknown().reads;
                            if reads.is_empty() {
                                reads.push(expr.source.clone());
                            }
                            reads.retain(|read| !out.unknown.contains(read));
                            out.unknown.append(&mut reads);
                        }
                    }
                }
            }
        }
        Ok(out)
    }

    /// The value of a mapping, sequence or scalar as far as it is known.
    pub fn data(&self, data: &Data) -> Result<Known, EvalError> {
        self.start();
        self.nested(data)
    }

    fn nested(&self, data: &Data) -> Result<Known, EvalError> {
        let known = match data {
            Data::Scalar(template) => self.value(template)?,
            Data::Sequence(items, _) => {
                let items: Result<Vec<Known>, EvalError> =
                    items.iter().map(|item| self.nested(item)).collect();
                Known::Array(items?)
            }
            Data::Mapping(entries, _) => {
                let mut members = Members::closed();
                for (key, value) in entries {
                    members.set(&key.value, self.nested(value)?);
                }
                Known::Object(members)
            }
        };
        Ok(match known.value() {
            Some(value) => Known::Value(value),
            None => known,
        })
    }
}

impl Known {
    /// What would have to be known, as expressions write it; empty if all is known.
    pub fn missing(&self) -> Vec<String> {
        match self.value() {
            Some(_) => Vec::new(),
            None => self.clone().into_unknown().reads,
        }
    }
}

/// Short enough to stand in a sentence.
fn shown_whole(value: &Value) -> bool {
    value.is_primitive() && value.to_text().len() <= 200
}
