//! Text with `${{ }}` in it.

use crate::expr::{
    self, Context, EvalError, Expr, Object, ParseErrorKind, Reference, Scope, Value,
};
use crate::origin::Origin;
use crate::place::{Place, Problem, Source, Spanned};
use crate::yaml::{Scalar, Style};

/// A value of a workflow file: text with expressions, or a plain boolean, number or null.
///
/// As GitHub does, text that is one whole expression has that expression's value and kind; anything
/// else is a string in which each expression's value is put.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// The scalar's value, in which a string has its expressions as they are written.
    literal: Value,
    /// How a value that is no string is printed.
    printed: String,
    /// Empty where no expression is in it.
    parts: Vec<Part>,
    /// An expression in it could not be read, and is in no part.
    broken: bool,
    place: Place,
    body: Body,
}

/// How the text of a template lies in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// `|`: each line of the value is a line of the file, from the line after the indicator.
    Lines,
    /// On the lines of its place; line breaks may be folded.
    Inline,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text between expressions.
    Text(String),
    /// A `${{ }}`.
    Expression(TemplateExpr),
}

/// One `${{ }}` of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateExpr {
    /// The tree of the expression.
    pub expr: Expr,
    /// What stands between the braces, trimmed; spans inside `expr` count from its start.
    pub source: String,
    /// `${{` to `}}`, both included.
    pub place: Place,
    origin: Origin,
}

impl Template {
    /// Reads a scalar; problems go to `problems`, and what is at fault is left out of the value.
    pub(crate) fn read(
        scalar: &Scalar<'_>,
        place: Place,
        scope: &Scope<'_>,
        source: &Source<'_>,
        problems: &mut Vec<Problem>,
    ) -> Template {
        let (parts, broken) = match scalar.text.contains("${{") {
            true => split(&scalar.text, &place, scope, source, problems),
            false => (Vec::new(), false),
        };
        let literal = scalar.to_value();
        Template {
            printed: match &literal {
                Value::String(_) => String::new(),
                other => other.to_text(),
            },
            literal,
            parts,
            broken,
            place,
            body: if scalar.style == Style::Literal {
                Body::Lines
            } else {
                Body::Inline
            },
        }
    }

    /// The text as the file's author meant it, expressions not evaluated. Numbers and booleans as
    /// GitHub prints them.
    pub fn source(&self) -> &str {
        match &self.literal {
            Value::String(text) => text,
            _ => &self.printed,
        }
    }

    /// Where the text stands.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Text and expressions in turn; none where no expression is in it.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The expressions, in order.
    pub fn expressions(&self) -> impl Iterator<Item = &TemplateExpr> {
        self.parts.iter().filter_map(|p| match p {
            Part::Expression(e) => Some(e),
            Part::Text(_) => None,
        })
    }

    /// The value, if no expression is in it.
    pub fn literal(&self) -> Option<&Value> {
        let literal = !self.broken && self.expressions().next().is_none();
        literal.then_some(&self.literal)
    }

    /// Whether an expression in it could not be read.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// The text, if no expression is in it.
    pub fn as_literal(&self) -> Option<&str> {
        self.literal().map(|_| self.source())
    }

    /// The one expression that this template wholly is.
    pub fn whole(&self) -> Option<&TemplateExpr> {
        match self.parts.as_slice() {
            [Part::Expression(e)] => Some(e),
            _ => None,
        }
    }

    /// The value, with every expression evaluated.
    pub fn eval(&self, ctx: &dyn Context) -> Result<Value, EvalError> {
        if let Some(value) = self.literal() {
            return Ok(value.clone());
        }
        if let Some(whole) = self.whole() {
            return whole.eval(ctx);
        }
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Expression(e) => out.push_str(&e.eval(ctx)?.to_text()),
            }
        }
        Ok(Value::String(out))
    }

    /// The value as text.
    pub fn eval_string(&self, ctx: &dyn Context) -> Result<String, EvalError> {
        if self.literal().is_some() {
            return Ok(self.source().to_owned());
        }
        Ok(self.eval(ctx)?.to_text())
    }

    /// A boolean, as `continue-on-error` wants it: `true`, `false`, or a text of either.
    pub fn eval_bool(&self, ctx: &dyn Context) -> Result<bool, EvalError> {
        let value = self.eval(ctx)?;
        match &value {
            Value::Bool(b) => Ok(*b),
            Value::String(s) if s.eq_ignore_ascii_case("true") => Ok(true),
            Value::String(s) if s.eq_ignore_ascii_case("false") || s.is_empty() => Ok(false),
            Value::Null => Ok(false),
            _ => Err(self.wrong_type(&value, "boolean")),
        }
    }

    /// A number, as `timeout-minutes` wants it.
    pub fn eval_number(&self, ctx: &dyn Context) -> Result<f64, EvalError> {
        let value = self.eval(ctx)?;
        let number = value.to_number();
        match value {
            Value::Number(_) | Value::String(_) if !number.is_nan() => Ok(number),
            _ => Err(self.wrong_type(&value, "number")),
        }
    }

    fn wrong_type(&self, value: &Value, wanted: &'static str) -> EvalError {
        EvalError::At {
            place: self.place.clone(),
            error: Box::new(EvalError::WrongType {
                found: value.to_text(),
                wanted,
            }),
        }
    }

    /// Every context that is read: `secrets.X`, `github.token` and so on.
    pub fn references(&self) -> Vec<Reference> {
        self.expressions()
            .flat_map(|e| e.expr.references())
            .collect()
    }

    /// Names of the secrets that are read, as written; `*` if they are read as a whole or by a
    /// computed name.
    pub fn secrets(&self) -> Vec<String> {
        secrets(&self.references())
    }

    /// The line of the file on which line `n` (from 0) of the value stands; `None` where line
    /// breaks are folded or the value has fewer lines.
    pub fn line_of(&self, n: usize) -> Option<u32> {
        let lines = self.source().lines().count().max(1);
        match self.body {
            _ if n >= lines => None,
            Body::Lines => Some(self.place.line + 1 + n as u32),
            Body::Inline if n == 0 => Some(self.place.line),
            Body::Inline => None,
        }
    }
}

/// Names of the secrets among `references`.
pub fn secrets(references: &[Reference]) -> Vec<String> {
    let mut names = Vec::new();
    for r in references.iter().filter(|r| r.context == "secrets") {
        let name = r.path.first().cloned().unwrap_or_else(|| "*".to_owned());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

impl TemplateExpr {
    /// The value; an error carries this expression's place.
    pub fn eval(&self, ctx: &dyn Context) -> Result<Value, EvalError> {
        self.expr.eval(ctx).map_err(|e| EvalError::At {
            place: self.place.clone(),
            error: Box::new(e),
        })
    }

    /// Where a part of `expr`, given by its span, stands in the file. In a string with escapes it
    /// is the place of the whole expression.
    pub fn place_of(&self, span: &std::ops::Range<usize>) -> Place {
        self.origin.place(span, &self.source, &self.place)
    }
}

/// A piece of raw text, or of an expression with its braces, as byte ranges of the value.
pub(crate) enum Piece {
    Text(std::ops::Range<usize>),
    Expression(std::ops::Range<usize>),
    /// `${{` without its `}}`.
    Unclosed(std::ops::Range<usize>),
}

/// Finds the expressions of a text as GitHub does: quotes count, braces inside them do not.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find("${{").map(|i| at + i) {
        if open > at {
            found.push(Piece::Text(at..open));
        }
        let mut quoted = false;
        let mut before = 0;
        let close = text.bytes().enumerate().skip(open + 3).find(|(_, b)| {
            quoted ^= *b == b'\'';
            let ends = !quoted && *b == b'}' && before == b'}';
            before = *b;
            ends
        });
        match close {
            Some((end, _)) => {
                found.push(Piece::Expression(open..end + 1));
                at = end + 1;
            }
            None => {
                found.push(Piece::Unclosed(open..text.len()));
                return found;
            }
        }
    }
    if at < text.len() {
        found.push(Piece::Text(at..text.len()));
    }
    found
}

fn split(
    text: &str,
    place: &Place,
    scope: &Scope<'_>,
    source: &Source<'_>,
    problems: &mut Vec<Problem>,
) -> (Vec<Part>, bool) {
    let mut raw_at = place.span.start;
    let mut parts = Vec::new();
    let mut broken = false;
    for piece in pieces(text) {
        let (range, closed) = match piece {
            Piece::Text(range) => {
                parts.push(Part::Text(text[range].to_owned()));
                continue;
            }
            Piece::Expression(range) => (range, true),
            Piece::Unclosed(range) => (range, false),
        };
        let written = &text[range.clone()];
        let found = locate(written, raw_at..place.span.end, source);
        if let Some(span) = &found {
            raw_at = span.end;
        }
        let here = match found {
            Some(span) => source.place(span),
            None => place.clone(),
        };
        if !closed {
            broken = true;
            Problem::note(problems, || Problem {
                place: here,
                message: "The expression is not closed. An unescaped ${{ sequence was found, but \
                          the closing }} sequence was not found."
                    .to_owned(),
                suggestion: Some("close it with }}".to_owned()),
            });
            continue;
        }
        let inner = written[3..written.len() - 2].trim();
        match expression(inner, here, scope, source, problems) {
            Some(e) => parts.push(Part::Expression(e)),
            None => broken = true,
        }
    }
    (parts, broken)
}

/// Parses what stands between braces and reports what is wrong with it.
pub(crate) fn expression(
    inner: &str,
    place: Place,
    scope: &Scope<'_>,
    source: &Source<'_>,
    problems: &mut Vec<Problem>,
) -> Option<TemplateExpr> {
    if scope.contexts.is_empty() && scope.functions.is_empty() {
        Problem::note(problems, || Problem {
            place,
            message: "A template expression is not allowed in this context".to_owned(),
            suggestion: None,
        });
        return None;
    }
    let origin = Origin::find(inner, &place, source);
    match expr::parse(inner, scope) {
        Ok(expr) => Some(TemplateExpr {
            expr,
            source: inner.to_owned(),
            place,
            origin,
        }),
        Err(error) => {
            // Of names that are not allowed here, all are told.
            let mut errors = match error.kind {
                ParseErrorKind::UnknownContext | ParseErrorKind::UnknownFunction => {
                    expr::out_of_scope(inner, scope)
                }
                _ => Vec::new(),
            };
            if errors.is_empty() {
                errors.push(error);
            }
            for error in errors {
                let suggestion = crate::suggest::for_expression(&error, inner, scope);
                // What is missing is missing before the braces, not in the last word that is there.
                let braces = place.excerpt(source.text).filter(|t| t.ends_with("}}"));
                let at = match braces {
                    Some(_) if error.kind == ParseErrorKind::UnexpectedEnd => {
                        source.place(place.span.end - 2..place.span.end)
                    }
                    _ => origin.place(&error.span, inner, &place),
                };
                Problem::note(problems, || Problem {
                    place: at,
                    message: error.message,
                    suggestion,
                });
            }
            None
        }
    }
}

/// The bytes of the file that became `written`: equal but for line breaks and indentation.
fn locate(
    written: &str,
    within: std::ops::Range<usize>,
    source: &Source<'_>,
) -> Option<std::ops::Range<usize>> {
    let raw = source.text.get(within.clone())?;
    let start = raw.find("${{")?;
    let mut raw_chars = raw[start..]
        .char_indices()
        .filter(|(_, c)| !c.is_whitespace());
    let mut end = start;
    for wanted in written.chars().filter(|c| !c.is_whitespace()) {
        let (at, found) = raw_chars.next()?;
        if found != wanted {
            return None;
        }
        end = start + at + found.len_utf8();
    }
    Some(within.start + start..within.start + end)
}

/// A mapping, sequence or scalar with expressions anywhere inside, as a matrix has.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// A single value.
    Scalar(Template),
    /// Items in their order.
    Sequence(Vec<Data>, Place),
    /// Entries in their order.
    Mapping(Vec<(Spanned<String>, Data)>, Place),
}

impl Data {
    /// Where it stands.
    pub fn place(&self) -> &Place {
        match self {
            Data::Scalar(t) => t.place(),
            Data::Sequence(_, place) | Data::Mapping(_, place) => place,
        }
    }

    /// The value, with every expression evaluated.
    pub fn eval(&self, ctx: &dyn Context) -> Result<Value, EvalError> {
        Ok(match self {
            Data::Scalar(t) => t.eval(ctx)?,
            Data::Sequence(items, _) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    let value = item.eval(ctx)?;
                    let is_expression = matches!(item, Data::Scalar(t) if t.whole().is_some());
                    match value {
                        // What an expression gives stands where it stood, item by item.
                        Value::Array(inner) if is_expression => {
                            values.extend(inner.iter().cloned())
                        }
                        value => values.push(value),
                    }
                }
                values.into()
            }
            Data::Mapping(entries, _) => {
                let mut object = Object::new();
                for (key, value) in entries {
                    object.insert(key.value.clone(), value.eval(ctx)?);
                }
                object.into()
            }
        })
    }

    /// Every template inside.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Data::Scalar(t) => vec![t],
            Data::Sequence(items, _) => items.iter().flat_map(Data::templates).collect(),
            Data::Mapping(entries, _) => entries.iter().flat_map(|(_, v)| v.templates()).collect(),
        }
    }
}
