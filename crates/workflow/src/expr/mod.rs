//! GitHub's expression language: what stands between `${{` and `}}`.
//!
//! [`parse`] gives a tree with byte spans, [`Expr::eval`] its value in a [`Context`].
//! Semantics follow <https://docs.github.com/actions/reference/evaluate-expressions-in-workflows-and-actions>
//! and, where that page is silent, GitHub's own readers.

mod eval;
mod functions;
mod json;
mod lexer;
mod number;
mod parser;
mod refs;
mod scope;
mod value;

pub(crate) use eval::WithStatus;
pub use eval::{Context, Contexts, EvalError, Status};
pub(crate) use parser::out_of_scope;
pub use parser::{Expr, ExprKind, MAX_DEPTH, MAX_LENGTH, Op, ParseError, ParseErrorKind, parse};
pub use refs::Reference;
pub use scope::{FunctionRule, Scope};
pub(crate) use value::fold;
pub use value::{Object, Value};
