//! From tokens to a tree, with GitHub's precedence, limits and messages.

use std::ops::Range;

use super::lexer::{Token, lex};
use super::{Scope, Value};

/// GitHub's limit on the length of an expression, in characters.
pub const MAX_LENGTH: usize = 21_000;
/// GitHub's limit on how deep an expression nests.
pub const MAX_DEPTH: usize = 50;
/// Parentheses do not count as depth; this bounds the parser's own recursion, which one with an
/// operator before it takes two of.
const MAX_NESTING: usize = 256;

/// An expression and the bytes of its text that it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What kind of expression it is.
    pub kind: ExprKind,
    /// Bytes of the text that it was read from.
    pub span: Range<usize>,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `null`, a boolean, a number or a string.
    Literal(Value),
    /// A context by name, such as `github`.
    Context(String),
    /// `of.name`; GitHub reads it like `of['name']`.
    Property {
        /// What is looked into.
        of: Box<Expr>,
        /// As written.
        name: String,
    },
    /// `of[index]`.
    Index {
        /// What is looked into.
        of: Box<Expr>,
        /// The expression between the brackets.
        index: Box<Expr>,
    },
    /// `of.*` or `of[*]`.
    Star(Box<Expr>),
    /// A function with its arguments.
    Call {
        /// As written.
        name: String,
        /// In their order.
        args: Vec<Expr>,
    },
    /// `!`.
    Not(Box<Expr>),
    /// `==`, `!=`, `<`, `<=`, `>` or `>=`.
    Compare {
        /// The operator.
        op: Op,
        /// What stands before the operator.
        left: Box<Expr>,
        /// What stands behind it.
        right: Box<Expr>,
    },
    /// Two or more operands of `&&`.
    And(Vec<Expr>),
    /// Two or more operands of `||`.
    Or(Vec<Expr>),
}

/// The comparing operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// Why a text is no expression. The message is GitHub's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// GitHub's message.
    pub message: String,
    /// What is wrong, for programs.
    pub kind: ParseErrorKind,
    /// The bytes of the expression that are at fault.
    pub span: Range<usize>,
}

/// What can be wrong with an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// A token stands where none, or another, may stand.
    UnexpectedSymbol,
    /// The expression is not finished.
    UnexpectedEnd,
    /// A name that is no context here.
    UnknownContext,
    /// A name that is no function here.
    UnknownFunction,
    /// The function takes more arguments.
    TooFewParameters,
    /// The function takes fewer arguments.
    TooManyParameters,
    /// `case` needs predicate and value in pairs, and a default.
    EvenParameters,
    /// Longer than [`MAX_LENGTH`].
    TooLong,
    /// Deeper than [`MAX_DEPTH`].
    TooDeep,
    /// Nothing stands there.
    Empty,
}

/// Reads an expression that may use what `scope` allows.
pub fn parse(text: &str, scope: &Scope<'_>) -> Result<Expr, ParseError> {
    if text.len() > MAX_LENGTH && text.chars().count() > MAX_LENGTH {
        return Err(ParseError {
            message: format!("Exceeded max expression length {MAX_LENGTH}"),
            kind: ParseErrorKind::TooLong,
            span: 0..text.len(),
        });
    }
    let tokens = lex(text);
    if tokens.is_empty() {
        return Err(ParseError {
            message: "An expression was expected".to_owned(),
            kind: ParseErrorKind::Empty,
            span: 0..text.len(),
        });
    }
    let mut parser = Parser {
        text,
        scope,
        tokens,
        at: 0,
        nesting: 0,
    };
    let expr = parser.expression(0)?;
    if parser.at < parser.tokens.len() {
        return Err(parser.unexpected());
    }
    if expr.depth() > MAX_DEPTH {
        return Err(parser.too_deep());
    }
    Ok(expr)
}

/// Everything in `text` that `scope` does not have, where that is all that is wrong with it.
pub(crate) fn out_of_scope(text: &str, scope: &Scope<'_>) -> Vec<ParseError> {
    let Ok(expr) = parse(text, &Scope::ANY) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut open = vec![&expr];
    while let Some(expr) = open.pop() {
        let start = expr.span.start;
        match &expr.kind {
            ExprKind::Context(name) if !scope.has_context(name) => {
                let span = start..start + name.len();
                found.push(error(
                    text,
                    ParseErrorKind::UnknownContext,
                    NO_CONTEXT,
                    span,
                ));
            }
            ExprKind::Call { name, .. } if scope.function(name).is_none() => {
                let span = start..start + name.len();
                found.push(error(
                    text,
                    ParseErrorKind::UnknownFunction,
                    NO_FUNCTION,
                    span,
                ));
            }
            _ => {}
        }
        open.extend(expr.children().into_iter().rev());
    }
    found
}

const NO_CONTEXT: &str = "Unrecognized named-value";
const NO_FUNCTION: &str = "Unrecognized function";

fn error(text: &str, kind: ParseErrorKind, what: &str, token: Range<usize>) -> ParseError {
    let position = text[..token.start].chars().count() + 1;
    ParseError {
        message: format!(
            "{what}: '{}'. Located at position {position} within expression: {text}",
            &text[token.clone()],
        ),
        kind,
        span: token,
    }
}

struct Parser<'t> {
    text: &'t str,
    scope: &'t Scope<'t>,
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    nesting: usize,
}

type Parsed = Result<Expr, ParseError>;

fn binary(token: &Token) -> Option<u8> {
    Some(match token {
        Token::Or => 1,
        Token::And => 2,
        Token::Equal | Token::NotEqual => 3,
        Token::Less | Token::LessEqual | Token::Greater | Token::GreaterEqual => 4,
        _ => return None,
    })
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(t, _)| t)
    }

    fn error(&self, kind: ParseErrorKind, what: &str, token: Range<usize>) -> ParseError {
        error(self.text, kind, what, token)
    }

    /// The token here is not what the grammar wants, or there is none.
    fn unexpected(&self) -> ParseError {
        match self.tokens.get(self.at) {
            Some((_, span)) => self.error(
                ParseErrorKind::UnexpectedSymbol,
                "Unexpected symbol",
                span.clone(),
            ),
            None => {
                let last = self.tokens.last().map_or(0..0, |(_, s)| s.clone());
                self.error(
                    ParseErrorKind::UnexpectedEnd,
                    "Unexpected end of expression",
                    last,
                )
            }
        }
    }

    fn too_deep(&self) -> ParseError {
        ParseError {
            message: format!("Exceeded max expression depth {MAX_DEPTH}"),
            kind: ParseErrorKind::TooDeep,
            span: 0..self.text.len(),
        }
    }

    fn expression(&mut self, min: u8) -> Parsed {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.too_deep());
        }
        let mut left = self.unary()?;
        // A chain of comparisons nests to the left; it is refused before the tree gets that deep.
        let mut comparisons = 0;
        while let Some(power) = self.peek().and_then(binary).filter(|p| *p > min) {
            let token = self.tokens[self.at].0.clone();
            self.at += 1;
            comparisons += usize::from(!matches!(token, Token::And | Token::Or));
            if comparisons > MAX_DEPTH {
                return Err(self.too_deep());
            }
            let right = self.expression(power)?;
            let span = left.span.start..right.span.end;
            left = Expr {
                kind: join(&token, left, right),
                span,
            };
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let mut nots = Vec::new();
        while self.peek() == Some(&Token::Not) {
            nots.push(self.tokens[self.at].1.start);
            self.at += 1;
        }
        if nots.len() > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let mut expr = self.postfix()?;
        for start in nots.into_iter().rev() {
            let span = start..expr.span.end;
            expr = Expr {
                kind: ExprKind::Not(Box::new(expr)),
                span,
            };
        }
        Ok(expr)
    }

    fn postfix(&mut self) -> Parsed {
        let (mut expr, may_deref) = self.primary()?;
        if !may_deref {
            return Ok(expr);
        }
        for _ in 0..=MAX_DEPTH {
            let start = expr.span.start;
            match self.peek() {
                Some(Token::Dot) => {
                    self.at += 1;
                    let Some((token, span)) = self.tokens.get(self.at).cloned() else {
                        return Err(self.unexpected());
                    };
                    let kind = match token {
                        Token::Property => ExprKind::Property {
                            of: Box::new(expr),
                            name: self.text[span.clone()].to_owned(),
                        },
                        Token::Star => ExprKind::Star(Box::new(expr)),
                        _ => return Err(self.unexpected()),
                    };
                    self.at += 1;
                    expr = Expr {
                        kind,
                        span: start..span.end,
                    };
                }
                Some(Token::LeftBracket) => {
                    self.at += 1;
                    let kind = if self.peek() == Some(&Token::Star) {
                        self.at += 1;
                        ExprKind::Star(Box::new(expr))
                    } else {
                        let index = self.expression(0)?;
                        ExprKind::Index {
                            of: Box::new(expr),
                            index: Box::new(index),
                        }
                    };
                    let end = self.expect(&Token::RightBracket)?;
                    expr = Expr {
                        kind,
                        span: start..end,
                    };
                }
                _ => return Ok(expr),
            }
        }
        Err(self.too_deep())
    }

    fn expect(&mut self, wanted: &Token) -> Result<usize, ParseError> {
        match self.tokens.get(self.at) {
            Some((token, span)) if token == wanted => {
                self.at += 1;
                Ok(span.end)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// A value, and whether `.` or `[` may follow it.
    fn primary(&mut self) -> Result<(Expr, bool), ParseError> {
        let Some((token, span)) = self.tokens.get(self.at).cloned() else {
            return Err(self.unexpected());
        };
        let literal = |value| {
            Ok((
                Expr {
                    kind: ExprKind::Literal(value),
                    span: span.clone(),
                },
                false,
            ))
        };
        let result = match token {
            Token::Null => literal(Value::Null),
            Token::Bool(b) => literal(Value::Bool(b)),
            Token::Number(n) => literal(Value::Number(n)),
            Token::Text(s) => literal(Value::String(s)),
            Token::Named => {
                let name = &self.text[span.clone()];
                if !self.scope.has_context(name) {
                    return Err(self.error(ParseErrorKind::UnknownContext, NO_CONTEXT, span));
                }
                let kind = ExprKind::Context(name.to_owned());
                Ok((Expr { kind, span }, true))
            }
            Token::Function => return self.call(span).map(|e| (e, true)),
            Token::LeftParen => {
                self.at += 1;
                let inner = self.expression(0)?;
                let end = self.expect(&Token::RightParen)?;
                let kind = inner.kind;
                return Ok((
                    Expr {
                        kind,
                        span: span.start..end,
                    },
                    true,
                ));
            }
            _ => return Err(self.unexpected()),
        };
        self.at += 1;
        result
    }

    fn call(&mut self, name_span: Range<usize>) -> Parsed {
        let name = self.text[name_span.clone()].to_owned();
        let Some(rule) = self.scope.function(&name) else {
            return Err(self.error(ParseErrorKind::UnknownFunction, NO_FUNCTION, name_span));
        };
        self.at += 1;
        self.expect(&Token::LeftParen)?;
        let mut args = Vec::new();
        if self.peek() != Some(&Token::RightParen) {
            loop {
                args.push(self.expression(0)?);
                if self.peek() != Some(&Token::Comma) {
                    break;
                }
                self.at += 1;
            }
        }
        let end = self.expect(&Token::RightParen)?;
        if args.len() < rule.min {
            return Err(self.error(
                ParseErrorKind::TooFewParameters,
                "Too few parameters supplied",
                name_span,
            ));
        }
        if args.len() > rule.max {
            return Err(self.error(
                ParseErrorKind::TooManyParameters,
                "Too many parameters supplied",
                name_span,
            ));
        }
        if rule.name == "case" && args.len() % 2 == 0 {
            return Err(self.error(
                ParseErrorKind::EvenParameters,
                "Even number of parameters supplied, requires an odd number of parameters",
                name_span,
            ));
        }
        Ok(Expr {
            kind: ExprKind::Call { name, args },
            span: name_span.start..end,
        })
    }
}

fn join(token: &Token, left: Expr, right: Expr) -> ExprKind {
    let op = match token {
        Token::And => {
            return ExprKind::And(operands(left, right, |kind| match kind {
                ExprKind::And(all) => Ok(all),
                other => Err(other),
            }));
        }
        Token::Or => {
            return ExprKind::Or(operands(left, right, |kind| match kind {
                ExprKind::Or(all) => Ok(all),
                other => Err(other),
            }));
        }
        Token::Equal => Op::Equal,
        Token::NotEqual => Op::NotEqual,
        Token::Less => Op::Less,
        Token::LessEqual => Op::LessEqual,
        Token::Greater => Op::Greater,
        _ => Op::GreaterEqual,
    };
    ExprKind::Compare {
        op,
        left: Box::new(left),
        right: Box::new(right),
    }
}

/// The operands of both sides in one list, as GitHub has them, so that a chain has the depth of
/// one operator.
fn operands(
    left: Expr,
    right: Expr,
    same: impl Fn(ExprKind) -> Result<Vec<Expr>, ExprKind>,
) -> Vec<Expr> {
    let mut all = Vec::new();
    for Expr { kind, span } in [left, right] {
        match same(kind) {
            Ok(inner) if all.is_empty() => all = inner,
            Ok(inner) => all.extend(inner),
            Err(kind) => all.push(Expr { kind, span }),
        }
    }
    all
}

impl Expr {
    /// The parts that this expression is made of.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Context(_) => Vec::new(),
            ExprKind::Property { of, .. } | ExprKind::Star(of) | ExprKind::Not(of) => vec![of],
            ExprKind::Index { of, index } => vec![of, index],
            ExprKind::Compare { left, right, .. } => vec![left, right],
            ExprKind::Call { args, .. } => args.iter().collect(),
            ExprKind::And(all) | ExprKind::Or(all) => all.iter().collect(),
        }
    }

    /// How deep the tree is, counted without recursion since it may be as deep as the text is long.
    fn depth(&self) -> usize {
        let mut deepest = 0;
        let mut open = vec![(self, 1)];
        while let Some((expr, depth)) = open.pop() {
            deepest = deepest.max(depth);
            open.extend(expr.children().into_iter().map(|c| (c, depth + 1)));
        }
        deepest
    }
}
